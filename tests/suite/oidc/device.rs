//! `/auth/oauth2/device` and `/auth/device`: a person connects a device (RFC 8628).

use std::time::Duration;

use serde_json::Value;

use super::{Bench, CALLBACK, SECRET};
use crate::harness::{
    Assay, Form, Manifests, Page, Registration, RelyingParty, Reply, TestDb, Visitor,
};

both_databases!(
    a_person_connects_a_device,
    a_code_in_the_address_is_shown_and_not_taken,
    a_device_is_asked_about_each_time_and_the_answer_is_remembered,
    one_of_many_polls_at_once_succeeds,
    a_client_that_wants_a_recent_sign_in_gets_one,
);

pub(super) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(super) const CLIENTS: &str = r#"apiVersion: assay/v1
kind: OidcClient
metadata: { name: tv }
spec:
  displayName: "<b>Television</b>"
  clientType: public
  applicationType: native
  grantTypes: ["urn:ietf:params:oauth:grant-type:device_code", refresh_token]
  scopes: [openid, email, offline_access, films]
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: wiki }
spec:
  displayName: Wiki
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, "urn:ietf:params:oauth:grant-type:device_code"]
  scopes: [openid, email, offline_access]
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: safe }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  grantTypes: ["urn:ietf:params:oauth:grant-type:device_code"]
  scopes: [openid]
  defaultMaxAge: 1s
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: reporter }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  grantTypes: [client_credentials]
  scopes: [openid]
---
apiVersion: assay/v1
kind: Module
metadata: { name: oidc_provider }
spec:
  settings: { deviceCodeTtl: 5m }
"#;

/// What a device was answered.
pub(super) struct Device {
    pub(super) code: String,
    pub(super) user_code: String,
    pub(super) page: reqwest::Url,
    pub(super) page_with_code: reqwest::Url,
}

impl Device {
    pub(super) fn in_answer(body: &Value) -> Self {
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Self {
            code: text("device_code"),
            user_code: text("user_code"),
            page: text("verification_uri").parse().unwrap(),
            page_with_code: text("verification_uri_complete").parse().unwrap(),
        }
    }
}

impl Bench {
    /// A server whose clients are devices.
    pub(super) async fn with_devices(db: TestDb, clients: &str) -> Self {
        let manifests = Manifests::new().file("clients.yaml", clients);
        let assay = Assay::with(db)
            .env("WIKI_SECRET", SECRET)
            .manifests(&manifests)
            .start()
            .await;
        let ada = assay.user("ada");
        Self {
            assay,
            ada,
            manifests,
        }
    }

    pub(super) async fn tv(&self) -> RelyingParty {
        let registration = Registration::public("tv", CALLBACK);
        self.assay.relying_party(registration).await
    }

    /// Types the code, and signs in where that is asked for: the page after it.
    pub(super) async fn type_code(&self, visitor: &mut Visitor, device: &Device) -> Page {
        let form = visitor.open(&device.page).await.page();
        let form = form
            .form_with("user_code")
            .fill("user_code", &device.user_code);
        let page = visitor.submit(&form).await.page();
        if page.forms().iter().all(|form| !form.has_field("password")) {
            return page;
        }
        let form = self.sign_in_form(&page);
        visitor.submit(&form).await.page()
    }

    pub(super) fn sign_in_form(&self, page: &Page) -> Form {
        page.form_with("password")
            .fill("email", &self.ada.email)
            .fill("password", &self.ada.password)
    }

    /// Goes the whole way with this answer, `allow` or `deny`.
    pub(super) async fn answer(&self, visitor: &mut Visitor, device: &Device, decision: &str) {
        let page = self.type_code(visitor, device).await;
        let form = page
            .form_with_button("decision")
            .press("decision", decision);
        let done = visitor.submit(&form).await.page();
        done.reply.clone().expect_status(200);
        assert!(done.forms().is_empty(), "{done:#?}");
    }
}

pub(super) async fn ask(client: &RelyingParty, scope: &str) -> Reply {
    client
        .post("device_authorization_endpoint", &[("scope", scope)])
        .await
}

pub(super) async fn device(client: &RelyingParty, scope: &str) -> Device {
    let reply = ask(client, scope).await.expect_status(200);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let body = reply.json();
    assert_eq!(body["interval"], 5, "{body:#}");
    Device::in_answer(&body)
}

pub(super) async fn poll(client: &RelyingParty, device: &Device) -> Reply {
    client
        .token(&[("grant_type", GRANT), ("device_code", &device.code)])
        .await
}

