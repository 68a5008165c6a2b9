//! Signed authorization requests (RFC 9101).

use std::time::{SystemTime, UNIX_EPOCH};

use assay::crypto::{SigningAlgorithm, SigningKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Url;
use serde_json::{Value, json};

use super::Bench;
use crate::harness::{Authorization, RelyingParty, Reply, TestDb};

both_databases!(
    a_signed_request_is_answered_by_what_it_says,
    an_object_that_is_not_the_clients_is_refused,
    an_object_is_held_to_what_every_request_is,
    a_client_that_signs_asks_no_other_way,
    an_object_can_be_pushed,
    an_object_with_a_name_counts_once,
);

/// A server that knows the client `signer` and its key.
struct Room {
    bench: Bench,
    signer: RelyingParty,
    key: SigningKey,
}

impl Room {
    async fn new(db: TestDb, more: &str) -> Self {
        let (key, _) = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        let jwks = json!({ "keys": [key.public_jwk()] });
        let client = format!(
            r"apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: signer }}
spec:
  clientSecret: {{ fromEnv: WIKI_SECRET }}
  redirectUris: [https://wiki.example.com/callback]
  scopes: [openid, email]
  consent: implicit
  jwks: {jwks}
{more}"
        );
        let bench = Bench::with_more(db, &client).await;
        let signer = bench.client("signer", "openid").await;
        Self { bench, signer, key }
    }

    /// The claims of a good object that asks for this.
    fn claims(&self, request: &Authorization) -> Value {
        let mut claims = json!({
            "iss": "signer", "aud": self.bench.assay.issuer(),
            "nbf": now(), "exp": now() + 60,
        });
        for (name, value) in request.parameters() {
            claims[name] = value.into();
        }
        claims
    }

    fn object(&self, request: &Authorization, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = self.claims(request);
        change(&mut claims);
        self.key.sign_jwt("oauth-authz-req+jwt", &claims).unwrap()
    }

    /// Where the browser is sent with nothing but the object.
    fn url(&self, object: &str) -> Url {
        let mut url = self.signer.endpoint("authorization_endpoint");
        url.query_pairs_mut()
            .append_pair("client_id", "signer")
            .append_pair("request", object);
        url
    }

    /// The object is refused, at the client's only address or at the one that stands outside of it.
    async fn expect_refused(&self, object: &str, error: &str) {
        let arrival = self.bench.assay.visitor().open(&self.url(object)).await;
        let callback = arrival.left();
        assert!(callback.as_str().starts_with(super::CALLBACK), "{callback}");
        let said: Vec<_> = callback.query_pairs().collect();
        assert!(said.contains(&("error".into(), error.into())), "{callback}");
        let request = self.signer.authorization().with("request", object);
        let callback = self.bench.assay.visitor().open(&request.url()).await.left();
        assert_eq!(self.signer.error_in(&callback, &request), error);
        self.push(object).await.expect_error(error);
    }

    async fn push(&self, object: &str) -> Reply {
        let endpoint = "pushed_authorization_request_endpoint";
        self.signer.post(endpoint, &[("request", object)]).await
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

async fn a_signed_request_is_answered_by_what_it_says(db: TestDb) {
    let room = Room::new(db, "").await;
    let mut visitor = room.bench.assay.visitor();
    let request = room.signer.authorization();
    let object = room.object(&request, |_| {});
    let callback = visitor.sign_in(&room.url(&object), &room.bench.ada).await;
    let code = room.signer.code_in(&callback, &request);
    let tokens = room.signer.redeem(&code, &request).await.tokens();
    assert_eq!(tokens.scope.as_deref(), Some("openid"));

    // Parameters outside of it do not count, and those inside are kept.
    let outside = request
        .clone()
        .with("request", &object)
        .with("scope", "openid email")
        .with("state", "outside");
    let callback = visitor.open(&outside.url()).await.left();
    let code = room.signer.code_in(&callback, &request);
    let tokens = room.signer.redeem(&code, &request).await.tokens();
    assert_eq!(tokens.scope.as_deref(), Some("openid"));
    let object = room.object(&request, |c| c["max_age"] = 0.into());
    let page = visitor.open(&room.url(&object)).await.page();
    page.form_with("password");

    let provider = &room.signer.provider;
    assert_eq!(provider["request_parameter_supported"], true);
    assert_eq!(provider["request_uri_parameter_supported"], false);
    let algorithms = provider["request_object_signing_alg_values_supported"].to_string();
    assert!(algorithms.contains("PS256") && !algorithms.contains("none"));
}

async fn an_object_that_is_not_the_clients_is_refused(db: TestDb) {
    let room = Room::new(db, "  requestObjectSigningAlg: ES256\n").await;
    let request = room.signer.authorization();
    let refused = "invalid_request_object";
    let issuer = room.bench.assay.issuer();
    let changes: [fn(&mut Value); 10] = [
        |c| c["iss"] = "wiki".into(),
        |c| c["client_id"] = "wiki".into(),
        |c| drop(c.as_object_mut().unwrap().remove("client_id")),
        |c| c["aud"] = "https://other.example.com".into(),
        |c| c["exp"] = (now() - 120).into(),
        |c| c["nbf"] = (now() + 600).into(),
        |c| c["nbf"] = (now() - 4_000).into(),
        |c| c["exp"] = (now() + 4_000).into(),
        |c| c["request"] = "eyJ".into(),
        |c| c["request_uri"] = "https://wiki.example.com/r".into(),
    ];
    for change in changes {
        room.expect_refused(&room.object(&request, change), refused)
            .await;
    }
    let claims = room.claims(&request);
    for typ in ["at+jwt", "logout+jwt", "dpop+jwt"] {
        let object = room.key.sign_jwt(typ, &claims).unwrap();
        room.expect_refused(&object, refused).await;
    }
    let (stranger, _) = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let (other, _) = SigningKey::generate(SigningAlgorithm::EdDsa).unwrap();
    for key in [stranger, other] {
        let object = key.sign_jwt("JWT", &claims).unwrap();
        room.expect_refused(&object, refused).await;
    }
    // RFC 8725 2.1: the public key is no secret, and no signature is none.
    let public = serde_json::to_string(room.key.public_jwk()).unwrap();
    let key = EncodingKey::from_secret(public.as_bytes());
    let mac = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
    room.expect_refused(&mac, refused).await;
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"None","typ":"JWT"}"#] {
        let unsigned = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(header));
        room.expect_refused(&unsigned, refused).await;
    }
    room.expect_refused("eyJ", refused).await;
    // A client without keys has none to sign with.
    let wiki = room.bench.wiki().await;
    let asking = wiki.authorization().with("request", &mac);
    let callback = room.bench.assay.visitor().open(&asking.url()).await.left();
    assert_eq!(wiki.error_in(&callback, &asking), "request_not_supported");
    // RFC 9101 5: not both.
    let both = request
        .clone()
        .with("request", &room.object(&request, |_| {}))
        .with("request_uri", &format!("{issuer}/r"));
    let callback = room.bench.assay.visitor().open(&both.url()).await.left();
    assert_eq!(room.signer.error_in(&callback, &both), "invalid_request");
}

async fn an_object_is_held_to_what_every_request_is(db: TestDb) {
    let room = Room::new(db, "").await;
    let request = room.signer.authorization();
    for (name, value, error) in [
        ("scope", "openid admin", "invalid_scope"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
    ] {
        let object = room.object(&request, |c| c[name] = value.into());
        let mut visitor = room.bench.assay.visitor();
        let callback = visitor.open(&room.url(&object)).await.left();
        assert_eq!(room.signer.error_in(&callback, &request), error);
        room.push(&object).await.expect_error(error);
    }
    // A signature makes no address a registered one.
    let object = room.object(&request, |c| {
        c["redirect_uri"] = "https://evil.example/".into();
    });
    let mut url = room.url(&object);
    url.query_pairs_mut()
        .append_pair("redirect_uri", super::CALLBACK);
    let page = room.bench.assay.visitor().open(&url).await.page();
    page.reply.expect_status(400);
}

async fn a_client_that_signs_asks_no_other_way(db: TestDb) {
    let room = Room::new(db, "  requireSignedRequestObject: true\n").await;
    let request = room.signer.authorization();
    let callback = room.bench.assay.visitor().open(&request.url()).await.left();
    assert_eq!(room.signer.error_in(&callback, &request), "invalid_request");
    let endpoint = "pushed_authorization_request_endpoint";
    let reply = room.signer.post(endpoint, &request.parameters()).await;
    reply.expect_error("invalid_request");
    let object = room.object(&request, |_| {});
    let mut visitor = room.bench.assay.visitor();
    let callback = visitor.sign_in(&room.url(&object), &room.bench.ada).await;
    room.signer.code_in(&callback, &request);
}

async fn an_object_can_be_pushed(db: TestDb) {
    let more = "  requireSignedRequestObject: true\n  requirePushedAuthorizationRequests: true\n";
    let room = Room::new(db, more).await;
    let request = room.signer.authorization();
    let object = room.object(&request, |c| c["response_mode"] = "jwt".into());
    // Signed alone is not enough.
    let callback = room.bench.assay.visitor().open(&room.url(&object)).await;
    let response = callback.left().query_pairs().next().unwrap().1.into_owned();
    let claims = room.signer.signed_claims(&response, &["iss", "aud", "exp"]);
    assert_eq!(claims.await["error"], "invalid_request");

    let reply = room.push(&object).await.expect_status(201).json();
    let url = request.url_of(reply["request_uri"].as_str().unwrap());
    let mut visitor = room.bench.assay.visitor();
    let callback = visitor.sign_in(&url, &room.bench.ada).await;
    let response = callback.query_pairs().next().unwrap().1.into_owned();
    let claims = room.signer.signed_claims(&response, &["iss", "aud", "exp"]);
    let code = claims.await["code"].as_str().unwrap().to_owned();
    room.signer.redeem(&code, &request).await.tokens();
}

async fn an_object_with_a_name_counts_once(db: TestDb) {
    let room = Room::new(db, "").await;
    let request = room.signer.authorization();
    let named = |jti: &str| room.object(&request, |c| c["jti"] = jti.into());
    let object = named("one");
    let mut visitor = room.bench.assay.visitor();
    let callback = visitor.sign_in(&room.url(&object), &room.bench.ada).await;
    room.signer.code_in(&callback, &request);
    // Not again, not pushed, and not signed anew under the same name.
    let refused = "invalid_request_object";
    room.expect_refused(&object, refused).await;
    let other = room.object(&request, |c| {
        c["jti"] = "one".into();
        c["scope"] = "openid email".into();
    });
    room.expect_refused(&other, refused).await;
    let events = room.bench.audit("oidc.request_object_reuse").await;
    assert_eq!(events.len(), 6, "{events:#?}");
    assert_eq!(events[0]["subject"], "client:signer");
    // Pushed, it is used up as well.
    let pushed = named("two");
    let reply = room.push(&pushed).await.expect_status(201).json();
    room.push(&pushed).await.expect_error(refused);
    let url = request.url_of(reply["request_uri"].as_str().unwrap());
    room.signer
        .code_in(&visitor.open(&url).await.left(), &request);
    // Of many at once, one counts.
    let url = room.url(&named("three"));
    let opened = futures_util::future::join_all((0..20).map(async |_| {
        let arrival = room.bench.assay.visitor().open(&url).await;
        matches!(arrival, crate::harness::Arrival::Page(_))
    }))
    .await;
    assert_eq!(opened.iter().filter(|is_open| **is_open).count(), 1);
    // One that cannot be remembered for as long as it lives is not taken.
    let forever = room.object(&request, |c| {
        c["jti"] = "four".into();
        c.as_object_mut().unwrap().remove("exp");
    });
    room.expect_refused(&forever, refused).await;
    let number = room.object(&request, |c| c["jti"] = 5.into());
    room.expect_refused(&number, refused).await;
}
