//! What other implementations, and an earlier one of ours, were caught with.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{ask, check, check_with, expect_problem, start, start_with, touch, tuple};
use crate::harness::TestDb;

both_databases!(
    a_ban_that_comes_around_a_corner_holds,
    everyone_is_not_a_group_of_everyone,
    ways_without_number_are_one_answer,
    a_circle_is_no_trouble_and_one_through_a_minus_is_an_error,
);

async fn a_ban_that_comes_around_a_corner_holds(db: TestDb) {
    let namespaces = r#"
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
    admin: { types: [user] }
    member: { types: [user, "group#admin", "group#member"] }
---
apiVersion: assay/v1
kind: ZanzibarNamespace
metadata: { name: document }
spec:
  relations:
    viewer: { types: [user] }
    banned: { types: ["group#member"] }
  permissions:
    view: viewer - banned
"#;
    let assay = start_with(db, namespaces).await;
    // A guard against cycles that forgets the relation stops at `group:a`, and lets eve in.
    touch(
        &assay,
        &[
            "group:a#admin@user:eve",
            "group:a#member@group:a#admin",
            "document:1#viewer@user:eve",
            "document:1#banned@group:a#member",
        ],
    )
    .await;
    assert_eq!(check(&assay, "document:1#view@user:eve").await, "NO");
}

async fn everyone_is_not_a_group_of_everyone(db: TestDb) {
    let assay = start(db).await;
    touch(
        &assay,
        &[
            "group:all#member@user:*",
            "document:1#viewer@group:all#member",
            "document:2#viewer@user:*",
            "document:2#banned@group:bad#member",
            "group:bad#member@user:eve",
        ],
    )
    .await;
    assert_eq!(check(&assay, "document:1#view@user:stranger").await, "HAS");
    assert_eq!(check(&assay, "document:2#view@user:stranger").await, "HAS");
    assert_eq!(check(&assay, "document:2#view@user:eve").await, "NO");
    assert_eq!(
        check(&assay, "document:1#view@group:all#member").await,
        "HAS"
    );
    assert_eq!(
        check(&assay, "document:2#view@group:all#member").await,
        "NO"
    );
}

async fn ways_without_number_are_one_answer(db: TestDb) {
    let assay = start(db).await;
    let mut tuples = vec!["document:1#viewer@group:l0a#member".to_owned()];
    for level in 0..64 {
        for from in ["a", "b"] {
            for to in ["a", "b"] {
                tuples.push(format!(
                    "group:l{level}{from}#member@group:l{}{to}#member",
                    level + 1
                ));
            }
        }
    }
    tuples.push("group:l64b#member@user:ada".to_owned());
    let tuples: Vec<&str> = tuples.iter().map(String::as_str).collect();
    touch(&assay, &tuples).await;
    let began = Instant::now();
    assert_eq!(check(&assay, "document:1#view@user:ada").await, "HAS");
    assert_eq!(check(&assay, "document:1#view@user:eve").await, "NO");
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
}

async fn a_circle_is_no_trouble_and_one_through_a_minus_is_an_error(db: TestDb) {
    let namespaces = r#"
apiVersion: assay/v1
kind: ZanzibarNamespace
metadata: { name: user }
spec: {}
---
apiVersion: assay/v1
kind: ZanzibarNamespace
metadata: { name: room }
spec:
  relations:
    member: { types: [user, "room#member"] }
    barred: { types: [user, "room#enter"] }
  permissions:
    enter: member - barred
"#;
    let assay = start_with(db, namespaces).await;
    touch(
        &assay,
        &[
            "room:a#member@room:b#member",
            "room:b#member@room:a#member",
            "room:b#member@user:ada",
        ],
    )
    .await;
    assert_eq!(check(&assay, "room:a#member@user:ada").await, "HAS");
    assert_eq!(check(&assay, "room:a#enter@user:eve").await, "NO");

    touch(&assay, &["room:a#barred@room:a#enter"]).await;
    let fresh = json!({ "consistency": { "fully_consistent": true } });
    let error = check_with(&assay, "room:a#enter@user:ada", &fresh).await;
    let problem = expect_problem(&error, 422, "negative-cycle");
    assert!(
        problem["detail"].as_str().unwrap().contains("room:a"),
        "{problem}"
    );
    let bulk = json!({ "checks": [tuple("room:a#enter@user:ada")] });
    let bulk = ask(&assay, "bulk-check", &bulk)
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        bulk["results"][0]["error"]["type"],
        "urn:assay:problem:negative-cycle"
    );
}
