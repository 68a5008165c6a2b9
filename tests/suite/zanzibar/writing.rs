use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, check, expect_problem, revision, start, touch, tuple, update, write};
use crate::harness::{Assay, Reply, TestDb};

both_databases!(
    what_is_written_counts_and_what_is_deleted_does_not,
    a_write_is_all_or_nothing,
    what_is_there_is_touched_and_not_created,
    preconditions_are_held_to,
    what_the_namespaces_do_not_allow_is_refused_by_name,
    what_has_expired_does_not_count,
    tuples_are_read_by_filter_and_in_pages,
    tuples_are_deleted_by_filter,
    lines_are_imported_and_exported,
);

/// The tuples that there are.
async fn all(assay: &Assay, filter: Value) -> Vec<Value> {
    let reply = ask(assay, "read", &json!({ "filter": filter })).await;
    let body = reply.expect_status(200).json();
    assert_eq!(body["after"], Value::Null);
    body["tuples"].as_array().unwrap().clone()
}

async fn what_is_written_counts_and_what_is_deleted_does_not(db: TestDb) {
    let assay = start(db).await;
    let readme = "document:readme#view@user:ada";
    assert_eq!(check(&assay, readme).await, "NO");

    let first = touch(
        &assay,
        &[
            "folder:docs#viewer@user:ada",
            "document:readme#parent@folder:docs",
        ],
    )
    .await;
    assert_eq!(check(&assay, readme).await, "HAS");
    assert_eq!(check(&assay, "document:readme#edit@user:ada").await, "NO");

    // What changes nothing makes no revision.
    let same = write(&assay, "touch", &["folder:docs#viewer@user:ada"])
        .await
        .expect_status(200);
    assert_eq!(same.json()["changed"], 0);
    assert_eq!(revision(&same), first);
    let nothing = write(&assay, "delete", &["folder:other#viewer@user:ada"])
        .await
        .expect_status(200);
    assert_eq!(revision(&nothing), first);

    let deleted = write(&assay, "delete", &["folder:docs#viewer@user:ada"])
        .await
        .expect_status(200);
    assert_eq!(deleted.json()["changed"], 1);
    assert_ne!(revision(&deleted), first);
    assert_eq!(check(&assay, readme).await, "NO");
}

async fn a_write_is_all_or_nothing(db: TestDb) {
    let assay = start(db).await;
    touch(&assay, &["group:staff#member@user:ada"]).await;

    let updates = [
        update("create", "group:staff#member@user:eve"),
        update("delete", "group:staff#member@user:ada"),
        update("create", "group:staff#member@user:nobody#member"),
    ];
    let refused = ask(&assay, "write", &json!({ "updates": updates })).await;
    assert_eq!(expect_problem(&refused, 422, "invalid-tuple")["index"], 2);
    assert_eq!(check(&assay, "group:staff#member@user:ada").await, "HAS");
    assert_eq!(check(&assay, "group:staff#member@user:eve").await, "NO");

    let updates = [
        update("touch", "group:staff#member@user:eve"),
        update("create", "group:staff#member@user:ada"),
    ];
    let refused = ask(&assay, "write", &json!({ "updates": updates })).await;
    assert_eq!(expect_problem(&refused, 409, "tuple-exists")["index"], 1);
    assert_eq!(check(&assay, "group:staff#member@user:eve").await, "NO");

    let twice = write(
        &assay,
        "touch",
        &["group:staff#member@user:eve", "group:staff#member@user:eve"],
    )
    .await;
    assert_eq!(expect_problem(&twice, 422, "repeated-tuple")["index"], 1);

    let much: Vec<Value> = (0..10_001)
        .map(|n| update("touch", &format!("group:staff#member@user:{n}")))
        .collect();
    let refused = ask(&assay, "write", &json!({ "updates": much })).await;
    assert_eq!(
        expect_problem(&refused, 400, "bad-request")["limit"],
        10_000
    );
}

