//! `/auth/authorize`.

use reqwest::{Method, Url};

use super::Bench;
use crate::harness::{Arrival, Reply, TestDb};

both_databases!(
    an_unverified_address_is_never_redirected_to,
    a_bad_request_is_told_to_the_client,
    a_native_app_chooses_its_port_and_nothing_else,
    prompt_and_max_age_are_kept,
    a_hint_names_nobody_else,
    parameters_are_taken_once_and_in_measure,
    a_posted_request_goes_on_as_a_get,
    the_answer_can_be_posted,
);

/// Shown on a page, without a code and without a redirect.
async fn expect_page(bench: &Bench, url: &Url) -> Reply {
    let page = bench.assay.visitor().open(url).await.page();
    let reply = page.reply.expect_status(400);
    assert_eq!(reply.header("x-frame-options"), Some("DENY"));
    reply
}

async fn an_unverified_address_is_never_redirected_to(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.wiki().await;
    let request = wiki.authorization();
    for address in [
        "https://wiki.example.com/CALLBACK",
        "https://wiki.example.com/callback/",
        "https://wiki.example.com/callback?x=1",
        "https://wiki.example.com/callback#x",
        "https://wiki.example.com/x/../callback",
        "https://wiki.example.com:8443/callback",
        "https://wiki.example.com@evil.example/callback",
        "http://wiki.example.com/callback",
        "https://evil.example/",
        "javascript:alert(1)",
        "\"><script>alert(1)</script>",
    ] {
        let reply = expect_page(&bench, &request.clone().with("redirect_uri", address).url()).await;
        assert!(!reply.body.contains("<script>alert"), "{address}");
    }
    expect_page(&bench, &request.clone().without("redirect_uri").url()).await;
    expect_page(&bench, &request.clone().with("client_id", "nobody").url()).await;
    expect_page(&bench, &request.clone().without("client_id").url()).await;

    bench.change("displayName: Wiki", "displayName: Wiki\n  enabled: false");
    expect_page(&bench, &request.url()).await;
}