async fn a_person_connects_a_device(db: TestDb) {
    let bench = Bench::with_devices(db, CLIENTS).await;
    let tv = bench.tv().await;
    let grants = &tv.provider["grant_types_supported"];
    assert!(
        grants.as_array().unwrap().contains(&GRANT.into()),
        "{grants}"
    );
    let reply = ask(&tv, "openid email films")
        .await
        .expect_status(200)
        .json();
    assert_eq!(reply["expires_in"], 300, "{reply:#}");
    let mut device = device(&tv, "openid email films").await;
    let (first, second) = device.user_code.split_once('-').unwrap();
    for half in [first, second] {
        assert_eq!(half.len(), 4, "{}", device.user_code);
        assert!(half.chars().all(|c| "BCDFGHJKLMNPQRSTVWXZ".contains(c)));
    }
    poll(&tv, &device)
        .await
        .expect_error("authorization_pending");

    // However the person writes it.
    let shown = device.user_code.clone();
    device.user_code = format!(" {} ", shown.replace('-', " ").to_lowercase());
    let mut visitor = bench.assay.visitor();
    let question = bench.type_code(&mut visitor, &device).await;
    let body = &question.reply.body;
    for text in [
        &shown,
        "&#60;b&#62;Television",
        "See your e-mail address",
        "films",
        "only if you started this yourself",
        &bench.ada.email,
    ] {
        assert!(body.contains(text), "no {text} in {body}");
    }
    // The code is in no address: those are kept in histories.
    let address = question.url.as_str();
    assert!(!address.contains("user_code") && !address.contains(&shown));
    let policy = question.reply.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"));
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");

    let form = question
        .form_with_button("decision")
        .press("decision", "allow");
    let done = visitor.submit(&form).await.page();
    assert!(done.reply.body.contains("Your device is connected"));
    // Pressed twice, it stays one answer.
    let twice = visitor.submit(&form).await.page();
    twice.form_with("user_code");

    let tokens = poll(&tv, &device).await.tokens();
    assert_eq!(tokens.scope.as_deref(), Some("email films openid"));
    let claims = tv
        .id_token_claims(tokens.id_token.as_deref().unwrap())
        .await;
    assert_eq!(claims["email"], bench.ada.email);
    let person = tv.userinfo(&tokens.access_token).await.expect_status(200);
    assert_eq!(person.json()["sub"], claims["sub"]);
    let refresh_token = tokens.refresh_token.unwrap();
    tv.refresh(&refresh_token).await.tokens();
    // Used up; and a client that polls once too often loses nothing by it.
    poll(&tv, &device).await.expect_error("invalid_grant");
    tv.userinfo(&tokens.access_token).await.expect_status(200);
}

async fn a_code_in_the_address_is_shown_and_not_taken(db: TestDb) {
    let bench = Bench::with_devices(db, CLIENTS).await;
    let tv = bench.tv().await;
    let device = device(&tv, "openid").await;
    let mut visitor = bench.assay.visitor();
    let page = visitor.open(&device.page_with_code).await.page();
    assert!(page.reply.body.contains("exactly this code"), "{page:#?}");
    let form = page.form_with("user_code");
    assert!(
        form.fields
            .contains(&("user_code".into(), device.user_code.clone()))
    );
    poll(&tv, &device)
        .await
        .expect_error("authorization_pending");
    let page = visitor.submit(&form).await.page();
    let page = visitor.submit(&bench.sign_in_form(&page)).await.page();
    let form = page.form_with_button("decision").press("decision", "allow");
    visitor.submit(&form).await.page();
    poll(&tv, &device).await.tokens();
    // What is no code is not written into the page.
    let mut odd = device.page.clone();
    odd.set_query(Some("user_code=%22%3E%3Cscript%3E&flow="));
    let page = visitor.open(&odd).await.page();
    assert!(!page.reply.body.contains("<script"), "{page:#?}");
    let form = page.form_with("user_code");
    assert!(form.fields.contains(&("user_code".into(), String::new())));
}

async fn a_device_is_asked_about_each_time_and_the_answer_is_remembered(db: TestDb) {
    let bench = Bench::with_devices(db, CLIENTS).await;
    let wiki = bench.client("wiki", "openid email").await;
    let mut visitor = bench.assay.visitor();
    let first = device(&wiki, "openid email").await;
    bench.answer(&mut visitor, &first, "allow").await;
    let tokens = poll(&wiki, &first).await.tokens();
    // It has no grant `refresh_token`.
    assert_eq!(tokens.refresh_token, None);
    let request = wiki.authorization();
    let callback = visitor.open(&request.url()).await.left();
    wiki.code_in(&callback, &request);
    // Somebody else's device could show the same client.
    let second = device(&wiki, "openid email").await;
    let page = bench.type_code(&mut visitor, &second).await;
    page.form_with_button("decision");
    poll(&wiki, &second)
        .await
        .expect_error("authorization_pending");
}

async fn one_of_many_polls_at_once_succeeds(db: TestDb) {
    let bench = Bench::with_devices(db, CLIENTS).await;
    let tv = bench.tv().await;
    let device = device(&tv, "openid").await;
    bench
        .answer(&mut bench.assay.visitor(), &device, "allow")
        .await;
    let polls = (0..200).map(|_| poll(&tv, &device));
    let replies = futures_util::future::join_all(polls).await;
    let (given, refused): (Vec<_>, Vec<_>) =
        replies.into_iter().partition(|reply| reply.status == 200);
    for reply in refused {
        reply.expect_error("invalid_grant");
    }
    let [reply]: [Reply; 1] = given.try_into().unwrap();
    let tokens = reply.tokens();
    tv.userinfo(&tokens.access_token).await.expect_status(200);
    tv.refresh(&tokens.refresh_token.unwrap()).await.tokens();
}

async fn a_client_that_wants_a_recent_sign_in_gets_one(db: TestDb) {
    let bench = Bench::with_devices(db, CLIENTS).await;
    let wiki = bench.client("wiki", "openid").await;
    let safe = bench.client("safe", "openid").await;
    let mut visitor = bench.assay.visitor();
    visitor
        .sign_in(&wiki.authorization().url(), &bench.ada)
        .await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let device = device(&safe, "openid").await;
    let page = visitor.open(&device.page_with_code).await.page();
    let page = visitor.submit(&page.form_with("user_code")).await.page();
    let page = visitor.submit(&bench.sign_in_form(&page)).await.page();
    let form = page.form_with_button("decision").press("decision", "allow");
    visitor.submit(&form).await.page();
    poll(&safe, &device).await.tokens();
}