async fn what_is_there_is_touched_and_not_created(db: TestDb) {
    let assay = start(db).await;
    let viewer = "document:readme#viewer@user:ada";
    write(&assay, "create", &[viewer]).await.expect_status(200);
    let again = write(&assay, "create", &[viewer]).await;
    let problem = expect_problem(&again, 409, "tuple-exists");
    assert!(
        problem["detail"].as_str().unwrap().contains(viewer),
        "{problem}"
    );

    // A touch with other conditions takes the place of the tuple; there is still one.
    let mut limited = update("touch", viewer);
    limited["tuple"]["caveat"] = json!({ "name": "office_hours", "context": { "hour": 20 } });
    let touched = ask(&assay, "write", &json!({ "updates": [limited] }))
        .await
        .expect_status(200);
    assert_eq!(touched.json()["changed"], 1);
    assert_eq!(check(&assay, "document:readme#view@user:ada").await, "NO");
    let there = all(&assay, json!({})).await;
    assert_eq!(there.len(), 1);
    assert_eq!(there[0]["caveat"]["context"]["hour"], 20);

    write(&assay, "touch", &[viewer]).await.expect_status(200);
    assert_eq!(check(&assay, "document:readme#view@user:ada").await, "HAS");
}

async fn preconditions_are_held_to(db: TestDb) {
    let assay = start(db).await;
    touch(&assay, &["document:readme#owner@user:ada"]).await;
    let with = |must: &str, subject: &str| {
        json!({
            "updates": [update("touch", "document:readme#viewer@user:eve")],
            "preconditions": [
                { "must": "exist", "filter": { "object_type": "document" } },
                { "must": must, "filter": { "object_id": "readme", "relation": "owner", "subject_id": subject } },
            ],
        })
    };
    for (must, subject) in [("exist", "eve"), ("not_exist", "ada")] {
        let refused = ask(&assay, "write", &with(must, subject)).await;
        assert_eq!(
            expect_problem(&refused, 412, "precondition-failed")["index"],
            1
        );
        assert_eq!(check(&assay, "document:readme#view@user:eve").await, "NO");
    }
    ask(&assay, "write", &with("exist", "ada"))
        .await
        .expect_status(200);
    assert_eq!(check(&assay, "document:readme#view@user:eve").await, "HAS");
}

async fn what_the_namespaces_do_not_allow_is_refused_by_name(db: TestDb) {
    let assay = start(db).await;
    for (text, named) in [
        ("paper:1#viewer@user:ada", "no namespace `paper`"),
        (
            "document:1#reader@user:ada",
            "`document` has no relation `reader`",
        ),
        ("document:1#view@user:ada", "`view` is a permission"),
        (
            "document:1#owner@group:staff#member",
            "`owner` holds `user`, and not `group#member`",
        ),
        (
            "document:1#owner@user:*",
            "`owner` holds `user`, and not `user:*`",
        ),
        ("document:*#owner@user:ada", "only a subject can be `*`"),
        ("document:a b#owner@user:ada", "no blanks"),
    ] {
        let refused = write(&assay, "touch", &[text]).await;
        let problem = expect_problem(&refused, 422, "invalid-tuple");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(named), "{text}: {detail}");
        assert_eq!(problem["index"], 0);
    }
    let mut wrong = update("touch", "document:1#owner@user:ada");
    wrong["tuple"]["caveat"] = json!({ "name": "office_hours" });
    let refused = ask(&assay, "write", &json!({ "updates": [wrong] })).await;
    let problem = expect_problem(&refused, 422, "invalid-tuple");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("user with office_hours"),
        "{problem}"
    );
    let mut wrong = update("touch", "document:1#viewer@user:ada");
    wrong["tuple"]["caveat"] = json!({ "name": "office_hours", "context": { "hour": "late" } });
    let refused = ask(&assay, "write", &json!({ "updates": [wrong] })).await;
    let problem = expect_problem(&refused, 422, "invalid-tuple");
    assert!(
        problem["detail"].as_str().unwrap().contains("`hour`"),
        "{problem}"
    );
    let mut wrong = update("touch", "document:1#owner@user:ada");
    wrong["tuple"]["expires_at"] = json!("2099-01-01T00:00:00Z");
    let refused = ask(&assay, "write", &json!({ "updates": [wrong] })).await;
    expect_problem(&refused, 422, "invalid-tuple");

    // What no database can hold is refused as well, and no error of ours.
    let mut wrong = update("delete", "document:1#owner@user:ada");
    wrong["tuple"]["object_id"] = json!("a\0b");
    let refused = ask(&assay, "write", &json!({ "updates": [wrong] })).await;
    expect_problem(&refused, 422, "invalid-tuple");
    let read = ask(
        &assay,
        "read",
        &json!({ "filter": { "object_id": "a\0b" } }),
    )
    .await;
    expect_problem(&read, 400, "bad-request");
}

