//! `acr_values`, the claim `acr`, and sessions that prove too little (OpenID Connect Core 5.5.1.1).

use serde_json::{Value, json};

use super::Bench;
use crate::harness::{Authorization, RelyingParty, TestDb, Visitor, claims_of};

both_databases!(
    a_token_says_what_was_reached,
    what_is_wished_for_keeps_nobody_out,
    what_nobody_can_reach_is_refused_at_once,
    a_session_that_proves_too_little_signs_in_again,
);

const SINGLE: &str = "urn:assay:acr:single-factor";
const MULTI: &str = "urn:assay:acr:multi-factor";

fn demanding(client: &RelyingParty, values: &[&str]) -> Authorization {
    let acr = json!({ "essential": true, "values": values });
    let claims = json!({ "id_token": { "acr": acr } });
    client.authorization().with("claims", &claims.to_string())
}

/// Nobody has a second factor here.
const ONE_FACTOR: &str = "apiVersion: assay/v1
kind: Module
metadata: { name: account }
spec: { settings: { secondFactor: { policy: off } } }
---
apiVersion: assay/v1
kind: Module
metadata: { name: passkey }
spec: { enabled: false }
";

async fn id_token(client: &RelyingParty, code: &str, request: &Authorization) -> Value {
    let tokens = client.redeem(code, request).await.tokens();
    client.id_token_claims(&tokens.id_token.unwrap()).await
}

async fn signed_in(bench: &Bench, client: &RelyingParty) -> Visitor {
    let mut visitor = bench.assay.visitor();
    let request = client.authorization();
    visitor.sign_in(&request.url(), &bench.ada).await;
    visitor
}

async fn a_token_says_what_was_reached(db: TestDb) {
    let bench = Bench::with_more(db, ONE_FACTOR).await;
    let intranet = bench.intranet().await;
    let (_, tokens) = bench.tokens(&intranet).await;
    let form = [("token", tokens.access_token.as_str())];
    let introspected = intranet.post("introspection_endpoint", &form).await.json();
    let auth_time = &introspected["auth_time"];
    assert!(auth_time.as_i64().unwrap() > 1_700_000_000);
    let payload = claims_of(&tokens.access_token);
    for said in [&payload, &introspected] {
        assert_eq!(said["acr"], SINGLE, "{said:#}");
        assert_eq!(said["auth_time"], *auth_time, "{said:#}");
    }
    let claims = intranet.id_token_claims(&tokens.id_token.unwrap()).await;
    assert_eq!(claims["acr"], SINGLE);
    assert_eq!(claims["amr"], json!(["pwd"]));
    let refresh_token = tokens.refresh_token.unwrap();
    let refreshed = intranet.refresh(&refresh_token).await.tokens();
    let claims = intranet.id_token_claims(&refreshed.id_token.unwrap()).await;
    assert_eq!(claims["acr"], SINGLE);
    let supported = &intranet.provider["acr_values_supported"];
    assert_eq!(*supported, json!([SINGLE]));
}

async fn what_is_wished_for_keeps_nobody_out(db: TestDb) {
    let more = format!(
        "{ONE_FACTOR}---
apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: hopeful }}
spec:
  clientSecret: {{ fromEnv: WIKI_SECRET }}
  redirectUris: [https://wiki.example.com/callback]
  consent: implicit
  defaultAcrValues: [{MULTI}]
"
    );
    let bench = Bench::with_more(db, &more).await;
    let intranet = bench.intranet().await;
    let mut visitor = signed_in(&bench, &intranet).await;
    for values in ["1 2", MULTI, &format!("{MULTI} {SINGLE}")] {
        let request = intranet.authorization().with("acr_values", values);
        let callback = visitor.open(&request.url()).await.left();
        let code = intranet.code_in(&callback, &request);
        let claims = id_token(&intranet, &code, &request).await;
        assert_eq!(claims["acr"], SINGLE, "{values}");
    }
    let hopeful = bench.client("hopeful", "openid").await;
    let request = hopeful.authorization();
    let callback = visitor.open(&request.url()).await.left();
    hopeful.code_in(&callback, &request);
}

async fn what_nobody_can_reach_is_refused_at_once(db: TestDb) {
    let bench = Bench::with_more(db, ONE_FACTOR).await;
    let intranet = bench.intranet().await;
    let mut visitor = signed_in(&bench, &intranet).await;
    let unmet = "unmet_authentication_requirements";
    for values in [&[MULTI] as &[&str], &["urn:x"], &["urn:x", MULTI]] {
        let request = demanding(&intranet, values);
        let callback = visitor.open(&request.url()).await.left();
        assert_eq!(intranet.error_in(&callback, &request), unmet, "{values:?}");
        // Nobody is made to sign in for it first.
        let callback = bench.assay.visitor().open(&request.url()).await.left();
        assert_eq!(intranet.error_in(&callback, &request), unmet, "{values:?}");
    }
    let request = demanding(&intranet, &[MULTI, SINGLE]);
    let callback = visitor.open(&request.url()).await.left();
    let code = intranet.code_in(&callback, &request);
    let claims = id_token(&intranet, &code, &request).await;
    assert_eq!(claims["acr"], SINGLE);
}

async fn a_session_that_proves_too_little_signs_in_again(db: TestDb) {
    let bench = Bench::with_more(db, ONE_FACTOR).await;
    let intranet = bench.intranet().await;
    let mut visitor = signed_in(&bench, &intranet).await;
    // As sessions were before they said what they had reached.
    let data = bench.assay.folder().join("data");
    let older = "UPDATE sessions SET acr = NULL";
    assert_eq!(bench.assay.db().alter(&data, older).await, 1);

    for request in [
        demanding(&intranet, &[SINGLE]),
        intranet.authorization().with("acr_values", SINGLE),
    ] {
        assert_eq!(bench.assay.db().alter(&data, older).await, 1);
        let silent = request.clone().with("prompt", "none");
        let callback = visitor.open(&silent.url()).await.left();
        assert_eq!(intranet.error_in(&callback, &silent), "login_required");
        let page = visitor.open(&request.url()).await.page();
        let before = visitor.cookies["assay_session"].clone();
        let form = page
            .form_with("password")
            .fill("email", &bench.ada.email)
            .fill("password", &bench.ada.password);
        let callback = visitor.submit(&form).await.left();
        // The session's name is another one after a step up.
        assert_ne!(visitor.cookies["assay_session"], before);
        let code = intranet.code_in(&callback, &request);
        let claims = id_token(&intranet, &code, &request).await;
        assert_eq!(claims["acr"], SINGLE);
    }
}
