//! Tokens that only the holder of a key can use (RFC 9449).

use assay::crypto::{SigningAlgorithm, SigningKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Bench, SECRET, client_assertion::now};
use crate::harness::{Authorization, Reply, TestDb, claims_of, with_form};

both_databases!(
    a_bound_token_needs_its_key,
    a_proof_is_for_one_request,
    a_refresh_token_of_a_public_client_is_bound_to_its_key,
    a_client_that_asks_for_binding_gets_no_other_token,
    the_servers_nonce_can_be_demanded,
    a_pushed_request_announces_the_key_of_its_proof,
);

/// A client's key for proofs.
pub(super) struct Holder {
    key: SigningKey,
    encoding: EncodingKey,
    ids: std::cell::Cell<u32>,
}

impl Holder {
    pub(super) fn new() -> Self {
        let (key, pkcs8) = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        Self {
            key,
            encoding: EncodingKey::from_ec_der(pkcs8.expose()),
            ids: std::cell::Cell::new(0),
        }
    }

    pub(super) fn proof(&self, method: &str, url: &str, change: impl FnOnce(&mut Value)) -> String {
        self.ids.set(self.ids.get() + 1);
        let id = format!("{}-{}", self.key.kid(), self.ids.get());
        let mut claims = json!({ "htm": method, "htu": url, "iat": now(), "jti": id });
        change(&mut claims);
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("dpop+jwt".to_owned());
        let mut jwk = self.key.public_jwk().clone();
        jwk.common = jsonwebtoken::jwk::CommonParameters::default();
        header.jwk = Some(jwk);
        jsonwebtoken::encode(&header, &claims, &self.encoding).unwrap()
    }

    fn proof_for(&self, bench: &Bench, token: &str) -> String {
        let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()));
        let url = bench.assay.url("/auth/userinfo");
        self.proof("GET", url.as_str(), |claims| claims["ath"] = hash.into())
    }
}

async fn token(bench: &Bench, proof: Option<&str>, form: &[(&str, &str)]) -> Reply {
    let mut request = bench.assay.request(Method::POST, "/auth/token");
    if let Some(proof) = proof {
        request = request.header("dpop", proof);
    }
    Reply::to(with_form(request, form)).await
}

async fn userinfo(bench: &Bench, scheme: &str, token: &str, proof: Option<&str>) -> Reply {
    let mut request = bench
        .assay
        .request(Method::GET, "/auth/userinfo")
        .header("authorization", format!("{scheme} {token}"));
    if let Some(proof) = proof {
        request = request.header("dpop", proof);
    }
    Reply::to(request).await
}

/// Tokens of a person for the public client `phone`, bound to the holder's key.
async fn phone_tokens(bench: &Bench, holder: &Holder) -> Value {
    let phone = bench.phone().await;
    let request = phone.authorization();
    let code = bench.code(&phone, &request).await;
    let url = bench.assay.url("/auth/token");
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "phone"),
        ("code", &code),
        ("redirect_uri", "http://127.0.0.1:49152/callback"),
        ("code_verifier", &request.code_verifier),
    ];
    let proof = holder.proof("POST", url.as_str(), |_| {});
    token(bench, Some(&proof), &form)
        .await
        .expect_status(200)
        .json()
}

