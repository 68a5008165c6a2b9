use reqwest::Method;
use serde_json::{Value, json};

use super::{GROUPS, USERS, ask, expect_refusal, group, patch, person, send};
use crate::harness::{Assay, TestDb};

both_databases!(
    a_group_is_made_replaced_and_forgotten,
    members_come_and_go_one_by_one,
    what_no_group_can_be_is_refused,
);

async fn members(assay: &Assay, group: &str) -> Vec<String> {
    let read = ask(assay, Method::GET, &format!("{GROUPS}/{group}")).await;
    let read = read.expect_status(200).json();
    let members = read["members"].as_array().cloned().unwrap_or_default();
    let id = |member: &Value| member["value"].as_str().unwrap().to_owned();
    members.iter().map(id).collect()
}

async fn a_group_is_made_replaced_and_forgotten(db: TestDb) {
    let assay = Assay::start(db).await;
    let ada = person(&assay, "ada@example.com", &json!({})).await;
    let grace = person(&assay, "grace@example.com", &json!({})).await;
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Engineers", "externalId": "g-1",
        "members": [{ "value": ada, "type": "User" }, { "value": ada }],
    });
    let made = send(&assay, Method::POST, GROUPS, &body)
        .await
        .expect_status(201);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("{GROUPS}/{id}");
    let read = ask(&assay, Method::GET, &path).await.expect_status(200);
    assert_eq!(read.header("etag"), made.header("etag"));
    let read = read.json();
    assert_eq!(read, made.json());
    assert_eq!(
        (&read["displayName"], &read["externalId"]),
        (&body["displayName"], &body["externalId"])
    );
    let location = |id: &str| assay.url(&format!("{USERS}/{id}")).to_string();
    assert_eq!(
        read["members"],
        json!([{ "value": ada, "$ref": location(&ada), "type": "User" }])
    );

    // The person knows.
    let person = ask(&assay, Method::GET, &format!("{USERS}/{ada}"))
        .await
        .json();
    assert_eq!(
        person["groups"],
        json!([{ "value": id, "$ref": assay.url(&path).as_str(), "display": "Engineers", "type": "direct" }])
    );
    let found = super::query(USERS, &[("filter", &format!("groups.value eq \"{id}\""))]);
    assert_eq!(
        super::all(&ask(&assay, Method::GET, &found).await.json(), "id"),
        [&ada]
    );

    let body = json!({ "displayName": "Admirals", "members": [{ "value": grace }] });
    let replaced = send(&assay, Method::PUT, &path, &body)
        .await
        .expect_status(200)
        .json();
    assert_eq!(replaced["displayName"], "Admirals");
    assert!(replaced.get("externalId").is_none());
    assert_eq!(members(&assay, &id).await, [grace]);

    ask(&assay, Method::DELETE, &path).await.expect_status(204);
    ask(&assay, Method::GET, &path).await.expect_status(404);
    let person = ask(&assay, Method::GET, &format!("{USERS}/{ada}"))
        .await
        .expect_status(200)
        .json();
    assert!(person.get("groups").is_none());
}

