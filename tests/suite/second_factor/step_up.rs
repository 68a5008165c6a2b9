//! A client wants more than was proved.

use serde_json::{Value, json};

use super::{Bench, MULTI, PROMPT, SINGLE, asks_for_code};
use crate::harness::{Authenticator, Authorization, RelyingParty, TestDb};

both_databases!(
    who_has_a_second_factor_is_asked_for_that_alone,
    who_has_none_sets_one_up_where_it_must_be,
    a_client_that_takes_two_factors_only_gets_them_or_nobody,
    a_device_and_an_old_grant_are_no_way_around_it,
    discovery_names_what_can_be_reached,
);

fn demanding(client: &RelyingParty) -> Authorization {
    let acr = json!({ "essential": true, "values": [MULTI] });
    let claims = json!({ "id_token": { "acr": acr } });
    client.authorization().with("claims", &claims.to_string())
}

async fn id_token(client: &RelyingParty, code: &str, request: &Authorization) -> Value {
    let tokens = client.redeem(code, request).await.tokens();
    client.id_token_claims(&tokens.id_token.unwrap()).await
}

async fn who_has_a_second_factor_is_asked_for_that_alone(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.client("wiki").await;
    let mut visitor = bench.assay.visitor();
    let request = wiki.authorization();
    let callback = visitor.sign_in(&request.url(), &bench.ada).await;
    let code = wiki.code_in(&callback, &request);
    let first = id_token(&wiki, &code, &request).await;
    assert_eq!(first["acr"], SINGLE);
    let (mut authenticator, _) = bench.ada_with_authenticator().await;

    let silent = demanding(&wiki).with("prompt", "none");
    let callback = visitor.open(&silent.url()).await.left();
    assert_eq!(wiki.error_in(&callback, &silent), "login_required");
    let request = demanding(&wiki);
    let page = visitor.open(&request.url()).await.page();
    assert!(asks_for_code(&page), "{page:#?}");
    let before = visitor.cookies["assay_session"].clone();
    let wrong = authenticator.wrong_code();
    let page = Bench::show_code(&mut visitor, &page, &wrong).await.page();
    page.expect_status(401);
    assert_eq!(visitor.cookies["assay_session"], before);
    let code = authenticator.code().await;
    let callback = Bench::show_code(&mut visitor, &page, &code).await.left();
    let code = wiki.code_in(&callback, &request);
    let claims = id_token(&wiki, &code, &request).await;
    assert_eq!(claims["acr"], MULTI);
    assert_eq!(claims["amr"], json!(["pwd", "otp", "mfa"]));
    // The password is as old as it is; only the proof beside it is new.
    assert_eq!(claims["auth_time"], first["auth_time"]);
    // The same session under another name (refusal 32).
    assert_ne!(visitor.cookies["assay_session"], before);
    assert_eq!(claims["sid"], first["sid"]);
    let mut fixed = bench.assay.visitor();
    fixed.cookies.insert("assay_session".to_owned(), before);
    assert!(!bench.is_signed_in(&mut fixed).await);
    // From now on it is enough.
    let request = demanding(&wiki);
    let callback = visitor.open(&request.url()).await.left();
    wiki.code_in(&callback, &request);
    assert_eq!(bench.audit("session.step_up").await.len(), 2);
}

async fn who_has_none_sets_one_up_where_it_must_be(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.client("wiki").await;
    let mut visitor = bench.assay.visitor();
    visitor
        .sign_in(&wiki.authorization().url(), &bench.ada)
        .await;
    // A wish is not worth it.
    let wished = wiki.authorization().with("acr_values", MULTI);
    let callback = visitor.open(&wished.url()).await.left();
    wiki.code_in(&callback, &wished);

    let request = demanding(&wiki);
    let page = visitor.open(&request.url()).await.page();
    assert_eq!(page.url.path(), PROMPT);
    let mut authenticator = Authenticator::set_up_with(&page);
    // It is not to be put off.
    assert!(page.forms().iter().all(|form| form.buttons.is_empty()));
    let form = page.form_with("offer");
    let code = authenticator.code().await;
    let page = visitor.submit(&form.fill("code", &code)).await.page();
    super::codes(&page);
    let next = page.tags("a")[0].attribute("href").unwrap().to_owned();
    let callback = visitor.open(&bench.assay.url(&next)).await.left();
    let code = wiki.code_in(&callback, &request);
    assert_eq!(id_token(&wiki, &code, &request).await["acr"], MULTI);

    // Whoever found a browser that somebody left signed in proves who they are before.
    let eve = bench.assay.user("eve");
    let mut visitor = bench.assay.visitor();
    visitor.sign_in(&wiki.authorization().url(), &eve).await;
    assert!(
        bench
            .alter("UPDATE sessions SET authenticated_at = 1")
            .await
            >= 1
    );
    let page = visitor.open(&demanding(&wiki).url()).await.page();
    assert_eq!(page.url.path(), "/auth/login");
}