async fn a_bound_token_needs_its_key(db: TestDb) {
    let bench = Bench::on(db).await;
    let holder = Holder::new();
    let tokens = phone_tokens(&bench, &holder).await;
    assert_eq!(tokens["token_type"], "DPoP");
    let bound = tokens["access_token"].as_str().unwrap();
    let claims = claims_of(bound);
    assert_eq!(claims["cnf"]["jkt"], holder.key.kid());

    let proof = holder.proof_for(&bench, bound);
    userinfo(&bench, "DPoP", bound, Some(&proof))
        .await
        .expect_status(200);
    // A copy of it, a copy of the token, and a proof of somebody else.
    for (scheme, proof) in [
        ("DPoP", Some(proof)),
        ("DPoP", None),
        ("Bearer", None),
        ("Bearer", Some(holder.proof_for(&bench, bound))),
        ("DPoP", Some(Holder::new().proof_for(&bench, bound))),
        ("DPoP", Some(holder.proof_for(&bench, "another token"))),
    ] {
        let reply = userinfo(&bench, scheme, bound, proof.as_deref()).await;
        assert_eq!(reply.status, 401, "{scheme} {proof:?}: {}", reply.body);
    }
    // A token that is bound to nothing proves nothing under this scheme.
    let (_, bearer) = bench.tokens(&bench.intranet().await).await;
    let proof = holder.proof_for(&bench, &bearer.access_token);
    let reply = userinfo(&bench, "DPoP", &bearer.access_token, Some(&proof)).await;
    assert_eq!(reply.status, 401);
}

async fn a_proof_is_for_one_request(db: TestDb) {
    let bench = Bench::on(db).await;
    let holder = Holder::new();
    let url = bench.assay.url("/auth/token");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "reporter"),
        ("client_secret", SECRET),
    ];
    let refused = "invalid_dpop_proof";
    for proof in [
        holder.proof("GET", url.as_str(), |_| {}),
        holder.proof("POST", "https://other.example.com/auth/token", |_| {}),
        holder.proof("POST", url.as_str(), |c| c["iat"] = (now() - 600).into()),
        holder.proof("POST", url.as_str(), |c| c["iat"] = (now() + 600).into()),
        holder.proof("POST", url.as_str(), |c| c["jti"] = Value::Null),
        "not.a.proof".to_owned(),
    ] {
        token(&bench, Some(&proof), &form)
            .await
            .expect_error(refused);
    }
    let proof = holder.proof("POST", url.as_str(), |_| {});
    let given = token(&bench, Some(&proof), &form).await.expect_status(200);
    assert!(given.header("dpop-nonce").is_some());
    assert_eq!(given.json()["token_type"], "DPoP");
    token(&bench, Some(&proof), &form)
        .await
        .expect_error(refused);
    let bare = token(&bench, None, &form).await.expect_status(200);
    assert_eq!(bare.json()["token_type"], "Bearer");
}

async fn a_refresh_token_of_a_public_client_is_bound_to_its_key(db: TestDb) {
    let bench = Bench::on(db).await;
    bench.change(
        "  applicationType: native\n",
        "  applicationType: native\n  grantTypes: [authorization_code, refresh_token]\n",
    );
    let holder = Holder::new();
    let tokens = phone_tokens(&bench, &holder).await;
    let url = bench.assay.url("/auth/token");
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "phone"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    token(&bench, None, &form)
        .await
        .expect_error("invalid_grant");
    let stranger = Holder::new().proof("POST", url.as_str(), |_| {});
    token(&bench, Some(&stranger), &form)
        .await
        .expect_error("invalid_grant");
    // Neither attempt took anything away from the holder.
    let proof = holder.proof("POST", url.as_str(), |_| {});
    let fresh = token(&bench, Some(&proof), &form).await.expect_status(200);
    assert_eq!(fresh.json()["token_type"], "DPoP");
}

async fn a_client_that_asks_for_binding_gets_no_other_token(db: TestDb) {
    let bench = Bench::on(db).await;
    bench.change(
        "  tokenEndpointAuthMethod: client_secret_post\n",
        "  tokenEndpointAuthMethod: client_secret_post\n  dpopBoundAccessTokens: true\n",
    );
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "reporter"),
        ("client_secret", SECRET),
    ];
    token(&bench, None, &form)
        .await
        .expect_error("invalid_dpop_proof");
    let url = bench.assay.url("/auth/token");
    let proof = Holder::new().proof("POST", url.as_str(), |_| {});
    let given = token(&bench, Some(&proof), &form).await.expect_status(200);
    assert_eq!(given.json()["token_type"], "DPoP");
}

