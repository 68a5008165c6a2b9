//! Pushed authorization requests (RFC 9126).

use reqwest::Url;

use super::Bench;
use crate::harness::{Authorization, ClientAuthentication, RelyingParty, Reply, TestDb};

both_databases!(
    a_pushed_request_leads_to_a_code,
    a_reference_counts_once_and_for_its_client,
    a_reference_ends_after_a_while,
    who_comes_too_late_can_begin_anew,
    a_request_is_checked_when_it_is_pushed,
    a_client_that_pushes_asks_no_other_way,
);

async fn push(client: &RelyingParty, request: &Authorization) -> Reply {
    let endpoint = "pushed_authorization_request_endpoint";
    let mut parameters = request.parameters();
    if client.registration.authentication == ClientAuthentication::None {
        // It is there already: a public client says no more of itself.
        parameters.retain(|(name, _)| *name != "client_id");
    }
    client.post(endpoint, &parameters).await
}

/// Pushes the request; gives the reference.
async fn pushed(client: &RelyingParty, request: &Authorization) -> String {
    let reply = push(client, request).await.expect_status(201);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let body = reply.json();
    let lifetime = body["expires_in"].as_u64().unwrap();
    assert!((60..=90).contains(&lifetime), "{body}");
    let request_uri = body["request_uri"].as_str().unwrap();
    assert!(request_uri.starts_with("urn:ietf:params:oauth:request_uri:"));
    assert!(
        request_uri.len() > 34 + 40,
        "too easy to guess: {request_uri}"
    );
    request_uri.to_owned()
}

/// Shown to the person, and told to nobody else.
async fn expect_page(bench: &Bench, url: &Url) {
    let page = bench.assay.visitor().open(url).await.page();
    page.reply.expect_status(400);
}

async fn a_pushed_request_leads_to_a_code(db: TestDb) {
    let bench = Bench::on(db).await;
    let bank = bench.client("bank", "openid").await;
    let request = bank
        .authorization()
        .with("login_hint", "secret-hint@example.com");
    let request_uri = pushed(&bank, &request).await;

    let mut visitor = bench.assay.visitor();
    // What else the browser brings does not count, and would be refused if it did.
    let mut url = request.url_of(&request_uri);
    url.query_pairs_mut()
        .append_pair("redirect_uri", "https://evil.example/")
        .append_pair("scope", "openid admin");
    let page = visitor.open(&url).await.page();
    // The page shows whom it expects; where it is, and what the browser keeps, do not.
    assert!(page.reply.body.contains("secret-hint@example.com"));
    for kept in visitor.cookies.values().chain([&page.url.to_string()]) {
        assert!(!kept.contains("secret-hint"), "{kept}");
        assert!(!kept.contains(&request.state), "{kept}");
    }
    // It may be loaded again.
    let page = visitor.open(&page.url).await.page();
    let form = page
        .form_with("password")
        .fill("email", &bench.ada.email)
        .fill("password", &bench.ada.password);
    let page = visitor.submit(&form).await.page();
    let form = page.form_with_button("decision").press("decision", "allow");
    let callback = visitor.submit(&form).await.left();
    let code = bank.code_in(&callback, &request);
    bank.redeem(&code, &request).await.tokens();

    // A public client has nothing to prove.
    let phone = bench.phone().await;
    let request = phone.authorization();
    let request_uri = pushed(&phone, &request).await;
    let url = request.url_of(&request_uri);
    let callback = visitor.sign_in(&url, &bench.ada).await;
    phone.code_in(&callback, &request);
}

async fn a_reference_counts_once_and_for_its_client(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let wiki = bench.wiki().await;
    let request = intranet.authorization();
    let request_uri = pushed(&intranet, &request).await;

    expect_page(&bench, &wiki.authorization().url_of(&request_uri)).await;
    let foreign = bench.audit("oidc.request_uri_of_another").await;
    assert_eq!(foreign.len(), 1);
    assert_eq!(foreign[0]["subject"], "client:wiki");
    expect_page(
        &bench,
        &request
            .clone()
            .with("client_id", "nobody")
            .url_of(&request_uri),
    )
    .await;
    expect_page(&bench, &request.url_of(&format!("{request_uri}x"))).await;
    // None of them used it up. Of many at once, one gets on.
    let url = request.url_of(&request_uri);
    let opened = futures_util::future::join_all((0..20).map(async |_| {
        let reply = bench.assay.visitor().open(&url).await.page().reply;
        reply.status == 200
    }))
    .await;
    assert_eq!(opened.iter().filter(|is_open| **is_open).count(), 1);
    expect_page(&bench, &url).await;
    let reused = bench.audit("oidc.request_uri_reuse").await;
    assert_eq!(reused.len(), 20);
    assert_eq!(reused[0]["subject"], "client:intranet");
    // Also by POST.
    let body = url.query().unwrap();
    bench.post("/auth/authorize", body).await.expect_status(400);
    let request_uri = pushed(&intranet, &request).await;
    let url = request.url_of(&request_uri);
    let body = url.query().unwrap();
    bench.post("/auth/authorize", body).await.expect_status(303);
    bench.post("/auth/authorize", body).await.expect_status(400);
}

