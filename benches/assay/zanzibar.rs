//! Permissions over HTTP: what a check costs the server beside a route that does nothing, and how fast
//! tuples come in.

use std::{fmt::Write as _, time::Instant};

use crate::{
    database::{ADMIN_KEY, Database},
    heading,
    process::{self, Server},
    report,
};

const REQUESTS: u32 = 20_000;
const USERS: u32 = 10_000;
const DOCUMENTS: u32 = 100_000;

const NAMESPACES: &str = r#"
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
    member: { types: [user, "group#member"] }
---
apiVersion: assay/v1
kind: ZanzibarNamespace
metadata: { name: document }
spec:
  relations:
    viewer: { types: [user, "group#member"] }
    banned: { types: [user] }
  permissions:
    view: viewer - banned
"#;

pub fn run(database: &Database) {
    heading(&format!(
        "Permissions, {} tuples ({:?})",
        USERS + 2 * DOCUMENTS,
        database.engine
    ));
    let installation = database.installation();
    let manifests = installation.path().join("namespaces.yaml");
    std::fs::write(&manifests, NAMESPACES).unwrap();
    let applied = process::run(installation.command(&["apply", "-f", manifests.to_str().unwrap()]));
    assert_eq!(applied.exit, 0, "{}", applied.output);
    let enabled = process::run(installation.command(&["module", "enable", "zanzibar"]));
    assert_eq!(enabled.exit, 0, "{}", enabled.output);

    let file = installation.path().join("tuples.ndjson");
    std::fs::write(&file, tuples()).unwrap();
    let began = Instant::now();
    let imported =
        process::run(installation.command(&["zanzibar", "import", file.to_str().unwrap()]));
    assert_eq!(imported.exit, 0, "{}", imported.output);
    let rate = f64::from(USERS + 2 * DOCUMENTS) / began.elapsed().as_secs_f64();
    report("import on the database", rate, "/s", "wall; aim 50,000");

    let server = Server::start(&installation);
    let authorization = format!("authorization: Bearer {ADMIN_KEY}");
    let headers = [authorization.as_str(), "content-type: application/json"];
    let nothing = server.per_request(REQUESTS, "GET", "/healthz", &[], "");
    report("a route that does nothing", nothing, "us", "");
    let check = |consistency: &str| {
        format!(
            r#"{{"object_type":"document","object_id":"d77","relation":"view","subject_type":"user","subject_id":"u77"{consistency}}}"#
        )
    };
    let fresh = r#","consistency":{"fully_consistent":true}"#;
    for (what, body) in [
        ("check", check("")),
        ("check, fully consistent", check(fresh)),
    ] {
        let cost = server.per_request(REQUESTS, "POST", "/auth/zanzibar/check", &headers, &body);
        let note = format!("{:.2} x the route that does nothing", cost / nothing);
        report(what, cost, "us", &note);
    }
    let checks: Vec<String> = (0..10_000)
        .map(|n| {
            let (document, user) = (n * 7 % DOCUMENTS, n * 13 % USERS);
            format!(
                r#"{{"object_type":"document","object_id":"d{document}","relation":"view","subject_type":"user","subject_id":"u{user}"}}"#
            )
        })
        .collect();
    let bulk = format!(r#"{{"checks":[{}]}}"#, checks.join(","));
    let cost = server.per_request(20, "POST", "/auth/zanzibar/bulk-check", &headers, &bulk);
    report("bulk check of 10,000", cost / 1e3, "ms", "aim 15");
    let write = r#"{"updates":[{"operation":"touch","tuple":{"object_type":"document","object_id":"d77","relation":"banned","subject_type":"user","subject_id":"nobody"}},{"operation":"delete","tuple":{"object_type":"document","object_id":"d78","relation":"banned","subject_type":"user","subject_id":"nobody"}}]}"#;
    let cost = server.per_request(500, "POST", "/auth/zanzibar/write", &headers, write);
    report("a write that changes nothing", cost, "us", "");
    let (now, _) = server.memory();
    report("resident memory", now, "MB", "");
}

/// Users in groups of ten, which are in groups of groups; a document has a group and a user.
fn tuples() -> String {
    let mut lines = String::new();
    let mut tuple = |object: &str,
                     id: u32,
                     relation: &str,
                     subject: &str,
                     of: String,
                     rel: &str| {
        let _ = writeln!(
            lines,
            r#"{{"object_type":"{object}","object_id":"{}{id}","relation":"{relation}","subject_type":"{subject}","subject_id":"{of}","subject_rel":"{rel}"}}"#,
            &object[..1]
        );
    };
    for user in 0..USERS {
        tuple("group", user / 10, "member", "user", format!("u{user}"), "");
    }
    for document in 0..DOCUMENTS {
        let group = format!("g{}", document % (USERS / 10));
        tuple("document", document, "viewer", "group", group, "member");
        let user = format!("u{}", document % USERS);
        tuple("document", document, "viewer", "user", user, "");
    }
    lines
}