async fn the_servers_nonce_can_be_demanded(db: TestDb) {
    let bench = Bench::on(db).await;
    let demanding = crate::harness::Manifests::new().file(
        "module.yaml",
        "apiVersion: assay/v1\nkind: Module\nmetadata: { name: oidc_provider }\n\
         spec: { settings: { requireDpopNonce: true } }\n",
    );
    let path = demanding.path().to_str().unwrap();
    bench
        .assay
        .remote_command(["apply", "--take-over", "-f", path])
        .run()
        .expect_code(0);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "reporter"),
        ("client_secret", SECRET),
    ];
    let holder = Holder::new();
    let url = bench.assay.url("/auth/token");
    let without = holder.proof("POST", url.as_str(), |_| {});
    let reply = token(&bench, Some(&without), &form).await;
    let nonce = reply.header("dpop-nonce").unwrap().to_owned();
    reply.expect_error("use_dpop_nonce");
    let made_up = holder.proof("POST", url.as_str(), |c| c["nonce"] = "made-up".into());
    token(&bench, Some(&made_up), &form)
        .await
        .expect_error("use_dpop_nonce");
    let with = holder.proof("POST", url.as_str(), |c| c["nonce"] = nonce.into());
    token(&bench, Some(&with), &form).await.expect_status(200);
}

async fn a_pushed_request_announces_the_key_of_its_proof(db: TestDb) {
    let bench = Bench::on(db).await;
    let phone = bench.phone().await;
    let holder = Holder::new();
    let url = bench.assay.url("/auth/oauth2/par");
    let push = async |proof: &str, more: &[(&str, &str)], request: &Authorization| {
        let mut form = request.parameters();
        form.extend(more);
        let pushed = bench.assay.request(Method::POST, "/auth/oauth2/par");
        Reply::to(with_form(pushed.header("dpop", proof), &form)).await
    };
    let request = phone.authorization();
    let proof = holder.proof("POST", url.as_str(), |_| {});
    let reply = push(&proof, &[], &request).await.expect_status(201);
    let body = reply.json();
    // A proof is for one request, and for this endpoint.
    push(&proof, &[], &request)
        .await
        .expect_error("invalid_dpop_proof");
    let elsewhere = bench.assay.url("/auth/token");
    let proof = holder.proof("POST", elsewhere.as_str(), |_| {});
    push(&proof, &[], &request)
        .await
        .expect_error("invalid_dpop_proof");
    // It may also be said, and the two must agree.
    let other = Holder::new();
    for (announced, status) in [(holder.key.kid(), 201), (other.key.kid(), 400)] {
        let proof = holder.proof("POST", url.as_str(), |_| {});
        let reply = push(&proof, &[("dpop_jkt", announced)], &request).await;
        assert_eq!(reply.status, status, "{}", reply.body);
    }

    let request_uri = body["request_uri"].as_str().unwrap();
    let redeem = async |code: &str, holder: &Holder| {
        let url = bench.assay.url("/auth/token");
        let proof = holder.proof("POST", url.as_str(), |_| {});
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "phone"),
            ("code", code),
            ("redirect_uri", "http://127.0.0.1:49152/callback"),
            ("code_verifier", &request.code_verifier),
        ];
        token(&bench, Some(&proof), &form).await
    };
    let mut visitor = bench.assay.visitor();
    let callback = visitor
        .sign_in(&request.url_of(request_uri), &bench.ada)
        .await;
    let code = phone.code_in(&callback, &request);
    redeem(&code, &other).await.expect_error("invalid_grant");
    let proof = holder.proof("POST", url.as_str(), |_| {});
    let body = push(&proof, &[], &request).await.expect_status(201).json();
    let url = request.url_of(body["request_uri"].as_str().unwrap());
    let callback = visitor.sign_in(&url, &bench.ada).await;
    let code = phone.code_in(&callback, &request);
    let tokens = redeem(&code, &holder).await.expect_status(200).json();
    assert_eq!(tokens["token_type"], "DPoP");
}