async fn a_bad_request_is_told_to_the_client(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.wiki().await;
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "none", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("response_mode", "carrier_pigeon", "invalid_request"),
        ("scope", "openid admin", "invalid_scope"),
        ("scope", "", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "too-short", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("prompt", "everything", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("max_age", "soon", "invalid_request"),
        ("request", "eyJ", "request_not_supported"),
        (
            "request_uri",
            "https://evil.example/",
            "request_uri_not_supported",
        ),
        ("registration", "{}", "registration_not_supported"),
        ("resource", "https://api.example", "invalid_target"),
        ("id_token_hint", "eyJ.eyJ.x", "invalid_request"),
    ] {
        let request = wiki.authorization().with(name, value);
        let callback = bench.assay.visitor().open(&request.url()).await.left();
        assert_eq!(wiki.error_in(&callback, &request), error, "{name}={value}");
    }

    // RFC 9126 5: what a client must push is not taken from a browser.
    let bank = bench.client("bank", "openid").await;
    let request = bank.authorization();
    let callback = bench.assay.visitor().open(&request.url()).await.left();
    assert_eq!(bank.error_in(&callback, &request), "invalid_request");
    assert!(
        callback
            .as_str()
            .contains("requirePushedAuthorizationRequests")
    );
}

async fn a_native_app_chooses_its_port_and_nothing_else(db: TestDb) {
    let bench = Bench::on(db).await;
    let phone = bench.phone().await;
    let request = phone.authorization();
    let callback = bench
        .assay
        .visitor()
        .sign_in(&request.url(), &bench.ada)
        .await;
    phone.code_in(&callback, &request);
    for address in [
        "http://127.0.0.1:49152/other",
        "http://127.0.0.1:49152/callback?x",
        "http://localhost:49152/callback",
        "http://127.0.0.1:49152@evil.example/callback",
        "https://127.0.0.1:49152/callback",
    ] {
        expect_page(&bench, &request.clone().with("redirect_uri", address).url()).await;
    }
    // RFC 9700 2.1.1: a public client cannot do without PKCE.
    let request = phone.authorization().without("code_challenge");
    let request = request.without("code_challenge_method");
    let callback = bench.assay.visitor().open(&request.url()).await.left();
    assert_eq!(phone.error_in(&callback, &request), "invalid_request");
}

async fn prompt_and_max_age_are_kept(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.wiki().await;
    let mut visitor = bench.assay.visitor();
    let silent = wiki.authorization().with("prompt", "none");
    let callback = visitor.open(&silent.url()).await.left();
    assert_eq!(wiki.error_in(&callback, &silent), "login_required");

    // Signed in by another client, but nothing allowed to this one.
    let intranet = bench.intranet().await;
    let first = intranet.authorization();
    visitor.sign_in(&first.url(), &bench.ada).await;
    let callback = visitor.open(&silent.url()).await.left();
    assert_eq!(wiki.error_in(&callback, &silent), "consent_required");

    let request = wiki.authorization();
    visitor.sign_in(&request.url(), &bench.ada).await;
    let callback = visitor.open(&silent.url()).await.left();
    wiki.code_in(&callback, &silent);

    // A session is there, and is not enough.
    for (name, value) in [("prompt", "login"), ("max_age", "0")] {
        let request = intranet.authorization().with(name, value);
        let page = visitor.open(&request.url()).await.page();
        let form = page.form_with("password");
        let again = visitor.open(&page.url).await.page();
        assert!(again.reply.body.contains("password"), "{name}={value}");
        let form = form
            .fill("email", &bench.ada.email)
            .fill("password", &bench.ada.password);
        let callback = visitor.submit(&form).await.left();
        let code = intranet.code_in(&callback, &request);
        let tokens = intranet.redeem(&code, &request).await.tokens();
        let claims = intranet.id_token_claims(&tokens.id_token.unwrap()).await;
        assert!(claims["auth_time"].is_i64(), "{claims:#}");
    }
    let request = wiki.authorization().with("prompt", "consent");
    let page = visitor.open(&request.url()).await.page();
    page.form_with_button("decision");
    let request = intranet.authorization().with("max_age", "3600");
    let callback = visitor.open(&request.url()).await.left();
    intranet.code_in(&callback, &request);
}

async fn a_hint_names_nobody_else(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let (_, tokens) = bench.tokens(&intranet).await;
    let hint = tokens.id_token.unwrap();
    let grace = bench.assay.user("grace");
    let mut visitor = bench.assay.visitor();
    visitor
        .sign_in(&intranet.authorization().url(), &grace)
        .await;

    let request = intranet.authorization().with("id_token_hint", &hint);
    let silent = request.clone().with("prompt", "none");
    let callback = visitor.open(&silent.url()).await.left();
    assert_eq!(intranet.error_in(&callback, &silent), "login_required");

    // Without prompt=none there is a chance to become the person hinted at.
    let page = visitor.open(&request.url()).await.page();
    let form = page.form_with("password");
    let as_grace = form
        .clone()
        .fill("email", &grace.email)
        .fill("password", &grace.password);
    let callback = visitor.submit(&as_grace).await.left();
    assert_eq!(intranet.error_in(&callback, &request), "login_required");
    let as_ada = form
        .fill("email", &bench.ada.email)
        .fill("password", &bench.ada.password);
    let callback = visitor.submit(&as_ada).await.left();
    intranet.code_in(&callback, &request);

    // An ID token of another client, an access token, and one with a changed subject are no hints.
    let wiki = bench.wiki().await;
    let (_, others) = bench.tokens(&wiki).await;
    let (head, rest) = hint.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    for hint in [
        others.id_token.unwrap(),
        tokens.access_token,
        format!("{head}.eyJzdWIiOiJncmFjZSJ9.{signature}"),
    ] {
        let request = intranet.authorization().with("id_token_hint", &hint);
        let callback = visitor.open(&request.url()).await.left();
        assert_eq!(intranet.error_in(&callback, &request), "invalid_request");
    }
}

async fn parameters_are_taken_once_and_in_measure(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.wiki().await;
    let request = wiki.authorization();
    let twice = |name: &str, value: &str| {
        let mut url = request.url();
        url.query_pairs_mut().append_pair(name, value);
        url
    };
    for (name, value) in [("nonce", "x"), ("scope", "openid"), ("prompt", "none")] {
        let url = if name == "prompt" {
            let mut url = twice(name, value);
            url.query_pairs_mut().append_pair(name, value);
            url
        } else {
            twice(name, value)
        };
        let callback = bench.assay.visitor().open(&url).await.left();
        assert_eq!(
            wiki.error_in(&callback, &request),
            "invalid_request",
            "{name}"
        );
    }
    // Which of two addresses or clients is meant, nobody knows.
    expect_page(
        &bench,
        &twice("redirect_uri", "https://wiki.example.com/other"),
    )
    .await;
    expect_page(&bench, &twice("client_id", "intranet")).await;

    let long = "x".repeat(3_000);
    for name in ["nonce", "login_hint", "ui_locales"] {
        let request = wiki.authorization().with(name, &long);
        let callback = bench.assay.visitor().open(&request.url()).await.left();
        assert_eq!(
            wiki.error_in(&callback, &request),
            "invalid_request",
            "{name}"
        );
    }
    let request = wiki.authorization().with("state", &long);
    let callback = bench.assay.visitor().open(&request.url()).await.left();
    assert!(callback.as_str().len() < 1_000, "{callback}");
    expect_page(&bench, &request.with("x", &"y".repeat(9_000)).url()).await;
}

async fn a_posted_request_goes_on_as_a_get(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let request = intranet.authorization();
    let url = request.url();
    let body = url.query().unwrap();
    let reply = bench.post("/auth/authorize", body).await;
    let next = reply
        .expect_status(303)
        .header("location")
        .unwrap()
        .to_owned();
    let callback = bench
        .assay
        .visitor()
        .sign_in(&bench.assay.url(&next), &bench.ada)
        .await;
    intranet.code_in(&callback, &request);

    let reply = bench
        .post("/auth/authorize", &format!("{body}&nonce=x"))
        .await;
    let location = reply
        .expect_status(303)
        .header("location")
        .unwrap()
        .to_owned();
    assert!(location.contains("error=invalid_request"), "{location}");
    // A flow that was tampered with, or that another server sealed.
    let broken = bench.assay.get("/auth/authorize/resume?flow=AAAA").await;
    broken.expect_status(400);
}

async fn the_answer_can_be_posted(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let request = intranet.authorization().with("response_mode", "form_post");
    let mut visitor = bench.assay.visitor();
    let page = visitor.open(&request.url()).await.page();
    let form = page
        .form_with("password")
        .fill("email", &bench.ada.email)
        .fill("password", &bench.ada.password);
    let Arrival::Page(page) = visitor.submit(&form).await else {
        panic!("a page that posts");
    };
    let form = page.form_with("code");
    assert_eq!(form.method, Method::POST);
    assert_eq!(form.action.as_str(), super::CALLBACK);
    assert!(
        form.fields
            .contains(&("state".to_owned(), request.state.clone()))
    );
    assert!(
        form.fields
            .contains(&("iss".to_owned(), bench.assay.issuer()))
    );
    let code = form.fields.iter().find(|(name, _)| name == "code").unwrap();
    intranet.redeem(&code.1, &request).await.tokens();
}