async fn what_has_expired_does_not_count(db: TestDb) {
    let assay = start(db).await;
    let viewer = |end: &str| {
        let mut update = update("create", "document:readme#viewer@user:ada");
        update["tuple"]["expires_at"] = end.into();
        json!({ "updates": [update] })
    };
    ask(&assay, "write", &viewer("2099-01-01T00:00:00Z"))
        .await
        .expect_status(200);
    assert_eq!(check(&assay, "document:readme#view@user:ada").await, "HAS");
    write(&assay, "delete", &["document:readme#viewer@user:ada"])
        .await
        .expect_status(200);

    ask(&assay, "write", &viewer("2020-01-01T00:00:00Z"))
        .await
        .expect_status(200);
    assert_eq!(check(&assay, "document:readme#view@user:ada").await, "NO");
    assert_eq!(all(&assay, json!({})).await, Vec::<Value>::new());
    // It is in nobody's way.
    let must = json!([{ "must": "exist", "filter": { "object_id": "readme" } }]);
    let mut write = viewer("2099-01-01T00:00:00Z");
    write["preconditions"] = must;
    expect_problem(
        &ask(&assay, "write", &write).await,
        412,
        "precondition-failed",
    );
    ask(&assay, "write", &viewer("2099-01-01T00:00:00Z"))
        .await
        .expect_status(200);
    assert_eq!(check(&assay, "document:readme#view@user:ada").await, "HAS");
}

async fn tuples_are_read_by_filter_and_in_pages(db: TestDb) {
    let assay = start(db).await;
    let names: Vec<String> = (0..25)
        .map(|n| format!("group:staff#member@user:u{n:02}"))
        .collect();
    let mut tuples: Vec<&str> = names.iter().map(String::as_str).collect();
    tuples.push("document:readme#owner@user:u07");
    tuples.push("document:readme#viewer@group:staff#member");
    touch(&assay, &tuples).await;

    let of_u07 = all(
        &assay,
        json!({ "subject_type": "user", "subject_id": "u07" }),
    )
    .await;
    assert_eq!(
        of_u07,
        [
            tuple("document:readme#owner@user:u07"),
            tuple("group:staff#member@user:u07")
        ]
    );
    let usersets = all(
        &assay,
        json!({ "object_type": "document", "subject_rel": "member" }),
    )
    .await;
    assert_eq!(
        usersets,
        [tuple("document:readme#viewer@group:staff#member")]
    );
    let none = all(
        &assay,
        json!({ "object_type": "document", "object_id": "other" }),
    )
    .await;
    assert_eq!(none.len(), 0);

    let mut seen = Vec::new();
    let mut body = json!({ "filter": { "object_type": "group" }, "limit": 10 });
    loop {
        let page = ask(&assay, "read", &body).await.expect_status(200).json();
        seen.extend(page["tuples"].as_array().unwrap().clone());
        if page["after"].is_null() {
            break;
        }
        body["after"] = page["after"].clone();
    }
    let expected: Vec<Value> = names.iter().map(|text| tuple(text)).collect();
    assert_eq!(seen, expected);

    body["after"] = json!("bm90aGluZw");
    expect_problem(&ask(&assay, "read", &body).await, 400, "bad-request");
    expect_problem(
        &ask(&assay, "read", &json!({ "limit": 0 })).await,
        400,
        "bad-request",
    );
    expect_problem(
        &ask(&assay, "read", &json!({ "filter": { "object": "x" } })).await,
        400,
        "bad-request",
    );
}