async fn a_reference_ends_after_a_while(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let request = intranet.authorization();
    let url = request.url_of(&pushed(&intranet, &request).await);
    let data = bench.assay.folder().join("data");
    let earlier = "UPDATE oidc_pushed_requests SET expires_at = expires_at - 90000";
    assert_eq!(bench.assay.db().alter(&data, earlier).await, 1);
    expect_page(&bench, &url).await;

    // And with its client.
    let url = request.url_of(&pushed(&intranet, &request).await);
    let on = "consent: implicit\n  postLogout";
    bench.change(on, "consent: implicit\n  enabled: false\n  postLogout");
    expect_page(&bench, &url).await;
    bench.change(on, "consent: implicit\n  description: again\n  postLogout");
    expect_page(&bench, &url).await;
}

async fn who_comes_too_late_can_begin_anew(db: TestDb) {
    let client = |name: &str, where_to: &str| {
        format!(
            "apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: {name} }}
spec:
  clientSecret: {{ fromEnv: WIKI_SECRET }}
  redirectUris: [https://wiki.example.com/callback]
  {where_to}
"
        )
    };
    let begins = client(
        "begins",
        "initiateLoginUri: https://wiki.example.com/begin?x=1",
    );
    let lives = client("lives", "clientUri: https://wiki.example.com/home");
    let bench = Bench::with_more(db, &format!("{begins}---\n{lives}")).await;
    let issuer: String =
        url::form_urlencoded::byte_serialize(bench.assay.issuer().as_bytes()).collect();
    for (name, way_back) in [
        (
            "begins",
            format!("https://wiki.example.com/begin?x=1&iss={issuer}"),
        ),
        ("lives", "https://wiki.example.com/home".to_owned()),
    ] {
        let client = bench.client(name, "openid").await;
        let request = client.authorization();
        let url = request.url_of(&pushed(&client, &request).await);
        bench.assay.visitor().open(&url).await.page();
        // The back button.
        let page = bench.assay.visitor().open(&url).await.page();
        page.reply.clone().expect_status(400);
        assert_eq!(page.tags("a")[0].attribute("href"), Some(&*way_back));
    }
}

async fn a_request_is_checked_when_it_is_pushed(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.wiki().await;
    for (name, value, error) in [
        ("redirect_uri", "https://evil.example/", "invalid_request"),
        ("redirect_uri", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_mode", "pigeon", "invalid_request"),
        ("scope", "openid admin", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("id_token_hint", "eyJ.eyJ.x", "invalid_request"),
        (
            "request_uri",
            "https://wiki.example.com/r",
            "invalid_request",
        ),
        (
            "request_uri",
            "urn:ietf:params:oauth:request_uri:x",
            "invalid_request",
        ),
    ] {
        let request = wiki.authorization().with(name, value);
        push(&wiki, &request).await.expect_error(error);
    }
    let long = "x".repeat(1_900);
    let request = ["a", "b", "c", "d", "e"]
        .iter()
        .fold(wiki.authorization(), |request, name| {
            request.with(name, &long)
        });
    push(&wiki, &request).await.expect_error("invalid_request");
    // By whoever the client is, and nobody else.
    let forged = wiki.registered(|mut registration| {
        registration.client_secret = Some("wrong".to_owned());
        registration
    });
    let request = wiki.authorization();
    let reply = push(&forged, &request).await.expect_status(401);
    reply.expect_error("invalid_client");
    let foreign = request.with("client_id", "intranet");
    push(&wiki, &foreign).await.expect_error("invalid_request");
}

async fn a_client_that_pushes_asks_no_other_way(db: TestDb) {
    let bench = Bench::on(db).await;
    let bank = bench.client("bank", "openid").await;
    let request = bank.authorization();
    let callback = bench.assay.visitor().open(&request.url()).await.left();
    assert_eq!(bank.error_in(&callback, &request), "invalid_request");
    let posted = request.url();
    let reply = bench.post("/auth/authorize", posted.query().unwrap()).await;
    assert!(
        reply
            .header("location")
            .unwrap()
            .contains("error=invalid_request")
    );

    // What began before the rule does not get around it.
    let intranet = bench.intranet().await;
    let mut visitor = bench.assay.visitor();
    let request = intranet.authorization();
    let page = visitor.open(&request.url()).await.page();
    let on = "consent: implicit\n  postLogout";
    let rule = "consent: implicit\n  requirePushedAuthorizationRequests: true\n  postLogout";
    bench.change(on, rule);
    let form = page
        .form_with("password")
        .fill("email", &bench.ada.email)
        .fill("password", &bench.ada.password);
    let callback = visitor.submit(&form).await.left();
    assert_eq!(intranet.error_in(&callback, &request), "invalid_request");
    let url = request.url_of(&pushed(&intranet, &request).await);
    intranet.code_in(&visitor.open(&url).await.left(), &request);
    assert_eq!(
        intranet.provider["require_pushed_authorization_requests"],
        false
    );
}
