use reqwest::Method;
use serde_json::{Value, json};

use super::{
    ask, check_with, expect_problem, result, revision, start, touch, tuple, update, write,
};
use crate::harness::{Reply, TestDb};

both_databases!(
    a_caveat_asks_for_what_is_missing,
    many_questions_have_one_revision,
    objects_are_listed_in_pages_and_as_lines,
    subjects_are_listed_without_those_who_are_banned,
    a_permission_is_taken_apart,
    an_answer_has_its_reasons,
);

async fn a_caveat_asks_for_what_is_missing(db: TestDb) {
    let assay = start(db).await;
    let mut limited = update("touch", "document:readme#viewer@user:ada");
    limited["tuple"]["caveat"] = json!({ "name": "office_hours" });
    ask(&assay, "write", &json!({ "updates": [limited] }))
        .await
        .expect_status(200);
    let view = "document:readme#view@user:ada";
    let open = check_with(&assay, view, &json!({}))
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (&open["result"], &open["missing"]),
        (&json!("CONDITIONAL"), &json!(["hour"]))
    );
    for (hour, expected) in [(10, "HAS"), (20, "NO")] {
        let given = json!({ "context": { "hour": hour } });
        let answer = check_with(&assay, view, &given).await.expect_status(200);
        assert_eq!(result(&answer), expected);
        assert_eq!(answer.json()["missing"], json!([]));
    }
    let wrong = json!({ "context": { "hour": "late" } });
    expect_problem(
        &check_with(&assay, view, &wrong).await,
        422,
        "caveat-failed",
    );
}

async fn many_questions_have_one_revision(db: TestDb) {
    let assay = start(db).await;
    let token = touch(
        &assay,
        &[
            "folder:docs#viewer@user:ada",
            "document:readme#parent@folder:docs",
        ],
    )
    .await;
    let questions = [
        "document:readme#view@user:ada",
        "document:readme#edit@user:ada",
        "document:readme#read@user:ada",
        "folder:docs#view@user:ada",
    ];
    let checks: Vec<Value> = questions.iter().map(|text| tuple(text)).collect();
    let body = json!({ "checks": checks, "consistency": { "at_exact_snapshot": token } });
    let reply = ask(&assay, "bulk-check", &body).await.expect_status(200);
    assert_eq!(revision(&reply), token);
    let results = reply.json()["results"].as_array().unwrap().clone();
    assert_eq!(results[0]["result"], "HAS");
    assert_eq!(results[1]["result"], "NO");
    // One that cannot be answered is neither a yes nor a no, and keeps nobody else from an answer.
    assert_eq!(results[2].get("result"), None);
    assert_eq!(
        results[2]["error"]["type"],
        "urn:assay:problem:unknown-relation"
    );
    assert_eq!(results[3]["result"], "HAS");

    let many: Vec<Value> = (0..10_000)
        .map(|n| checks[[0, 1, 3][n % 3]].clone())
        .collect();
    let reply = ask(&assay, "bulk-check", &json!({ "checks": many }))
        .await
        .expect_status(200);
    let results = reply.json()["results"].as_array().unwrap().clone();
    assert_eq!(results.len(), 10_000);
    for (n, one) in results.iter().enumerate() {
        assert_eq!(one["result"], ["HAS", "NO", "HAS"][n % 3]);
    }
}

