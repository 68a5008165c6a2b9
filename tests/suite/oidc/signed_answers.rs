//! Answers as JWTs: `/auth/userinfo` (OpenID Connect Core 5.3.2) and introspection (RFC 9701).

use jsonwebtoken::{Algorithm, decode_header};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Bench, SECRET};
use crate::harness::{RelyingParty, Reply, TestDb, with_form};

both_databases!(
    userinfo_is_signed_where_the_manifest_says_so,
    introspection_is_signed_for_those_who_ask,
);

const CLIENTS: &str = r"apiVersion: assay/v1
kind: Module
metadata: { name: jwt }
spec: { settings: { algorithms: [RS256, ES256, EdDSA] } }
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: notary }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  scopes: [openid, email]
  consent: implicit
  userinfoSignedResponseAlg: ES256
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: registry }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  scopes: [openid, email]
  consent: implicit
  introspectionSignedResponseAlg: EdDSA
";

const SIGNED: &str = "application/token-introspection+jwt";

async fn userinfo_is_signed_where_the_manifest_says_so(db: TestDb) {
    let bench = Bench::with_more(db, CLIENTS).await;
    let notary = bench.client("notary", "openid email").await;
    let offered = json!(["RS256", "ES256", "EdDSA"]);
    assert_eq!(
        notary.provider["userinfo_signing_alg_values_supported"],
        offered
    );
    let (mut visitor, tokens) = bench.tokens(&notary).await;
    let reply = notary
        .userinfo(&tokens.access_token)
        .await
        .expect_status(200);
    assert_eq!(reply.header("content-type"), Some("application/jwt"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(decode_header(&reply.body).unwrap().alg, Algorithm::ES256);
    let person = notary
        .signed_claims(&reply.body, &["iss", "aud", "sub"])
        .await;
    let id_token = tokens.id_token.unwrap();
    let id = notary.id_token_claims(&id_token).await;
    assert_eq!(person["sub"], id["sub"]);
    assert_eq!(person["email"], bench.ada.email);
    assert_eq!(person["aud"], "notary");

    // It is an answer, and proves nobody's sign-in.
    let silent = notary.authorization().with("prompt", "none");
    for (hint, error) in [(&id_token, None), (&reply.body, Some("invalid_request"))] {
        let request = silent.clone().with("id_token_hint", hint);
        let callback = visitor.open(&request.url()).await.left();
        match error {
            None => drop(notary.code_in(&callback, &request)),
            Some(error) => assert_eq!(notary.error_in(&callback, &request), error),
        }
    }
    notary.userinfo(&reply.body).await.expect_status(401);
    // A refusal stays what it is.
    let refused = notary.userinfo("x").await.expect_status(401);
    refused.expect_error("invalid_token");
    // Others are answered as before.
    let intranet = bench.intranet().await;
    let (_, tokens) = bench.tokens(&intranet).await;
    let reply = intranet.userinfo(&tokens.access_token).await;
    assert_eq!(reply.header("content-type"), Some("application/json"));
}

async fn introspect(bench: &Bench, client: &str, token: &str, accept: &str) -> Reply {
    let request = bench
        .assay
        .request(Method::POST, "/auth/oauth2/introspect")
        .basic_auth(client, Some(SECRET))
        .header("accept", accept);
    Reply::to(with_form(request, &[("token", token)])).await
}

/// What is said of the token in a signed answer, which must be for this client and say nothing else.
async fn said(client: &RelyingParty, reply: &Reply, algorithm: Algorithm) -> Value {
    assert_eq!(reply.status, 200, "{reply:#?}");
    assert_eq!(reply.header("content-type"), Some(SIGNED));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let header = decode_header(&reply.body).unwrap();
    assert_eq!(header.typ.as_deref(), Some("token-introspection+jwt"));
    assert_eq!(header.alg, algorithm);
    let claims = client.signed_claims(&reply.body, &["iss", "aud"]).await;
    let names: Vec<_> = claims.as_object().unwrap().keys().collect();
    assert_eq!(names, ["iss", "aud", "iat", "token_introspection"]);
    claims["token_introspection"].clone()
}

async fn introspection_is_signed_for_those_who_ask(db: TestDb) {
    let bench = Bench::with_more(db, CLIENTS).await;
    let intranet = bench.intranet().await;
    let registry = bench.client("registry", "openid email").await;
    let offered = json!(["RS256", "ES256", "EdDSA"]);
    let supported = "introspection_signing_alg_values_supported";
    assert_eq!(registry.provider[supported], offered);
    let nothing = json!({ "active": false });

    let (_, tokens) = bench.tokens(&intranet).await;
    let token = &tokens.access_token;
    let plain = introspect(&bench, "intranet", token, "application/json").await;
    assert_eq!(plain.header("content-type"), Some("application/json"));
    let plain = plain.json();
    assert_eq!(plain["active"], true);
    let accept = format!("application/json;q=0.5, {SIGNED}");
    let signed = introspect(&bench, "intranet", token, &accept).await;
    assert_eq!(said(&intranet, &signed, Algorithm::RS256).await, plain);
    let signed = introspect(&bench, "intranet", "made-up", SIGNED).await;
    assert_eq!(said(&intranet, &signed, Algorithm::RS256).await, nothing);

    // A client whose manifest names an algorithm gets nothing else.
    let (_, tokens) = bench.tokens(&registry).await;
    let own = introspect(&bench, "registry", &tokens.access_token, "*/*").await;
    let own = said(&registry, &own, Algorithm::EdDSA).await;
    assert_eq!(own["client_id"], "registry", "{own:#}");
    let other = introspect(&bench, "registry", token, "application/json").await;
    assert_eq!(said(&registry, &other, Algorithm::EdDSA).await, nothing);
    // The answer is no access token.
    let signed = introspect(&bench, "intranet", token, SIGNED).await;
    intranet.userinfo(&signed.body).await.expect_status(401);
}