async fn a_client_that_takes_two_factors_only_gets_them_or_nobody(db: TestDb) {
    let bench = Bench::on(db).await;
    let vault = bench.client("vault").await;
    let (mut authenticator, _) = bench.ada_with_authenticator().await;
    let mut visitor = bench.assay.visitor();
    // Whatever the request says.
    let request = vault.authorization().with("acr_values", SINGLE);
    let page = visitor.open(&request.url()).await.page();
    let page = visitor.submit(&bench.password(&page)).await.page();
    assert!(asks_for_code(&page));
    let code = authenticator.code().await;
    let callback = Bench::show_code(&mut visitor, &page, &code).await.left();
    let code = vault.code_in(&callback, &request);
    let tokens = vault.redeem(&code, &request).await.tokens();
    assert!(tokens.id_token.is_some());

    bench.change_settings("{ policy: off }");
    let request = vault.authorization();
    let callback = bench.assay.visitor().open(&request.url()).await.left();
    let unmet = "unmet_authentication_requirements";
    assert_eq!(vault.error_in(&callback, &request), unmet);
}

async fn a_device_and_an_old_grant_are_no_way_around_it(db: TestDb) {
    let bench = Bench::on(db).await;
    let (mut authenticator, _) = bench.ada_with_authenticator().await;
    let vault = bench.client("vault").await;
    // A session of one factor: from before, as it were.
    let mut visitor = bench.assay.visitor();
    let page = bench.enter_password(&mut visitor).await;
    let code = authenticator.code().await;
    Bench::show_code(&mut visitor, &page, &code).await.page();
    let one = "UPDATE sessions SET acr = 'urn:assay:acr:single-factor', amr = '[\"pwd\"]'";
    assert!(bench.alter(one).await >= 1);
    let device = vault
        .post("device_authorization_endpoint", &[("scope", "openid")])
        .await
        .expect_status(200)
        .json();
    let link = device["verification_uri_complete"].as_str().unwrap();
    let page = visitor.open(&link.parse().unwrap()).await.page();
    let page = visitor.submit(&page.form_with("user_code")).await.page();
    assert!(asks_for_code(&page), "{page:#?}");
    let code = authenticator.code().await;
    let page = Bench::show_code(&mut visitor, &page, &code).await.page();
    page.form_with_button("decision");

    let request = vault.authorization();
    let callback = visitor.open(&request.url()).await.left();
    let code = vault.code_in(&callback, &request);
    let tokens = vault.redeem(&code, &request).await.tokens();
    let refresh_token = tokens.refresh_token.unwrap();
    let fresh = vault.refresh(&refresh_token).await.tokens();
    let older = "UPDATE oidc_grants SET amr = '[\"pwd\"]'";
    assert!(bench.alter(older).await >= 1);
    let refused = vault.refresh(&fresh.refresh_token.unwrap()).await;
    refused.expect_error("invalid_grant");
}

async fn discovery_names_what_can_be_reached(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.client("wiki").await;
    let supported = |client: &RelyingParty| client.provider["acr_values_supported"].clone();
    assert_eq!(supported(&wiki), json!([SINGLE, MULTI]));
    bench.change_settings("{ policy: off }");
    let wiki = bench.client("wiki").await;
    assert_eq!(supported(&wiki), json!([SINGLE]));
}
