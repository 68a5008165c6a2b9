//! People who come along in files, and leave in files.

mod export;
mod import;
mod refusals;

use reqwest::Method;
use serde_json::{Value, json};

use super::{USERS, ask};
use crate::harness::{Assay, Command, Manifests, Output, Reply};

pub const IMPORT: &str = "/auth/admin/auth/users/import";
pub const EXPORT: &str = "/auth/admin/auth/users/export";

/// The password of [`BCRYPT`], and what passlib makes of it.
pub const PASSWORD: &str = "correct horse";
pub const BCRYPT: &str = "$2b$04$luU930CcECXOiRL0/kdGWeaL6S5fsvwehi4zlMBjv.E8S6VnI7vPC";

/// A file with these lines.
pub fn lines(people: &[Value]) -> String {
    let mut lines: Vec<String> = people.iter().map(Value::to_string).collect();
    lines.push(String::new());
    lines.join("\n")
}

/// A command on the database, or by the server.
pub fn command(assay: &Assay, by_server: bool, arguments: &[&str]) -> Command {
    let arguments = arguments.iter().copied();
    if by_server {
        assay.remote_command(arguments)
    } else {
        assay.command(arguments)
    }
}

/// Imports a file with these lines through the command line.
pub fn import(assay: &Assay, by_server: bool, text: &str, more: &[&str]) -> Output {
    std::fs::write(assay.folder().join("people.ndjson"), text).unwrap();
    let arguments = [&["user", "import", "people.ndjson"], more].concat();
    command(assay, by_server, &arguments).run()
}

/// Sends lines to the admin API.
pub async fn post(assay: &Assay, query: &str, text: String) -> Reply {
    let request = assay.admin(Method::POST, &format!("{IMPORT}{query}"));
    let request = request.header("content-type", "application/x-ndjson");
    Reply::to(request.body(text)).await
}

/// Everything that the admin API exports.
pub async fn exported(assay: &Assay, query: &str) -> Vec<Value> {
    let reply = ask(assay, Method::GET, &format!("{EXPORT}{query}")).await;
    let body = reply.expect_status(200).body;
    let lines = body.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

/// The account with this address.
pub async fn account(assay: &Assay, email: &str) -> Value {
    let reply = ask(assay, Method::GET, &format!("{USERS}?email={email}")).await;
    let users = &reply.expect_status(200).json()["users"];
    users.get(0).cloned().unwrap_or_default()
}

/// How often the audit log has this.
pub async fn times(assay: &Assay, action: &str) -> usize {
    let path = format!("/auth/admin/auth/audit?action={action}");
    let events = ask(assay, Method::GET, &path).await.json();
    events["events"].as_array().unwrap().len()
}

/// An upstream provider, and one whose tenants are issuers of their own.
pub fn upstreams() -> Manifests {
    Manifests::new().file(
        "upstreams.yaml",
        "apiVersion: assay/v1
kind: UpstreamProvider
metadata: { name: google }
spec: { issuer: https://accounts.google.com, clientId: us }
---
apiVersion: assay/v1
kind: UpstreamProvider
metadata: { name: entra }
spec:
  issuer: https://login.microsoftonline.com/{tenantid}/v2.0
  discovery: https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration
  clientId: us
",
    )
}

/// Somebody of whom a line says all that it can.
pub fn ada() -> Value {
    json!({
        "id": "0b0c8f2e-6a53-4b8e-9d2f-5f1f7f4f3a10",
        "email": "ada@example.com",
        "emailVerified": true,
        "externalId": "4711",
        "userName": "ada",
        "state": "active",
        "attributes": { "name": "Ada Lovelace", "locale": "en" },
        "groups": ["Engineers", "Writers"],
        "identities": [
            { "provider": "google", "subject": "1101" },
            {
                "provider": "entra", "subject": "a-b",
                "issuer": "https://login.microsoftonline.com/9122040d-6c67-4c5b-b112-36a304b66dad/v2.0",
            },
        ],
        "createdAt": "2021-03-04T05:06:07Z",
        "passwordHash": BCRYPT,
    })
}
