//! What people prove themselves with beside their password.

mod enrolment;
mod guessing;
mod operators;
mod passkey;
mod policy;
mod sign_in;
mod step_up;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{
    Arrival, Assay, Authenticator, Form, Manifests, Page, Registration, RelyingParty, Reply,
    TestDb, User, Visitor,
};

const SECRET: &str = "wiki-secret-0123456789-0123456789-0123456789";
const CALLBACK: &str = "https://wiki.example.com/callback";
const MULTI: &str = "urn:assay:acr:multi-factor";
const SINGLE: &str = "urn:assay:acr:single-factor";

const CLIENTS: &str = "apiVersion: assay/v1
kind: OidcClient
metadata: { name: wiki }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, refresh_token]
  scopes: [openid]
  consent: implicit
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: vault }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, refresh_token, 'urn:ietf:params:oauth:grant-type:device_code']
  scopes: [openid]
  consent: implicit
  requireSecondFactor: true
";

/// A passkey is two factors by itself: without any, the second factor is the only way to them.
const NO_PASSKEYS: &str = "apiVersion: assay/v1
kind: Module
metadata: { name: passkey }
spec: { enabled: false }
";

/// A server, and ada.
struct Bench {
    assay: Assay,
    ada: User,
}

impl Bench {
    async fn on(db: TestDb) -> Self {
        Self::with_settings(db, "{}").await
    }

    /// With these settings of `secondFactor`.
    async fn with_settings(db: TestDb, settings: &str) -> Self {
        Self::with_manifests(db, &manifests(settings).file("passkey.yaml", NO_PASSKEYS)).await
    }

    async fn with_manifests(db: TestDb, manifests: &Manifests) -> Self {
        let assay = Assay::with(db)
            .env("WIKI_SECRET", SECRET)
            .manifests(manifests)
            .start()
            .await;
        let ada = assay.user("ada");
        Self { assay, ada }
    }

    /// Other settings of `secondFactor` from now on.
    fn change_settings(&self, settings: &str) {
        self.assay.apply(&manifests(settings));
    }

    async fn client(&self, name: &str) -> RelyingParty {
        let registration = Registration::confidential(name, SECRET, CALLBACK).scope("openid");
        self.assay.relying_party(registration).await
    }

    /// What `path` shows.
    async fn open(&self, visitor: &mut Visitor, path: &str) -> Page {
        visitor.open(&self.assay.url(path)).await.page()
    }

    /// Enters address and password.
    async fn enter_password(&self, visitor: &mut Visitor) -> Page {
        let page = self.open(visitor, "/auth/login").await;
        visitor.submit(&self.password(&page)).await.page()
    }

    fn password(&self, page: &Page) -> Form {
        page.form_with("password")
            .fill("email", &self.ada.email)
            .fill("password", &self.ada.password)
    }

    /// Whether the browser is signed in.
    async fn is_signed_in(&self, visitor: &mut Visitor) -> bool {
        let page = self.open(visitor, "/auth/account").await;
        page.url.path() == "/auth/account"
    }

    /// Ada sets up an authenticator in a browser of hers. Also the recovery codes.
    async fn set_up(&self, visitor: &mut Visitor) -> (Authenticator, Vec<String>) {
        self.enter_password(visitor).await;
        let page = self.open(visitor, SET_UP).await;
        let mut authenticator = Authenticator::set_up_with(&page);
        let code = authenticator.code().await;
        let form = page.form_with("offer").fill("code", &code);
        let page = visitor.submit(&form).await.page();
        (authenticator, codes(&page))
    }

    async fn ada_with_authenticator(&self) -> (Authenticator, Vec<String>) {
        self.set_up(&mut self.assay.visitor()).await
    }

    /// What was recorded under this name, newest first.
    async fn audit(&self, action: &str) -> Vec<Value> {
        let path = format!("/auth/admin/auth/audit?action={action}");
        let reply = Reply::to(self.assay.admin(Method::GET, &path)).await;
        let events = reply.expect_status(200).json();
        events["events"].as_array().unwrap().clone()
    }

    async fn ada_id(&self) -> String {
        let path = format!("/auth/admin/auth/users?email={}", self.ada.email);
        let users = Reply::to(self.assay.admin(Method::GET, &path)).await;
        let users = users.expect_status(200).json();
        users["users"][0]["id"].as_str().unwrap().to_owned()
    }

    /// An operator gives ada another password.
    async fn set_password(&self, password: &str) {
        let path = format!("/auth/admin/auth/users/{}/password", self.ada_id().await);
        let request = self.assay.admin(Method::PUT, &path);
        let request = request.json(&json!({ "password": password }));
        Reply::to(request).await.expect_status(204);
    }

    /// Changes rows behind the server's back.
    async fn alter(&self, sql: &'static str) -> u64 {
        let data = self.assay.folder().join("data");
        self.assay.db().alter(&data, sql).await
    }

    /// Shows a code at the page that asks for one.
    async fn show_code(visitor: &mut Visitor, page: &Page, code: &str) -> Arrival {
        visitor
            .submit(&page.form_with("code").fill("code", code))
            .await
    }
}

const SET_UP: &str = "/auth/account/second-factors/set-up";
const MANAGE: &str = "/auth/account/second-factors";
const PROMPT: &str = "/auth/login/second-factor";

fn manifests(settings: &str) -> Manifests {
    Manifests::new()
        .file("clients.yaml", CLIENTS)
        .file("account.yaml", &module(settings))
}

fn module(settings: &str) -> String {
    format!(
        "apiVersion: assay/v1
kind: Module
metadata: {{ name: account }}
spec:
  settings:
    secondFactor: {settings}
"
    )
}

/// The recovery codes on the page.
fn codes(page: &Page) -> Vec<String> {
    let codes: Vec<_> = page.tags("code").into_iter().map(|tag| tag.text).collect();
    assert_eq!(codes.len(), 10, "{page:#?}");
    codes
}

fn asks_for_code(page: &Page) -> bool {
    page.url.path() == PROMPT && page.forms().iter().any(|form| form.has_field("code"))
}
