//! Passkeys: registered, used, refused, looked after.

mod account;
mod refusals;
mod sign_in;

use serde_json::Value;

use crate::harness::{Assay, Manifests, Reply, SecurityKey, TestDb, User, Visitor};

/// A server whose module has these settings, as YAML.
async fn start(db: TestDb, settings: &str) -> Assay {
    let module = format!(
        "apiVersion: assay/v1\nkind: Module\nmetadata: {{ name: passkey }}\nspec:\n  settings: {settings}\n"
    );
    let manifests = Manifests::new().file("passkey.yaml", &module);
    Assay::with(db).manifests(&manifests).start().await
}

/// Ada at a browser, signed in with her password.
async fn signed_in(assay: &Assay, user: &User) -> Visitor {
    let mut visitor = assay.visitor();
    let page = visitor.sign_in_here(&assay.url("/auth/login"), user).await;
    assert_eq!(page.url.path(), "/auth/account");
    visitor
}

/// Ada, with a passkey.
async fn ada_with_passkey(assay: &Assay) -> (User, Visitor, SecurityKey) {
    let ada = assay.user("ada");
    let mut visitor = signed_in(assay, &ada).await;
    let mut phone = SecurityKey::new();
    let added = phone.register(assay, &mut visitor, "Phone").await;
    assert_eq!(added.expect_status(200).json()["name"], "Phone");
    (ada, visitor, phone)
}

/// Who is signed in at this browser, and how: what the newest record of a sign-in says.
async fn last_sign_in(assay: &Assay) -> Value {
    audit(assay, "session.sign_in").await[0].clone()
}

/// The records of one kind, newest first.
async fn audit(assay: &Assay, action: &str) -> Vec<Value> {
    let path = format!("/auth/admin/auth/audit?action={action}");
    let request = assay.admin(reqwest::Method::GET, &path);
    let reply = Reply::to(request).await.expect_status(200).json();
    reply["events"].as_array().unwrap().clone()
}

/// Whether somebody is signed in at this browser.
async fn is_signed_in(assay: &Assay, visitor: &mut Visitor) -> bool {
    let page = visitor.open(&assay.url("/auth/account")).await.page();
    page.url.path() == "/auth/account"
}

#[track_caller]
fn expect_problem(reply: Reply, status: u16, kind: &str) {
    let reply = reply.expect_status(status);
    assert_eq!(
        reply.json()["type"],
        format!("urn:assay:problem:{kind}"),
        "{reply:?}"
    );
}
