//! Permissions: tuples, questions about them, and what may not be asked.

mod access;
mod authzen;
mod commands;
mod conformance;
mod consistency;
mod questions;
mod standing;
mod traps;
mod watching;
mod writing;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Assay, Manifests, Reply, TestDb};

/// Documents in folders, with groups.
pub const NAMESPACES: &str = r#"
apiVersion: assay/v1
kind: ZanzibarNamespace
metadata: { name: user }
spec: {}
---
apiVersion: assay/v1
kind: ZanzibarNamespace
metadata: { name: group }
spec:
  relations:
    member: { types: [user, "user:*", "group#member"] }
---
apiVersion: assay/v1
kind: ZanzibarNamespace
metadata: { name: folder }
spec:
  relations:
    parent: { types: [folder] }
    viewer: { types: [user, "group#member"] }
  permissions:
    view: viewer + parent->view
---
apiVersion: assay/v1
kind: ZanzibarNamespace
metadata: { name: document }
spec:
  relations:
    parent: { types: [folder] }
    owner: { types: [user] }
    viewer: { types: [user, "user:*", "group#member", user with office_hours, user with expiration] }
    banned: { types: [user, "group#member"] }
  permissions:
    edit: owner
    view: (viewer + edit + parent->view) - banned
  caveats:
    office_hours:
      parameters: { hour: int }
      expression: hour >= 9 && hour < 17
"#;

/// A server with these namespaces.
pub async fn start_with(db: TestDb, namespaces: &str) -> Assay {
    let assay = Assay::start(db).await;
    let manifests = Manifests::new().file("namespaces.yaml", namespaces);
    let path = manifests.path().to_str().unwrap();
    // By the server itself, so that it is served once this returns.
    let applied = assay.remote_command(["apply", "-f", path]).run();
    applied.expect_code(0);
    assay
}

/// A server with [`NAMESPACES`].
pub async fn start(db: TestDb) -> Assay {
    start_with(db, NAMESPACES).await
}

/// What is answered to a body.
pub async fn ask(assay: &Assay, path: &str, body: &Value) -> Reply {
    let path = format!("/auth/zanzibar/{path}");
    Reply::to(assay.admin(Method::POST, &path).json(body)).await
}

/// `document:readme#viewer@user:ada` as JSON.
pub fn tuple(text: &str) -> Value {
    let (object, rest) = text.split_once('#').unwrap();
    let (relation, subject) = rest.split_once('@').unwrap();
    let (object_type, object_id) = object.split_once(':').unwrap();
    let (subject, subject_rel) = subject.split_once('#').unwrap_or((subject, ""));
    let (subject_type, subject_id) = subject.split_once(':').unwrap();
    let mut tuple = json!({
        "object_type": object_type, "object_id": object_id, "relation": relation,
        "subject_type": subject_type, "subject_id": subject_id,
    });
    if !subject_rel.is_empty() {
        tuple["subject_rel"] = subject_rel.into();
    }
    tuple
}

/// One of a write's updates.
pub fn update(operation: &str, text: &str) -> Value {
    json!({ "operation": operation, "tuple": tuple(text) })
}

/// What is answered to a write of these tuples.
pub async fn write(assay: &Assay, operation: &str, tuples: &[&str]) -> Reply {
    let updates: Vec<Value> = tuples.iter().map(|text| update(operation, text)).collect();
    ask(assay, "write", &json!({ "updates": updates })).await
}

/// Writes tuples, and gives the revision.
pub async fn touch(assay: &Assay, tuples: &[&str]) -> String {
    revision(&write(assay, "touch", tuples).await.expect_status(200))
}

/// The revision in an answer.
#[track_caller]
pub fn revision(reply: &Reply) -> String {
    reply.json()["revision"].as_str().unwrap().to_owned()
}

/// What is answered to a check, with more members of its body.
pub async fn check_with(assay: &Assay, question: &str, more: &Value) -> Reply {
    let mut body = tuple(question);
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    ask(assay, "check", &body).await
}

/// `HAS`, `NO` or `CONDITIONAL`, with everything that has been written.
pub async fn check(assay: &Assay, question: &str) -> String {
    let more = json!({ "consistency": { "fully_consistent": true } });
    result(&check_with(assay, question, &more).await.expect_status(200))
}

/// The result in an answer.
#[track_caller]
pub fn result(reply: &Reply) -> String {
    reply.json()["result"].as_str().unwrap().to_owned()
}

/// A refusal of this kind.
#[track_caller]
pub fn expect_problem(reply: &Reply, status: u16, kind: &str) -> Value {
    assert_eq!(reply.status.as_u16(), status, "{reply:#?}");
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json")
    );
    let body = reply.json();
    assert_eq!(
        body["type"],
        format!("urn:assay:problem:{kind}"),
        "{reply:#?}"
    );
    body
}
