use std::os::unix::fs::PermissionsExt as _;

use assay_reconciler::spec::admin_key::KeyHash;
use reqwest::Method;
use serde_json::json;

use super::super::person;
use super::{
    BCRYPT, EXPORT, IMPORT, ada, command, exported, import, lines, post, times, upstreams,
};
use crate::harness::{Assay, Manifests, Reply, TestDb};

both_databases!(
    what_is_exported_can_be_imported_elsewhere_and_is_the_same,
    a_password_hash_leaves_only_if_it_is_of_use_and_the_key_may,
    an_export_has_parts,
    other_bodies_are_not_taken,
);

fn export(assay: &Assay, by_server: bool, more: &[&str]) -> String {
    let arguments = [&["user", "export", "people.ndjson"], more].concat();
    command(assay, by_server, &arguments).run().expect_code(0);
    let file = assay.folder().join("people.ndjson");
    let mode = file.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::read_to_string(file).unwrap()
}

async fn what_is_exported_can_be_imported_elsewhere_and_is_the_same(db: TestDb) {
    let first = Assay::with(TestDb::sqlite())
        .manifests(&upstreams())
        .start()
        .await;
    let people = [
        ada(),
        json!({ "email": "grace@example.com", "state": "disabled" }),
        json!({ "email": "alan@example.com", "state": "pending", "groups": ["écrivains"] }),
    ];
    import(&first, false, &lines(&people), &["--make-groups"]).expect_code(0);
    let text = export(&first, false, &["--with-password-hashes"]);
    assert_eq!(text.lines().count(), 3);
    assert!(text.contains(BCRYPT));

    let second = Assay::with(db).manifests(&upstreams()).start().await;
    import(&second, true, &text, &["--make-groups"]).expect_code(0);
    for by_server in [false, true] {
        assert_eq!(
            export(&second, by_server, &["--with-password-hashes"]),
            text
        );
    }
    let without = export(&second, true, &[]);
    assert!(!without.contains("passwordHash"), "{without}");
    let to_stdout = command(&second, true, &["user", "export", "-"]).run();
    assert_eq!(to_stdout.expect_code(0).stdout, without);
}

const READER: &str = "sk_admin_reader-0123456789-0123456789-0123456789";
const MOVER: &str = "sk_admin_mover-0123456789-0123456789-0123456789";

fn key(name: &str, key: &str, permissions: &str) -> String {
    format!(
        "apiVersion: assay/v1
kind: AdminKey
metadata: {{ name: {name} }}
spec: {{ hash: \"{}\", permissions: [{permissions}] }}
---
",
        KeyHash::of(key).as_str()
    )
}

async fn a_password_hash_leaves_only_if_it_is_of_use_and_the_key_may(db: TestDb) {
    let keys =
        key("reader", READER, "users.read") + &key("mover", MOVER, "users.read, users.export");
    let manifests = Manifests::new().file("keys.yaml", &keys);
    let assay = Assay::with(db).manifests(&manifests).start().await;
    assay.user("grace");
    let ada = json!({ "email": "ada@example.com", "passwordHash": BCRYPT });
    import(&assay, false, &lines(&[ada]), &[]).expect_code(0);
    let ask = async |key: &str, path: &str| {
        Reply::to(assay.request(Method::GET, path).bearer_auth(key)).await
    };

    let all = ask(READER, EXPORT).await.expect_status(200);
    assert_eq!(all.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(all.header("cache-control"), Some("no-store"));
    assert!(!all.body.contains("passwordHash"), "{}", all.body);
    let hashes = format!("{EXPORT}?passwordHashes=true");
    let refused = ask(READER, &hashes).await.expect_status(403);
    assert_eq!(refused.json()["permission"], "users.export");
    let with_hashes = ask(MOVER, &hashes).await.expect_status(200);
    assert_eq!(with_hashes.body.matches("passwordHash").count(), 1);
    // A hash of our own has a pepper that stays here.
    assert!(!with_hashes.body.contains("argon2"), "{}", with_hashes.body);
    let said = command(
        &assay,
        false,
        &["user", "export", "-", "--with-password-hashes"],
    )
    .run();
    assert!(
        said.stderr
            .contains("1 of them have a password whose hash is not in the file"),
        "{said:?}"
    );

    let import = assay
        .request(Method::POST, IMPORT)
        .header("content-type", "application/x-ndjson");
    let refused = Reply::to(import.bearer_auth(MOVER).body("{}")).await;
    refused.expect_status(403);
    assert_eq!(times(&assay, "user.export_all").await, 3);
}

async fn an_export_has_parts(db: TestDb) {
    let assay = Assay::start(db).await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(person(&assay, &format!("p{number}@example.com"), &json!({})).await);
    }
    ids.sort();
    let mut seen: Vec<String> = Vec::new();
    loop {
        let after = seen.last().map(String::as_str).unwrap_or_default();
        let part = exported(&assay, &format!("?limit=2&after={after}")).await;
        if part.is_empty() {
            break;
        }
        assert!(part.len() <= 2);
        let part = part.iter().map(|person| person["id"].as_str().unwrap());
        seen.extend(part.map(str::to_owned));
    }
    assert_eq!(seen, ids);
}

async fn other_bodies_are_not_taken(db: TestDb) {
    let assay = Assay::start(db).await;
    let request = assay.admin(Method::POST, IMPORT);
    let refused = Reply::to(request.json(&json!({ "email": "ada@example.com" }))).await;
    refused.expect_status(415);
    post(&assay, "?upsert=true", String::new())
        .await
        .expect_status(400);
    let nothing = post(&assay, "", "\n\n".to_owned()).await.expect_status(200);
    assert_eq!(nothing.json()["created"], 0);
}
