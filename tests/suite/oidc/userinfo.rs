//! `/auth/userinfo`, and what an access token is good for.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

use super::Bench;
use crate::harness::{Reply, TestDb};

both_databases!(
    a_token_is_sent_in_one_place,
    only_an_access_token_of_ours_is_taken,
    a_token_dies_with_its_client,
);

async fn a_token_is_sent_in_one_place(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let (_, tokens) = bench.tokens(&intranet).await;
    let token = &tokens.access_token;
    let form = format!("access_token={token}");
    let person = bench
        .post("/auth/userinfo", &form)
        .await
        .expect_status(200)
        .json();
    assert_eq!(person["email"], bench.ada.email);

    let both = bench
        .assay
        .request(Method::POST, "/auth/userinfo")
        .bearer_auth(token)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.clone());
    Reply::to(both)
        .await
        .expect_status(400)
        .expect_error("invalid_request");
    let query = bench.assay.get(&format!("/auth/userinfo?{form}")).await;
    query.expect_status(400).expect_error("invalid_request");
    let none = bench.assay.get("/auth/userinfo").await.expect_status(401);
    assert_eq!(none.header("www-authenticate"), Some("Bearer"));
    // A narrower token shows less.
    let reporter = bench.reporter().await;
    let own = reporter.client_credentials("reports.read").await.tokens();
    let refused = intranet
        .userinfo(&own.access_token)
        .await
        .expect_status(403);
    refused.expect_error("insufficient_scope");
}

fn part(text: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

async fn only_an_access_token_of_ours_is_taken(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let (_, tokens) = bench.tokens(&intranet).await;
    let token = tokens.access_token.clone();
    let parts: Vec<&str> = token.split('.').collect();
    let (header, claims) = (part(parts[0]), part(parts[1]));
    assert_eq!(header["typ"], "at+jwt");
    for name in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] {
        assert!(
            claims.get(name).is_some(),
            "RFC 9068 2.2 wants {name}: {claims:#}"
        );
    }
    let with_header = |change: Value| {
        let mut header = header.clone();
        for (name, value) in change.as_object().unwrap() {
            header[name] = value.clone();
        }
        format!("{}.{}.{}", encode(&header), parts[1], parts[2])
    };
    let mut other = claims.clone();
    other["sub"] = json!("somebody-else");
    for forged in [
        tokens.id_token.unwrap(),
        tokens.refresh_token.unwrap(),
        with_header(json!({ "alg": "none" })),
        with_header(json!({ "alg": "HS256" })),
        with_header(json!({ "kid": "../../etc/passwd" })),
        with_header(json!({ "kid": "' OR 1=1 --" })),
        with_header(json!({ "jku": "https://evil.example/jwks" })),
        with_header(json!({ "crit": ["exp"] })),
        with_header(json!({ "typ": "JWT" })),
        format!("{}.{}.{}", parts[0], encode(&other), parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        token[..token.len() - 4].to_owned(),
        String::from("x"),
    ] {
        let refused = intranet.userinfo(&forged).await.expect_status(401);
        refused.expect_error("invalid_token");
    }
    intranet.userinfo(&token).await.expect_status(200);
}

async fn a_token_dies_with_its_client(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let (_, tokens) = bench.tokens(&intranet).await;
    intranet
        .userinfo(&tokens.access_token)
        .await
        .expect_status(200);
    bench.change(
        "displayName: \"<script>alert(1)</script>\"",
        "enabled: false",
    );
    intranet
        .userinfo(&tokens.access_token)
        .await
        .expect_status(401);
    let refreshed = intranet.refresh(&tokens.refresh_token.unwrap()).await;
    refreshed.expect_error("invalid_client");
}
