//! Where people help themselves.

mod account;
mod attribute_schema;
mod by_passkey;
mod invitations;
mod registration;

use reqwest::Method;
use serde_json::Value;

use crate::harness::{
    Arrival, Assay, Form, LetterSeen, Manifests, Page, Reply, TestDb, User, Visitor, letter_to,
    letters_to,
};

const PASSWORD: &str = "correct horse battery staple";

/// A server on which people register, and one application.
pub struct Bench {
    pub assay: Assay,
    pub manifests: Manifests,
}

/// Settings of the module `account`, in YAML, indented by four.
fn manifests(settings: &str) -> String {
    format!(
        "apiVersion: assay/v1
kind: Module
metadata: {{ name: account }}
spec:
  settings:
{settings}
---
apiVersion: assay/v1
kind: Module
metadata: {{ name: mail }}
spec: {{ settings: {{ folder: data/mails }} }}
---
apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: shop }}
spec:
  displayName: Shop
  clientType: public
  redirectUris: [https://shop.example.com/callback]
  scopes: [openid, email, profile]
  consent: implicit
"
    )
}

impl Bench {
    pub async fn with(db: TestDb, settings: &str) -> Self {
        let manifests = Manifests::new().file("all.yaml", &manifests(settings));
        let assay = Assay::with(db).manifests(&manifests).start().await;
        Self { assay, manifests }
    }

    /// Other settings from now on.
    pub fn set(&self, settings: &str) {
        self.manifests.write("all.yaml", &self::manifests(settings));
        self.assay.apply(&self.manifests);
    }

    pub async fn letter(&self, email: &str, number: usize) -> LetterSeen {
        letter_to(&self.assay.folder().join("data/mails"), email, number).await
    }

    pub fn letters(&self, email: &str) -> Vec<LetterSeen> {
        letters_to(&self.assay.folder().join("data/mails"), email)
    }

    pub async fn open(&self, visitor: &mut Visitor, path: &str) -> Page {
        visitor.open(&self.assay.url(path)).await.page()
    }

    /// Enters an address on the page where accounts are created.
    pub async fn ask(&self, visitor: &mut Visitor, email: &str) -> Page {
        let page = self.open(visitor, "/auth/register").await;
        let form = page.form_with("email").fill("email", email);
        visitor.submit(&form).await.page()
    }

    /// The person as the admin API knows them.
    pub async fn person(&self, email: &str) -> Option<Value> {
        let path = format!("/auth/admin/auth/users?email={email}");
        let users = Reply::to(self.assay.admin(Method::GET, &path)).await;
        users.expect_status(200).json()["users"].get(0).cloned()
    }

    pub async fn sign_in(&self, visitor: &mut Visitor, email: &str, password: &str) -> Page {
        let page = self.open(visitor, "/auth/login").await;
        let form = page
            .form_with("password")
            .fill("email", email)
            .fill("password", password);
        visitor.submit(&form).await.page()
    }

    pub async fn actions(&self, query: &str) -> Vec<String> {
        let path = format!("/auth/admin/auth/audit?{query}");
        let events = Reply::to(self.assay.admin(Method::GET, &path)).await;
        let events = events.expect_status(200).json()["events"].clone();
        let actions = events.as_array().unwrap().iter();
        actions
            .map(|event| event["action"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// The page after the letter, filled in.
fn finished(page: &Page, password: &str) -> Form {
    page.form_with("password").fill("password", password)
}
