//! What a change of the configuration does to the tuples.

use serde_json::json;

use super::{NAMESPACES, check, check_with, result, start, touch};
use crate::harness::{Manifests, TestDb};

both_databases!(
    the_namespaces_that_are_served_are_those_that_are_asked,
    tuples_outlive_a_change_of_something_else,
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