async fn objects_are_listed_in_pages_and_as_lines(db: TestDb) {
    let assay = start(db).await;
    let names: Vec<String> = (0..25)
        .map(|n| format!("document:d{n:02}#owner@user:ada"))
        .collect();
    let mut tuples: Vec<&str> = names.iter().map(String::as_str).collect();
    tuples.push("document:d07#banned@user:ada");
    let token = touch(&assay, &tuples).await;
    let mut body = json!({
        "object_type": "document", "relation": "view", "subject_type": "user", "subject_id": "ada", "limit": 10,
    });
    let expected: Vec<String> = (0..25)
        .filter(|n| *n != 7)
        .map(|n| format!("d{n:02}"))
        .collect();
    let mut seen = Vec::new();
    loop {
        let page = ask(&assay, "lookup-resources", &body)
            .await
            .expect_status(200)
            .json();
        // A list that has been begun stays what it was.
        assert_eq!(page["revision"], token);
        for object in page["objects"].as_array().unwrap() {
            assert_eq!(object["result"], "HAS");
            seen.push(object["object_id"].as_str().unwrap().to_owned());
        }
        write(
            &assay,
            "touch",
            &[
                "document:d05#banned@user:ada",
                "document:d24#banned@user:ada",
            ],
        )
        .await;
        if page["after"].is_null() {
            break;
        }
        body["after"] = page["after"].clone();
    }
    assert_eq!(seen, expected);

    body["after"] = Value::Null;
    body["consistency"] = json!({ "at_exact_snapshot": token });
    let lines = assay.admin(Method::POST, "/auth/zanzibar/lookup-resources");
    let lines = lines.header("accept", "application/x-ndjson").json(&body);
    let lines = Reply::to(lines).await.expect_status(200);
    assert_eq!(lines.header("zanzibar-revision"), Some(token.as_str()));
    let seen: Vec<String> = lines
        .body
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["object_id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(seen, expected);

    body["after"] = json!("nonsense");
    expect_problem(
        &ask(&assay, "lookup-resources", &body).await,
        400,
        "bad-request",
    );
}

async fn subjects_are_listed_without_those_who_are_banned(db: TestDb) {
    let assay = start(db).await;
    touch(
        &assay,
        &[
            "document:readme#viewer@group:staff#member",
            "group:staff#member@user:ada",
            "group:staff#member@user:eve",
            "document:readme#banned@user:eve",
            "document:open#viewer@user:*",
            "document:open#banned@user:eve",
        ],
    )
    .await;
    let lookup = async |id: &str| {
        let body = json!({
            "object_type": "document", "object_id": id, "relation": "view", "subject_type": "user",
            "consistency": { "fully_consistent": true },
        });
        ask(&assay, "lookup-subjects", &body)
            .await
            .expect_status(200)
            .json()
    };
    let closed = lookup("readme").await;
    assert_eq!(closed["everyone"]["result"], "NO");
    assert_eq!(
        closed["subjects"],
        json!([{ "subject_id": "ada", "result": "HAS", "missing": [] }])
    );
    let open = lookup("open").await;
    assert_eq!(open["everyone"]["result"], "HAS");
    assert_eq!(
        open["subjects"],
        json!([{ "subject_id": "eve", "result": "NO", "missing": [] }])
    );

    let body = json!({ "object_type": "document", "object_id": "open", "relation": "view", "subject_type": "user" });
    let lines = assay.admin(Method::POST, "/auth/zanzibar/lookup-subjects");
    let lines = Reply::to(lines.header("accept", "application/x-ndjson").json(&body)).await;
    let lines: Vec<Value> = lines
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["subject_id"], "*");
    assert_eq!(lines[0]["result"], "HAS");
    assert_eq!(lines[1]["subject_id"], "eve");
    assert_eq!(lines[1]["result"], "NO");
    assert_eq!(lines.len(), 2);
}

async fn a_permission_is_taken_apart(db: TestDb) {
    let assay = start(db).await;
    touch(
        &assay,
        &[
            "document:readme#viewer@user:ada",
            "document:readme#parent@folder:docs",
            "document:readme#banned@user:eve",
        ],
    )
    .await;
    let body = json!({ "object_type": "document", "object_id": "readme", "relation": "view" });
    let reply = ask(&assay, "expand", &body).await.expect_status(200).json();
    let text = reply["tree"].to_string();
    assert_eq!(reply["tree"]["object_id"], "readme");
    let exclusion = &reply["tree"]["is"]["exclusion"];
    assert!(exclusion["base"]["union"].is_array(), "{text}");
    let without = exclusion["without"][0].to_string();
    assert!(
        without.contains("eve") && !without.contains("ada"),
        "{text}"
    );
    assert!(
        text.contains(r#""grants":{"object_type":"folder","object_id":"docs","relation":"view"}"#),
        "{text}"
    );
}

async fn an_answer_has_its_reasons(db: TestDb) {
    let assay = start(db).await;
    touch(
        &assay,
        &[
            "folder:docs#viewer@user:ada",
            "folder:docs#viewer@user:eve",
            "document:readme#parent@folder:docs",
            "document:readme#banned@user:eve",
        ],
    )
    .await;
    let yes = ask(&assay, "explain", &tuple("document:readme#view@user:ada")).await;
    let yes = yes.expect_status(200).json();
    assert_eq!(yes["result"], "HAS");
    let text = yes["findings"].to_string();
    for part in [
        tuple("document:readme#parent@folder:docs"),
        tuple("folder:docs#viewer@user:ada"),
    ] {
        assert!(text.contains(&part.to_string()), "{text}");
    }
    let no = ask(&assay, "explain", &tuple("document:readme#view@user:eve")).await;
    let no = no.expect_status(200).json();
    assert_eq!(no["result"], "NO");
    assert!(no["findings"].to_string().contains("excluded_by"), "{no}");
}
