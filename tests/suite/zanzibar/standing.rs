//! What a change of the configuration does to the tuples.

use serde_json::json;

use super::{NAMESPACES, ask, check, check_with, result, start, touch, update, write};
use crate::harness::{Manifests, TestDb};

both_databases!(
    the_namespaces_that_are_served_are_those_that_are_asked,
    tuples_outlive_a_change_of_something_else,
    what_tuples_need_is_not_taken_away,
    a_server_that_is_behind_writes_nothing_wrong,
);

async fn the_namespaces_that_are_served_are_those_that_are_asked(db: TestDb) {
    let assay = start(db).await;
    let token = touch(
        &assay,
        &[
            "document:readme#owner@user:ada",
            "document:readme#viewer@user:eve",
        ],
    )
    .await;
    assert_eq!(check(&assay, "document:readme#edit@user:eve").await, "NO");

    let changed = NAMESPACES.replace("edit: owner", "edit: owner + viewer");
    let manifests = Manifests::new().file("namespaces.yaml", &changed);
    let path = manifests.path().to_str().unwrap();
    // Answered once it is served.
    assay
        .remote_command(["apply", "-f", path])
        .run()
        .expect_code(0);
    let now = check_with(&assay, "document:readme#edit@user:eve", &json!({})).await;
    assert_eq!(result(&now.expect_status(200)), "HAS");
    // A token of before is not newer than what is served now.
    let fresh = json!({ "consistency": { "at_least_as_fresh": token } });
    let now = check_with(&assay, "document:readme#edit@user:eve", &fresh).await;
    assert_eq!(result(&now.expect_status(200)), "HAS");
    // The snapshot of before has the namespaces of before.
    let exact = json!({ "consistency": { "at_exact_snapshot": token } });
    let then = check_with(&assay, "document:readme#edit@user:eve", &exact).await;
    assert_eq!(result(&then.expect_status(200)), "NO");
    // What is written is held to the new ones.
    touch(&assay, &["document:other#viewer@user:eve"]).await;
    assert_eq!(check(&assay, "document:other#edit@user:eve").await, "HAS");
}

async fn tuples_outlive_a_change_of_something_else(db: TestDb) {
    let assay = start(db).await;
    let token = touch(&assay, &["document:readme#owner@user:ada"]).await;
    let manifests = Manifests::new().file(
        "key.yaml",
        "apiVersion: assay/v1\nkind: Scope\nmetadata: { name: reports }\nspec: {}\n",
    );
    assay.apply(&manifests);
    assert_eq!(check(&assay, "document:readme#edit@user:ada").await, "HAS");
    let exact = json!({ "consistency": { "at_exact_snapshot": token } });
    let then = check_with(&assay, "document:readme#edit@user:ada", &exact).await;
    assert_eq!(result(&then.expect_status(200)), "HAS");
    // Loaded once.
    assert_eq!(
        assay.logs().matches("the tuples are loaded").count(),
        1,
        "{}",
        assay.logs()
    );
}

async fn what_tuples_need_is_not_taken_away(db: TestDb) {
    let assay = start(db).await;
    touch(
        &assay,
        &[
            "document:readme#banned@group:bad#member",
            "document:notes#banned@group:bad#member",
            "group:bad#member@user:eve",
        ],
    )
    .await;
    let mut limited = update("touch", "document:readme#viewer@user:ada");
    limited["tuple"]["caveat"] = json!({ "name": "office_hours", "context": { "hour": 10 } });
    let written = ask(&assay, "write", &json!({ "updates": [limited] })).await;
    written.expect_status(200);
    let apply = |namespaces: &str| {
        let manifests = Manifests::new().file("namespaces.yaml", namespaces);
        let path = manifests.path().to_str().unwrap().to_owned();
        let command = assay.remote_command(["apply", "-f", &path, "--prune", "--yes"]);
        command.run()
    };
    let narrowed = NAMESPACES.replace(
        r#"banned: { types: [user, "group#member"] }"#,
        "banned: { types: [user] }",
    );
    let gone = NAMESPACES
        .replace(r#"    banned: { types: [user, "group#member"] }"#, "")
        .replace(" - banned", "");
    let caveat = NAMESPACES
        .replace("hour: int", "hour: string")
        .replace("hour >= 9 && hour < 17", "hour == \"noon\"");
    for (namespaces, expected) in [
        (
            narrowed.as_str(),
            "2 tuples, such as `document:notes#banned@group:bad#member`: `banned` holds `user`",
        ),
        (
            gone.as_str(),
            "2 tuples, such as `document:notes#banned@group:bad#member`: `document` has no relation `banned`",
        ),
        (
            caveat.as_str(),
            "1 tuple: `document:readme#viewer@user:ada`: the parameter `hour`",
        ),
    ] {
        let refused = apply(namespaces);
        assert_ne!(refused.code, 0);
        assert!(refused.stderr.contains(expected), "{}", refused.stderr);
    }
    assert_eq!(check(&assay, "document:readme#view@user:eve").await, "NO");

    // What no tuple needs can go, and so can everything once the tuples are gone.
    apply(&NAMESPACES.replace("user with expiration", "user")).expect_code(0);
    write(
        &assay,
        "delete",
        &[
            "document:readme#banned@group:bad#member",
            "document:notes#banned@group:bad#member",
        ],
    )
    .await
    .expect_status(200);
    apply(&narrowed).expect_code(0);
    let refused = write(
        &assay,
        "touch",
        &["document:readme#banned@group:bad#member"],
    )
    .await;
    super::expect_problem(&refused, 422, "invalid-tuple");
}

async fn a_server_that_is_behind_writes_nothing_wrong(db: TestDb) {
    let assay = start(db).await;
    let narrowed = NAMESPACES.replace(
        r#"banned: { types: [user, "group#member"] }"#,
        "banned: { types: [user] }",
    );
    let manifests = Manifests::new();
    let banned = "document:readme#banned@group:bad#member";
    for round in 0..6 {
        let namespaces = if round % 2 == 0 {
            narrowed.as_str()
        } else {
            NAMESPACES
        };
        manifests.write("namespaces.yaml", namespaces);
        let path = manifests.path().to_str().unwrap();
        // By another process, so that the server hears of it later.
        let applied = assay.cli(["apply", "-f", path]);
        assert!(round % 2 != 0 || applied.code == 0, "{}", applied.stderr);
        let reply = write(&assay, "touch", &[banned]).await;
        if round % 2 == 0 {
            assert!([422, 503].contains(&reply.status.as_u16()), "{reply:?}");
        } else {
            // Until the server has followed.
            while write(&assay, "touch", &[banned]).await.status != 200 {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            write(&assay, "delete", &[banned]).await.expect_status(200);
        }
    }
}
