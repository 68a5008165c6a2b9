use reqwest::Method;
use serde_json::json;

use super::{ENTERPRISE, GROUPS, USERS, ask, expect_refusal, person, send};
use crate::harness::{Assay, Command, Manifests, Reply, TestDb};

both_databases!(
    a_directory_has_a_key_for_this_and_nothing_else,
    what_can_be_done_is_said,
    what_is_not_there_is_refused_in_scims_words,
);

/// Makes a key, adds its manifest, and gives the key.
fn key(name: &str, permission: &str, manifests: &Manifests) -> String {
    let made = Command::offline(["admin-key", "new", name, "--permission", permission]);
    let made = made.run().expect_code(0);
    manifests.write(&format!("{name}.yaml"), &made.stdout);
    let word = |line: &str| {
        let mut words = line.split(|c: char| c.is_whitespace() || c == '`' || c == '"');
        words
            .find(|word| word.starts_with("sk_admin_"))
            .map(str::to_owned)
    };
    let key = made.stderr.lines().find_map(word);
    key.unwrap_or_else(|| panic!("no key in {made:?}"))
}

async fn a_directory_has_a_key_for_this_and_nothing_else(db: TestDb) {
    let assay = Assay::start(db).await;
    let manifests = Manifests::new();
    let directory = key("directory", "scim", &manifests);
    let reader = key("reader", "users.write", &manifests);
    assay.apply(&manifests);

    let with = |key: &str, path: &str| assay.request(Method::GET, path).bearer_auth(key);
    Reply::to(with(&directory, USERS)).await.expect_status(200);
    for path in [
        "/auth/admin/auth/users",
        "/auth/admin/auth/audit",
        "/auth/admin/reconcile/export",
    ] {
        Reply::to(with(&directory, path)).await.expect_status(403);
    }

    for path in [
        USERS,
        GROUPS,
        "/auth/scim/v2/Schemas",
        "/auth/scim/v2/ServiceProviderConfig",
    ] {
        let stranger = assay.get(path).await;
        expect_refusal(&stranger, 401, None);
        assert_eq!(
            stranger.header("www-authenticate"),
            Some("Bearer realm=\"assay\"")
        );
        expect_refusal(&Reply::to(with("sk_admin_wrong", path)).await, 401, None);
        expect_refusal(&Reply::to(with(&reader, path)).await, 403, None);
    }
    // Whoever may not is not told what is wrong with the body either.
    let blind = assay
        .request(Method::POST, USERS)
        .body("{")
        .bearer_auth(&reader);
    expect_refusal(&Reply::to(blind).await, 403, None);
}

async fn what_can_be_done_is_said(db: TestDb) {
    let assay = Assay::start(db).await;
    let config = ask(&assay, Method::GET, "/auth/scim/v2/ServiceProviderConfig").await;
    assert_eq!(config.header("content-type"), Some("application/scim+json"));
    let config = config.expect_status(200).json();
    for (feature, is_supported) in [
        ("patch", true),
        ("filter", true),
        ("etag", true),
        ("changePassword", true),
        ("bulk", false),
        ("sort", false),
    ] {
        assert_eq!(config[feature]["supported"], is_supported, "{feature}");
    }

    let schemas = ask(&assay, Method::GET, "/auth/scim/v2/Schemas")
        .await
        .json();
    let ids = super::all(&schemas, "id");
    assert_eq!(ids.len(), 3);
    assert!(ids.contains(&ENTERPRISE));
    for path in [
        format!("Schemas/{ENTERPRISE}"),
        "ResourceTypes/User".to_owned(),
    ] {
        let path = format!("/auth/scim/v2/{path}");
        let one = ask(&assay, Method::GET, &path)
            .await
            .expect_status(200)
            .json();
        assert!(one["meta"]["location"].as_str().unwrap().ends_with(&path));
    }
    let filtered = ask(&assay, Method::GET, "/auth/scim/v2/Schemas?filter=id%20pr").await;
    expect_refusal(&filtered, 403, None);
    expect_refusal(
        &ask(&assay, Method::GET, "/auth/scim/v2/Schemas/urn:none").await,
        404,
        None,
    );
    expect_refusal(
        &ask(&assay, Method::POST, "/auth/scim/v2/Schemas").await,
        405,
        None,
    );
    expect_refusal(
        &ask(&assay, Method::GET, "/auth/scim/v2/Me").await,
        501,
        None,
    );
    expect_refusal(
        &ask(&assay, Method::POST, "/auth/scim/v2/Bulk").await,
        501,
        None,
    );
    expect_refusal(
        &ask(&assay, Method::GET, "/auth/scim/v2/Robots").await,
        404,
        None,
    );
}

async fn what_is_not_there_is_refused_in_scims_words(db: TestDb) {
    let assay = Assay::start(db).await;
    for path in [USERS, GROUPS] {
        let nobody = format!("{path}/nobody");
        expect_refusal(&ask(&assay, Method::GET, &nobody).await, 404, None);
        expect_refusal(&ask(&assay, Method::DELETE, &nobody).await, 404, None);
    }
    let body = json!({ "userName": "ada@example.com" });
    let nobody = format!("{USERS}/nobody");
    expect_refusal(&send(&assay, Method::PUT, &nobody, &body).await, 404, None);

    for (media_type, body, status, scim_type) in [
        ("application/scim+json", "{", 400, Some("invalidSyntax")),
        ("application/json", "[]", 400, Some("invalidSyntax")),
        ("text/plain", "{}", 415, None),
        ("application/scim+json", "{}", 400, Some("invalidValue")),
        (
            "application/json",
            r#"{"userName": "ada"}"#,
            400,
            Some("invalidValue"),
        ),
        (
            "application/json",
            r#"{"userName": "a@b.c", "active": "maybe"}"#,
            400,
            Some("invalidValue"),
        ),
        (
            "application/json",
            r#"{"userName": "a@b.c", "password": "short"}"#,
            400,
            Some("invalidValue"),
        ),
    ] {
        let request = assay
            .admin(Method::POST, USERS)
            .header("content-type", media_type);
        expect_refusal(&Reply::to(request.body(body)).await, status, scim_type);
    }
    let ada = person(&assay, "ada@example.com", &json!({})).await;
    for (bigger, status) in [("a".repeat(2_001), 400), ("a".repeat(5 * 1024 * 1024), 413)] {
        let body = json!({ "userName": "ada@example.com", "title": bigger });
        let refused = send(&assay, Method::PUT, &format!("{USERS}/{ada}"), &body).await;
        assert_eq!(refused.status.as_u16(), status);
    }
}