async fn tuples_are_deleted_by_filter(db: TestDb) {
    let assay = start(db).await;
    touch(
        &assay,
        &[
            "group:staff#member@user:ada",
            "group:staff#member@user:eve",
            "document:readme#viewer@group:staff#member",
            "document:readme#owner@user:eve",
        ],
    )
    .await;
    let delete = async |query: &str| {
        Reply::to(assay.admin(Method::DELETE, &format!("/auth/zanzibar/tuples{query}"))).await
    };
    for query in [
        "",
        "?all=false",
        "?all=true&relation=owner",
        "?object=readme",
    ] {
        expect_problem(&delete(query).await, 400, "bad-request");
    }
    let deleted = delete("?subject_type=user&subject_id=eve")
        .await
        .expect_status(200);
    assert_eq!(deleted.json()["changed"], 2);
    let fresh = json!({ "consistency": { "at_least_as_fresh": revision(&deleted) } });
    let after = super::check_with(&assay, "document:readme#view@user:eve", &fresh).await;
    assert_eq!(super::result(&after), "NO");
    assert_eq!(check(&assay, "document:readme#view@user:ada").await, "HAS");

    assert_eq!(
        delete("?all=true").await.expect_status(200).json()["changed"],
        2
    );
    assert_eq!(
        delete("?all=true").await.expect_status(200).json()["changed"],
        0
    );
    assert_eq!(check(&assay, "document:readme#view@user:ada").await, "NO");
    assert_eq!(all(&assay, json!({})).await.len(), 0);
}

async fn lines_are_imported_and_exported(db: TestDb) {
    let assay = start(db).await;
    let import = async |lines: String| {
        let request = assay.admin(Method::POST, "/auth/zanzibar/import");
        Reply::to(
            request
                .header("content-type", "application/x-ndjson")
                .body(lines),
        )
        .await
    };
    let mut lines: Vec<String> = (0..12_000)
        .map(|n| tuple(&format!("document:d{n:05}#viewer@user:u{}", n % 100)).to_string())
        .collect();
    let mut limited = tuple("document:limited#viewer@user:ada");
    limited["caveat"] = json!({ "name": "office_hours", "context": { "hour": 10 } });
    lines.push(limited.to_string());
    let mut ending = tuple("document:ending#viewer@user:ada");
    ending["expires_at"] = json!("2099-01-01T00:00:00Z");
    lines.push(ending.to_string());
    let imported = import(lines.join("\n")).await.expect_status(200);
    assert_eq!(imported.json()["tuples"], 12_002);
    assert_eq!(imported.json()["changed"], 12_002);
    let again = import(lines.join("\n")).await.expect_status(200);
    assert_eq!(again.json()["changed"], 0);
    assert_eq!(check(&assay, "document:limited#view@user:ada").await, "HAS");

    let export = Reply::to(assay.admin(Method::GET, "/auth/zanzibar/export"))
        .await
        .expect_status(200);
    assert_eq!(export.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(
        export.header("zanzibar-revision"),
        Some(revision(&again).as_str())
    );
    let mut exported: Vec<Value> = export
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut expected: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    exported.sort_by_key(Value::to_string);
    expected.sort_by_key(Value::to_string);
    assert!(exported == expected, "an export is what was imported");

    let wrong = import(format!("{}\n{{\"object_type\": 1}}\n", lines[0])).await;
    assert_eq!(expect_problem(&wrong, 422, "invalid-lines")["line"], 2);
    let wrong = import(format!(
        "\n{}\n",
        tuple("document:1#owner@group:staff#member")
    ))
    .await;
    let problem = expect_problem(&wrong, 422, "invalid-lines");
    assert_eq!(problem["line"], 2);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("`owner` holds `user`"),
        "{problem}"
    );
    let request = assay
        .admin(Method::POST, "/auth/zanzibar/import")
        .body("{}");
    assert_eq!(Reply::to(request).await.status, 415);
}
