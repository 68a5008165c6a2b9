use reqwest::Method;
use serde_json::{Value, json};

use super::{ENTERPRISE, USERS, ask, expect_refusal, patch, person};
use crate::harness::{Assay, TestDb};

both_databases!(
    attributes_are_added_replaced_and_removed,
    values_of_lists_are_changed_by_filters,
    directories_are_understood_as_they_speak,
    what_cannot_be_changed_is_refused,
);

async fn changed(assay: &Assay, id: &str, operations: Value) -> Value {
    let path = format!("{USERS}/{id}");
    let reply = patch(assay, &path, &operations).await.expect_status(200);
    let read = ask(assay, Method::GET, &path).await.expect_status(200);
    assert_eq!(reply.json(), read.json());
    assert_eq!(reply.header("etag"), read.header("etag"));
    read.json()
}

async fn attributes_are_added_replaced_and_removed(db: TestDb) {
    let assay = Assay::start(db).await;
    let id = person(&assay, "ada@example.com", &json!({ "title": "Miss" })).await;
    let ada = changed(
        &assay,
        &id,
        json!([
            { "op": "replace", "path": "title", "value": "Countess" },
            { "op": "add", "path": "name.familyName", "value": "Lovelace" },
            { "op": "add", "path": "name", "value": { "givenName": "Ada" } },
            { "op": "add", "path": format!("{ENTERPRISE}:department"), "value": "Engines" },
            { "op": "replace", "path": ENTERPRISE, "value": { "costCenter": "7" } },
        ]),
    )
    .await;
    assert_eq!(ada["title"], "Countess");
    assert_eq!(
        ada["name"],
        json!({ "familyName": "Lovelace", "givenName": "Ada" })
    );
    assert_eq!(
        ada[ENTERPRISE],
        json!({ "department": "Engines", "costCenter": "7" })
    );
    assert_eq!(
        ada["schemas"],
        json!(["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE])
    );

    let ada = changed(
        &assay,
        &id,
        json!([
            { "op": "remove", "path": "title" },
            { "op": "remove", "path": "name.givenName" },
            { "op": "remove", "path": "nickName" },
            { "op": "remove", "path": ENTERPRISE },
            { "op": "replace", "path": "emails", "value": [{ "value": "ada@new.example" }] },
            { "op": "replace", "path": "active", "value": false },
        ]),
    )
    .await;
    assert!(ada.get("title").is_none() && ada.get(ENTERPRISE).is_none());
    assert_eq!(ada["name"], json!({ "familyName": "Lovelace" }));
    assert_eq!(ada["emails"], json!([{ "value": "ada@new.example" }]));
    assert_eq!(ada["active"], false);
    let seen = ask(&assay, Method::GET, &format!("/auth/admin/auth/users/{id}"))
        .await
        .json();
    assert_eq!(seen["email"], "ada@new.example");
    assert_eq!(seen["attributes"], json!({ "family_name": "Lovelace" }));
}

async fn values_of_lists_are_changed_by_filters(db: TestDb) {
    let assay = Assay::start(db).await;
    let phones = json!([
        { "value": "1", "type": "work", "primary": true },
        { "value": "2", "type": "mobile" },
        { "value": "3", "type": "fax" },
    ]);
    let id = person(
        &assay,
        "ada@example.com",
        &json!({ "phoneNumbers": phones }),
    )
    .await;
    let ada = changed(&assay, &id, json!([
        { "op": "replace", "path": "phoneNumbers[type eq \"work\"].value", "value": "10" },
        { "op": "remove", "path": "phoneNumbers[type eq \"fax\"]" },
        { "op": "remove", "path": "phoneNumbers[type eq \"pager\"]" },
        { "op": "add", "path": "phoneNumbers", "value": [{ "value": "4", "type": "home", "primary": true }] },
        { "op": "add", "path": "phoneNumbers", "value": [{ "value": "2", "type": "mobile" }] },
    ])).await;
    // One is primary: the last that was said to be.
    assert_eq!(
        ada["phoneNumbers"],
        json!([
            { "value": "10", "type": "work", "primary": false },
            { "value": "2", "type": "mobile" },
            { "value": "4", "type": "home", "primary": true },
        ])
    );
    let ada = changed(
        &assay,
        &id,
        json!([
            { "op": "replace", "path": "phoneNumbers[value eq \"2\"]", "value": { "value": "20" } },
            { "op": "add", "path": "phoneNumbers[value eq \"20\"]", "value": { "type": "other" } },
            { "op": "remove", "path": "phoneNumbers.primary" },
        ]),
    )
    .await;
    assert_eq!(
        ada["phoneNumbers"],
        json!([
            { "value": "10", "type": "work" },
            { "value": "20", "type": "other" },
            { "value": "4", "type": "home" },
        ])
    );
    let gone = changed(
        &assay,
        &id,
        json!([{ "op": "remove", "path": "phoneNumbers[value pr]" }]),
    )
    .await;
    assert!(gone.get("phoneNumbers").is_none());
}

async fn directories_are_understood_as_they_speak(db: TestDb) {
    let assay = Assay::start(db).await;
    let id = person(&assay, "ada@example.com", &json!({})).await;
    // Entra ID.
    let ada = changed(
        &assay,
        &id,
        json!([
            { "op": "Add", "path": "emails[type eq \"work\"].value", "value": "ada@work.example" },
            { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "2" },
            { "op": "Replace", "path": "active", "value": "False" },
            { "op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "42" },
            { "op": "Replace", "value": {
                "name.givenName": "Ada",
                (format!("{ENTERPRISE}:department")): "Engines",
                "shoeSize": 36,
                "id": "mine",
            } },
        ]),
    )
    .await;
    assert_eq!(
        ada["emails"],
        json!([{ "type": "work", "primary": true, "value": "ada@work.example" }])
    );
    assert_eq!(
        ada["phoneNumbers"],
        json!([{ "type": "mobile", "value": "2" }])
    );
    assert_eq!(ada["active"], false);
    assert_eq!(ada["name"], json!({ "givenName": "Ada" }));
    assert_eq!(
        ada[ENTERPRISE],
        json!({ "manager": { "value": "42" }, "department": "Engines" })
    );
    // Okta.
    let ada = changed(
        &assay,
        &id,
        json!([{ "op": "replace", "value": { "active": true } }]),
    )
    .await;
    assert_eq!(ada["active"], true);
    assert_eq!(ada["name"], json!({ "givenName": "Ada" }));
    let password =
        json!([{ "op": "replace", "value": { "password": "correct horse battery staple" } }]);
    let ada = changed(&assay, &id, password).await;
    assert!(ada.get("password").is_none());
    let seen = ask(&assay, Method::GET, &format!("/auth/admin/auth/users/{id}"))
        .await
        .json();
    assert_eq!(seen["hasPassword"], true);
}

async fn what_cannot_be_changed_is_refused(db: TestDb) {
    let assay = Assay::start(db).await;
    let id = person(&assay, "ada@example.com", &json!({ "title": "Countess" })).await;
    person(&assay, "grace@example.com", &json!({})).await;
    let path = format!("{USERS}/{id}");
    for (operation, status, scim_type) in [
        (
            json!({ "op": "replace", "path": "id", "value": "x" }),
            400,
            "mutability",
        ),
        (
            json!({ "op": "add", "path": "groups", "value": [{ "value": "x" }] }),
            400,
            "mutability",
        ),
        (
            json!({ "op": "replace", "path": "meta.version", "value": "x" }),
            400,
            "mutability",
        ),
        (
            json!({ "op": "add", "path": "shoeSize", "value": "36" }),
            400,
            "invalidPath",
        ),
        (
            json!({ "op": "add", "path": "name.", "value": "36" }),
            400,
            "invalidPath",
        ),
        (
            json!({ "op": "add", "path": "name[givenName eq \"Ada\"]", "value": {} }),
            400,
            "invalidPath",
        ),
        (
            json!({ "op": "add", "path": "emails[type eq]", "value": "x" }),
            400,
            "invalidFilter",
        ),
        (
            json!({ "op": "add", "path": "emails[shoe eq \"x\"]", "value": "x" }),
            400,
            "invalidFilter",
        ),
        (
            json!({ "op": "replace", "path": "phoneNumbers[type eq \"fax\"].value", "value": "1" }),
            400,
            "noTarget",
        ),
        (
            json!({ "op": "add", "path": "phoneNumbers[type sw \"f\"].value", "value": "1" }),
            400,
            "noTarget",
        ),
        (json!({ "op": "remove" }), 400, "noTarget"),
        (
            json!({ "op": "remove", "path": "userName" }),
            400,
            "mutability",
        ),
        (
            json!({ "op": "remove", "path": "active" }),
            400,
            "mutability",
        ),
        (
            json!({ "op": "replace", "path": "userName", "value": "GRACE@example.com" }),
            409,
            "uniqueness",
        ),
        (
            json!({ "op": "replace", "path": "active", "value": "perhaps" }),
            400,
            "invalidValue",
        ),
        (
            json!({ "op": "replace", "path": "emails", "value": [{ "value": "none" }] }),
            400,
            "invalidValue",
        ),
        (
            json!({ "op": "move", "path": "title", "value": "x" }),
            400,
            "invalidSyntax",
        ),
        (
            json!({ "op": "replace", "value": "x" }),
            400,
            "invalidSyntax",
        ),
        (json!("remove"), 400, "invalidSyntax"),
    ] {
        // What came before in the request is undone.
        let operations =
            json!([{ "op": "replace", "path": "title", "value": "Baroness" }, operation]);
        let refused = patch(&assay, &path, &operations).await;
        expect_refusal(&refused, status, Some(scim_type));
    }
    let many = Value::Array(vec![json!({ "op": "remove", "path": "title" }); 1_001]);
    expect_refusal(
        &patch(&assay, &path, &many).await,
        400,
        Some("invalidSyntax"),
    );
    let values: Vec<Value> = (0..51)
        .map(|number| json!({ "value": number.to_string() }))
        .collect();
    let (some, more) = values.split_at(30);
    let many = json!([
        { "op": "add", "path": "phoneNumbers", "value": some },
        { "op": "add", "path": "phoneNumbers", "value": more },
    ]);
    expect_refusal(
        &patch(&assay, &path, &many).await,
        400,
        Some("invalidValue"),
    );
    assert_eq!(
        ask(&assay, Method::GET, &path).await.json()["title"],
        "Countess"
    );
}
