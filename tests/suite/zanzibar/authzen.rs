//! OpenID AuthZEN, Authorization API 1.0.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, expect_problem, start, touch, update};
use crate::harness::{Assay, Reply, TestDb};

both_databases!(
    a_decision_is_made_as_authzen_asks_for_it,
    several_decisions_stop_where_they_are_told_to,
    who_what_and_how_are_searched_for,
);

async fn send(assay: &Assay, path: &str, body: &Value) -> Reply {
    let path = format!("/access/v1/{path}");
    Reply::to(assay.admin(Method::POST, &path).json(body)).await
}

fn tried(subject: &str, action: &str, resource: &str) -> Value {
    json!({
        "subject": { "type": "user", "id": subject },
        "action": { "name": action },
        "resource": { "type": "document", "id": resource },
    })
}

async fn stock(db: TestDb) -> Assay {
    let assay = start(db).await;
    touch(
        &assay,
        &[
            "document:readme#owner@user:ada",
            "document:readme#viewer@user:bob",
            "document:notes#owner@user:ada",
            "document:open#viewer@user:*",
            "document:open#banned@user:eve",
        ],
    )
    .await;
    let mut limited = update("touch", "document:hours#viewer@user:ada");
    limited["tuple"]["caveat"] = json!({ "name": "office_hours" });
    let written = ask(&assay, "write", &json!({ "updates": [limited] })).await;
    written.expect_status(200);
    assay
}

async fn a_decision_is_made_as_authzen_asks_for_it(db: TestDb) {
    let assay = stock(db).await;
    let configuration = assay.get("/.well-known/authzen-configuration").await;
    let configuration = configuration.expect_status(200).json();
    let endpoint = configuration["access_evaluation_endpoint"]
        .as_str()
        .unwrap();
    assert!(endpoint.ends_with("/access/v1/evaluation"), "{endpoint}");

    for (subject, action, resource, decision) in [
        ("ada", "edit", "readme", true),
        ("bob", "edit", "readme", false),
        ("bob", "view", "readme", true),
        ("eve", "view", "open", false),
        ("eve", "view", "readme", false),
    ] {
        let said = send(&assay, "evaluation", &tried(subject, action, resource)).await;
        let said = said.expect_status(200).json();
        assert_eq!(
            said,
            json!({ "decision": decision }),
            "{subject} {action} {resource}"
        );
    }

    // What depends on something is no yes; properties and context are what it depends on.
    let mut body = tried("ada", "view", "hours");
    let said = send(&assay, "evaluation", &body)
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        said,
        json!({ "decision": false, "context": { "missing": ["hour"] } })
    );
    body["resource"]["properties"] = json!({ "hour": 20, "colour": "red" });
    let said = send(&assay, "evaluation", &body)
        .await
        .expect_status(200)
        .json();
    assert_eq!(said["decision"], false);
    body["context"] = json!({ "hour": 10 });
    let said = send(&assay, "evaluation", &body)
        .await
        .expect_status(200)
        .json();
    assert_eq!(said["decision"], true);

    for member in ["subject", "action", "resource"] {
        let mut body = tried("ada", "view", "readme");
        body.as_object_mut().unwrap().remove(member);
        let problem = expect_problem(&send(&assay, "evaluation", &body).await, 400, "bad-request");
        assert!(
            problem["detail"].as_str().unwrap().contains(member),
            "{problem}"
        );
    }
    let unknown = send(&assay, "evaluation", &tried("ada", "print", "readme")).await;
    expect_problem(&unknown, 422, "unknown-relation");
    let nobody = assay.request(Method::POST, "/access/v1/evaluation");
    let nobody = Reply::to(nobody.json(&tried("ada", "view", "readme"))).await;
    expect_problem(&nobody, 401, "unauthenticated");
}

async fn several_decisions_stop_where_they_are_told_to(db: TestDb) {
    let assay = stock(db).await;
    let mut body = json!({
        "subject": { "type": "user", "id": "bob" },
        "action": { "name": "view" },
        "evaluations": [
            { "resource": { "type": "document", "id": "readme" } },
            { "resource": { "type": "document", "id": "readme" }, "action": { "name": "edit" } },
            { "resource": { "type": "document", "id": "readme" }, "action": { "name": "print" } },
            { "resource": { "type": "document", "id": "open" } },
        ],
    });
    let decisions = async |body: &Value| {
        let said = send(&assay, "evaluations", body)
            .await
            .expect_status(200)
            .json();
        let all = said["evaluations"].as_array().unwrap().iter();
        all.map(|one| one["decision"].as_bool().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(decisions(&body).await, [true, false, false, true]);
    body["options"] = json!({ "evaluations_semantic": "deny_on_first_deny" });
    assert_eq!(decisions(&body).await, [true, false]);
    body["options"] = json!({ "evaluations_semantic": "permit_on_first_permit" });
    assert_eq!(decisions(&body).await, [true]);
    // What cannot be decided says why.
    body["options"] = json!({});
    let said = send(&assay, "evaluations", &body).await.json();
    let error = &said["evaluations"][2]["context"]["error"];
    assert_eq!(error["type"], "urn:assay:problem:unknown-relation");
    // Without a list it is one evaluation.
    let one = send(&assay, "evaluations", &tried("ada", "edit", "readme")).await;
    assert_eq!(one.expect_status(200).json(), json!({ "decision": true }));
}

async fn who_what_and_how_are_searched_for(db: TestDb) {
    let assay = stock(db).await;
    let search = async |path: &str, body: Value| {
        let said = send(&assay, &format!("search/{path}"), &body).await;
        said.expect_status(200).json()
    };
    let mut who = tried("", "view", "readme");
    who["subject"] = json!({ "type": "user" });
    let found = search("subject", who.clone()).await;
    let user = |id: &str| json!({ "type": "user", "id": id });
    assert_eq!(found["results"], json!([user("ada"), user("bob")]));
    assert_eq!(found["page"], json!({ "next_token": "", "count": 2 }));
    who["page"] = json!({ "limit": 1 });
    let first = search("subject", who.clone()).await;
    assert_eq!(first["results"], json!([user("ada")]));
    who["page"]["token"] = first["page"]["next_token"].clone();
    let second = search("subject", who.clone()).await;
    assert_eq!(second["results"], json!([user("bob")]));
    assert_eq!(second["page"]["next_token"], "");
    who["page"] = json!({});
    who["resource"]["id"] = json!("open");
    assert_eq!(search("subject", who).await["results"], json!([user("*")]));

    let mut what = tried("ada", "edit", "");
    what["resource"] = json!({ "type": "document" });
    let document = |id: &str| json!({ "type": "document", "id": id });
    let found = search("resource", what.clone()).await;
    assert_eq!(
        found["results"],
        json!([document("notes"), document("readme")])
    );
    // What depends on something is found when that is said.
    what["action"]["name"] = json!("view");
    let found = search("resource", what.clone()).await;
    assert_eq!(
        found["results"],
        json!([document("notes"), document("open"), document("readme")])
    );
    what["context"] = json!({ "hour": 10 });
    assert_eq!(
        search("resource", what).await["results"]
            .as_array()
            .unwrap()
            .len(),
        4
    );

    let mut how = tried("ada", "", "readme");
    how.as_object_mut().unwrap().remove("action");
    let found = search("action", how).await;
    assert_eq!(
        found["results"],
        json!([{ "name": "edit" }, { "name": "owner" }, { "name": "view" }])
    );
}
