//! What a person was given ends with what it rested on.

use reqwest::Method;
use serde_json::{Value, json};

use super::Bench;
use crate::harness::{Reply, TestDb};

both_databases!(
    a_disabled_person_has_no_tokens_and_no_session,
    a_new_password_ends_what_the_old_one_gave,
);

async fn send(bench: &Bench, method: Method, path: &str, body: &Value) {
    let request = bench
        .assay
        .admin(method, path)
        .header("content-type", "application/json")
        .body(body.to_string());
    let reply = Reply::to(request).await;
    assert!(reply.status.is_success(), "{reply:#?}");
}

async fn a_disabled_person_has_no_tokens_and_no_session(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.client("wiki", "openid offline_access").await;
    let (mut visitor, tokens) = bench.tokens(&wiki).await;
    let waiting = wiki.authorization();
    let code = wiki.code_in(&visitor.open(&waiting.url()).await.left(), &waiting);
    let person = wiki.userinfo(&tokens.access_token).await.json();
    let path = format!("/auth/admin/auth/users/{}", person["sub"].as_str().unwrap());
    send(
        &bench,
        Method::PATCH,
        &path,
        &json!({ "state": "disabled" }),
    )
    .await;

    wiki.userinfo(&tokens.access_token).await.expect_status(401);
    let refresh_token = tokens.refresh_token.unwrap();
    wiki.refresh(&refresh_token)
        .await
        .expect_error("invalid_grant");
    wiki.redeem(&code, &waiting)
        .await
        .expect_error("invalid_grant");
    let silent = wiki.authorization().with("prompt", "none");
    let callback = visitor.open(&silent.url()).await.left();
    assert_eq!(wiki.error_in(&callback, &silent), "login_required");
    let page = visitor.open(&waiting.url()).await.page();
    let form = page
        .form_with("password")
        .fill("email", &bench.ada.email)
        .fill("password", &bench.ada.password);
    visitor.submit(&form).await.page().reply.expect_status(401);

    // Opened again, the account begins anew.
    send(&bench, Method::PATCH, &path, &json!({ "state": "active" })).await;
    wiki.userinfo(&tokens.access_token).await.expect_status(401);
}

async fn a_new_password_ends_what_the_old_one_gave(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.client("wiki", "openid offline_access").await;
    let (mut visitor, tokens) = bench.tokens(&wiki).await;
    let person = wiki.userinfo(&tokens.access_token).await.json();
    let path = format!(
        "/auth/admin/auth/users/{}/password",
        person["sub"].as_str().unwrap()
    );
    let password = "another horse, another battery";
    send(&bench, Method::PUT, &path, &json!({ "password": password })).await;

    wiki.userinfo(&tokens.access_token).await.expect_status(401);
    let refresh_token = tokens.refresh_token.unwrap();
    wiki.refresh(&refresh_token)
        .await
        .expect_error("invalid_grant");
    let request = wiki.authorization();
    let page = visitor.open(&request.url()).await.page();
    let form = page.form_with("password").fill("email", &bench.ada.email);
    let old = form.clone().fill("password", &bench.ada.password);
    visitor.submit(&old).await.page().reply.expect_status(401);
    let new = form.fill("password", password);
    let callback = visitor.submit(&new).await.left();
    wiki.code_in(&callback, &request);
}
