//! Sign-in with an upstream provider: what it does, and what it must refuse. Each story fails when its
//! check is taken out.

mod attribute_schema;
mod fetching;
mod joining;
mod linked;
mod logout;
mod providers;
mod refusals;
mod sign_in;
mod tokens;

use reqwest::{Method, Url};
use serde_json::{Value, json};

use crate::harness::{
    Arrival, Assay, Manifests, Page, Reply, TestDb, UPSTREAM_SECRET, Upstream, User, Visitor,
    WEBHOOK_SECRET,
};

const LOOPBACK: &str = "apiVersion: assay/v1
kind: Module
metadata: { name: oidc_client }
spec: { settings: { allowedPrivateNetworks: [127.0.0.0/8] } }
";

/// A server with one upstream, `up`.
struct Bench {
    assay: Assay,
    up: Upstream,
    manifests: Manifests,
}

impl Bench {
    /// `more` are further lines of the upstream's spec.
    async fn with(db: TestDb, more: &str) -> Self {
        Self::with_manifests(db, more, "").await
    }

    /// The same, with further manifests.
    async fn with_manifests(db: TestDb, more: &str, others: &str) -> Self {
        let up = Upstream::start().await;
        let manifest = up.manifest("up", more);
        let manifests = Manifests::new()
            .file("hook-secret", WEBHOOK_SECRET)
            .file("all.yaml", &format!("{LOOPBACK}{manifest}{others}"));
        let assay = Assay::with(db)
            .env("UPSTREAM_SECRET", UPSTREAM_SECRET)
            .manifests(&manifests)
            .start()
            .await;
        Self {
            assay,
            up,
            manifests,
        }
    }

    /// Changes the upstream's spec.
    fn change(&self, more: &str) {
        let manifest = self.up.manifest("up", more);
        self.manifests
            .write("all.yaml", &format!("{LOOPBACK}{manifest}"));
        let path = self.manifests.path().to_str().unwrap();
        self.assay
            .remote_command(["apply", "-f", path])
            .env("UPSTREAM_SECRET", UPSTREAM_SECRET)
            .run()
            .expect_code(0);
    }

    /// Goes as far as the upstream, by the button on the sign-in page.
    async fn leave(&self, visitor: &mut Visitor, return_to: &str) -> Url {
        let mut login = self.assay.url("/auth/login");
        login.query_pairs_mut().append_pair("return_to", return_to);
        let page = visitor.open(&login).await.page();
        self.press(visitor, &page, "up").await
    }

    /// Presses the button of an upstream.
    async fn press(&self, visitor: &mut Visitor, page: &Page, name: &str) -> Url {
        let path = format!("/auth/upstream/{name}/start?");
        let button = page
            .tags("a")
            .into_iter()
            .find_map(|tag| {
                let href = tag.attribute("href")?;
                href.starts_with(&path).then(|| href.to_owned())
            })
            .unwrap_or_else(|| panic!("no button of {name}: {page:#?}"));
        visitor.open(&page.url.join(&button).unwrap()).await.left()
    }

    /// Signs in with the upstream, and gives where that led.
    async fn sign_in(&self, visitor: &mut Visitor) -> Arrival {
        let request = self.leave(visitor, "/auth/account").await;
        visitor.open(&self.up.answer(&request)).await
    }

    /// Whoever is signed in at the browser: what their account page says.
    async fn signed_in(&self, visitor: &mut Visitor) -> Option<String> {
        let page = visitor.open(&self.assay.url("/auth/account")).await.page();
        if page.url.path() != "/auth/account" {
            return None;
        }
        let text = page.tags("bdi").into_iter().map(|tag| tag.text);
        text.into_iter().find(|text| text.contains('@'))
    }

    /// A sign-in that must be refused, with this reason in the audit log; nobody is signed in after it.
    async fn expect_refusal(&self, visitor: &mut Visitor, reason: &str) -> Page {
        let page = self.sign_in(visitor).await.page();
        self.expect_refused(visitor, page, reason).await
    }

    async fn expect_refused(&self, visitor: &mut Visitor, page: Page, reason: &str) -> Page {
        let status = page.reply.status.as_u16();
        assert!(matches!(status, 400 | 403 | 502), "{page:#?}");
        assert_eq!(self.signed_in(visitor).await, None);
        let events = self.audit("session.sign_in_failed").await;
        assert_eq!(events[0]["detail"]["reason"], reason, "{events:#?}");
        assert_eq!(events[0]["detail"]["upstream"], "up");
        page
    }

    /// What was recorded under this name, newest first.
    async fn audit(&self, action: &str) -> Vec<Value> {
        let path = format!("/auth/admin/auth/audit?action={action}");
        let reply = Reply::to(self.assay.admin(Method::GET, &path)).await;
        let events = reply.expect_status(200).json();
        events["events"].as_array().unwrap().clone()
    }

    /// The people there are, as the admin API tells of them.
    async fn people(&self) -> Vec<Value> {
        let reply = Reply::to(self.assay.admin(Method::GET, "/auth/admin/auth/users")).await;
        let people = reply.expect_status(200).json();
        people["users"].as_array().unwrap().clone()
    }

    /// Makes an account whose address, `ada@example.com`, is verified, and goes on as somebody else there
    /// who says that it is theirs.
    async fn verified_ada(&self) {
        self.up
            .behave(|up| up.claims["sub"] = json!("the-real-ada"));
        self.sign_in(&mut self.assay.visitor()).await.page();
        let people = self.people().await;
        assert_eq!(people[0]["emailVerified"], true, "{people:#?}");
        self.up.behave(|up| up.claims["sub"] = json!("ada-there"));
    }
}

/// Signs in with a password on this page.
async fn with_password(visitor: &mut Visitor, page: &Page, user: &User) -> Arrival {
    let form = page
        .form_with("password")
        .fill("email", &user.email)
        .fill("password", &user.password);
    visitor.submit(&form).await
}