async fn members_come_and_go_one_by_one(db: TestDb) {
    let assay = Assay::start(db).await;
    let mut ids = Vec::new();
    for name in ["ada", "grace", "zuse"] {
        ids.push(person(&assay, &format!("{name}@example.com"), &json!({})).await);
    }
    ids.sort();
    let [ada, grace, zuse] = ids.as_slice() else {
        unreachable!("three were made")
    };
    let id = group(&assay, "Engineers", &[ada]).await;
    let path = format!("{GROUPS}/{id}");
    let change = |operation: Value| {
        let operations = json!([operation]);
        let (assay, path) = (&assay, &path);
        async move { patch(assay, path, &operations).await }
    };

    // Entra ID.
    let add =
        json!({ "op": "Add", "path": "members", "value": [{ "value": grace }, { "value": zuse }] });
    change(add.clone()).await.expect_status(204);
    change(add).await.expect_status(204);
    assert_eq!(members(&assay, &id).await, ids);
    let remove = json!({ "op": "Remove", "path": "members", "value": [{ "value": grace }] });
    change(remove).await.expect_status(204);
    assert_eq!(members(&assay, &id).await, [ada.clone(), zuse.clone()]);
    let rename = json!({ "op": "Replace", "value": { "id": id, "displayName": "Admirals" } });
    change(rename).await.expect_status(204);
    // Okta, authentik.
    let remove = json!({ "op": "remove", "path": format!("members[value eq \"{ada}\"]") });
    change(remove.clone()).await.expect_status(204);
    change(remove).await.expect_status(204);
    assert_eq!(members(&assay, &id).await, [zuse.as_str()]);
    let add = json!({ "op": "add", "value": { "members": [{ "value": ada }] } });
    change(add).await.expect_status(204);
    let others = json!({ "op": "remove", "path": format!("members[value ne \"{ada}\"]") });
    change(others).await.expect_status(204);
    assert_eq!(members(&assay, &id).await, [ada.as_str()]);
    let replace = json!({ "op": "replace", "path": "members", "value": [{ "value": grace }] });
    change(replace).await.expect_status(204);
    assert_eq!(members(&assay, &id).await, [grace.as_str()]);

    // All or nothing.
    let path_of = format!("{GROUPS}/{id}");
    let half = json!([
        { "op": "add", "path": "members", "value": [{ "value": zuse }] },
        { "op": "add", "path": "members", "value": [{ "value": "nobody" }] },
    ]);
    expect_refusal(
        &patch(&assay, &path_of, &half).await,
        400,
        Some("invalidValue"),
    );
    assert_eq!(members(&assay, &id).await, [grace.as_str()]);

    let asked = format!("{path_of}?attributes=displayName");
    let clear = json!([{ "op": "remove", "path": "members" }]);
    let cleared = patch(&assay, &asked, &clear)
        .await
        .expect_status(200)
        .json();
    assert_eq!(cleared["displayName"], "Admirals");
    assert!(members(&assay, &id).await.is_empty());
}

async fn what_no_group_can_be_is_refused(db: TestDb) {
    let assay = Assay::start(db).await;
    let engineers = group(&assay, "Engineers", &[]).await;
    let admirals = group(&assay, "Admirals", &[]).await;
    let path = format!("{GROUPS}/{admirals}");
    for (body, status, scim_type) in [
        (json!({}), 400, "invalidValue"),
        (json!({ "displayName": " " }), 400, "invalidValue"),
        (json!({ "displayName": "ENGINEERS" }), 409, "uniqueness"),
        (
            json!({ "displayName": "A", "members": [{ "value": "nobody" }] }),
            400,
            "invalidValue",
        ),
        (
            json!({ "displayName": "A", "members": [{ "value": engineers, "type": "Group" }] }),
            400,
            "invalidValue",
        ),
        (
            json!({ "displayName": "A", "members": [{ "type": "User" }] }),
            400,
            "invalidValue",
        ),
    ] {
        expect_refusal(
            &send(&assay, Method::POST, GROUPS, &body).await,
            status,
            Some(scim_type),
        );
        expect_refusal(
            &send(&assay, Method::PUT, &path, &body).await,
            status,
            Some(scim_type),
        );
    }
    let with = |tag: &str| {
        let request = assay.admin(Method::DELETE, &path).header("if-match", tag);
        crate::harness::Reply::to(request)
    };
    expect_refusal(&with("W/\"1\"").await, 412, None);
    let change =
        json!([{ "op": "replace", "path": "members[value eq \"a\"].value", "value": "b" }]);
    expect_refusal(
        &patch(&assay, &path, &change).await,
        400,
        Some("mutability"),
    );
    let all = ask(&assay, Method::GET, GROUPS).await.json();
    assert_eq!(super::all(&all, "displayName"), ["Engineers", "Admirals"]);
}
