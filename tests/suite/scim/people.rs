use reqwest::Method;
use serde_json::{Value, json};

use super::{ENTERPRISE, USERS, ask, expect_refusal, person, send};
use crate::harness::{Assay, Reply, TestDb};

both_databases!(
    a_person_is_made_as_the_directory_says,
    a_person_is_replaced,
    no_two_people_are_called_the_same,
    an_account_that_was_there_before_is_adopted,
    what_is_asked_for_is_told_and_no_more,
);

const ADMIN_USERS: &str = "/auth/admin/auth/users";

fn ada() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "userName": "Ada.Lovelace",
        "externalId": "4711",
        "name": { "givenName": "Ada", "familyName": "Lovelace", "formatted": "Ada King, Countess of Lovelace" },
        "displayName": "Ada Lovelace",
        "locale": "en_GB",
        "timezone": "somewhere in London",
        "emails": [{ "value": "Ada@Example.com", "type": "work", "primary": true }],
        "phoneNumbers": [
            { "value": "1", "type": "fax" },
            { "value": "2", "type": "mobile", "primary": true },
        ],
        "shoeSize": 36,
        "id": "mine",
        (ENTERPRISE): { "department": "Engines", "manager": { "value": "42" } },
    })
}

/// The person as operators see them.
pub async fn operated(assay: &Assay, id: &str) -> Value {
    let reply = ask(assay, Method::GET, &format!("{ADMIN_USERS}/{id}")).await;
    reply.expect_status(200).json()
}

/// What operators make of them.
pub async fn operate(assay: &Assay, id: &str, change: &Value) -> Value {
    let path = format!("{ADMIN_USERS}/{id}");
    let reply = Reply::to(assay.admin(Method::PATCH, &path).json(change)).await;
    reply.expect_status(200).json()
}

async fn a_person_is_made_as_the_directory_says(db: TestDb) {
    let assay = Assay::start(db).await;
    let made = send(&assay, Method::POST, USERS, &ada())
        .await
        .expect_status(201);
    let body = made.json();
    let id = body["id"].as_str().unwrap();
    assert_ne!(id, "mine");
    let location = assay.url(&format!("{USERS}/{id}"));
    assert_eq!(made.header("location"), Some(location.as_str()));
    assert_eq!(body["meta"]["location"], location.as_str());
    assert_eq!(made.header("etag"), body["meta"]["version"].as_str());
    assert_eq!(body["meta"]["resourceType"], "User");
    for member in [
        "userName",
        "externalId",
        "name",
        "displayName",
        "locale",
        "timezone",
        "emails",
        "phoneNumbers",
        ENTERPRISE,
    ] {
        assert_eq!(body[member], ada()[member], "{member}");
    }
    assert_eq!(body["active"], true);
    assert!(body.get("shoeSize").is_none());
    let read = ask(&assay, Method::GET, &format!("{USERS}/{id}")).await;
    assert_eq!(read.expect_status(200).json(), body);

    // What clients and operators see.
    let seen = operated(&assay, id).await;
    assert_eq!(seen["email"], "ada@example.com");
    assert_eq!(seen["emailVerified"], false);
    assert_eq!(seen["userName"], "ada.lovelace");
    assert_eq!(seen["externalId"], "4711");
    assert_eq!(
        seen["attributes"],
        json!({
            "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "locale": "en-GB",
            "phone_number": "2", "department": "Engines", "manager": "42",
        })
    );

    // What an operator changes, the directory sees.
    let change = json!({ "attributes": { "name": "Countess", "department": null, "zoneinfo": "Europe/London" } });
    operate(&assay, id, &change).await;
    let read = ask(&assay, Method::GET, &format!("{USERS}/{id}"))
        .await
        .json();
    assert_eq!(read["displayName"], "Countess");
    assert_eq!(read["timezone"], "Europe/London");
    assert_eq!(read[ENTERPRISE], json!({ "manager": { "value": "42" } }));

    ask(&assay, Method::DELETE, &format!("{USERS}/{id}"))
        .await
        .expect_status(204);
    ask(&assay, Method::GET, &format!("{ADMIN_USERS}/{id}"))
        .await
        .expect_status(404);
    let audit = ask(&assay, Method::GET, "/auth/admin/auth/audit")
        .await
        .json();
    let text = audit.to_string();
    assert!(text.contains("user.create") && text.contains("user.delete"));
    assert!(!text.contains("Lovelace"), "{text}");
}

async fn a_person_is_replaced(db: TestDb) {
    let assay = Assay::start(db).await;
    let made = send(&assay, Method::POST, USERS, &ada())
        .await
        .expect_status(201)
        .json();
    let id = made["id"].as_str().unwrap();
    let path = format!("{USERS}/{id}");
    let other = json!({
        "userName": "ada.king", "name": { "givenName": "Augusta" },
        "emails": [{ "value": "ada.king@example.com" }],
        "groups": [{ "value": "admirals" }],
    });
    let replaced = send(&assay, Method::PUT, &path, &other)
        .await
        .expect_status(200)
        .json();
    assert_eq!(replaced["userName"], "ada.king");
    assert_eq!(replaced["name"], json!({ "givenName": "Augusta" }));
    assert_eq!(replaced["emails"], other["emails"]);
    for gone in [
        "externalId",
        "displayName",
        "phoneNumbers",
        "groups",
        ENTERPRISE,
    ] {
        assert!(replaced.get(gone).is_none(), "{gone}");
    }
    assert_eq!(replaced["active"], true);
    assert_ne!(replaced["meta"]["version"], made["meta"]["version"]);
    let seen = operated(&assay, id).await;
    assert_eq!(seen["attributes"], json!({ "given_name": "Augusta" }));
    assert_eq!(seen["email"], "ada.king@example.com");

    // An account without an address cannot be; a name that is one will do.
    expect_refusal(
        &send(&assay, Method::PUT, &path, &json!({ "userName": "ada" })).await,
        400,
        Some("invalidValue"),
    );
    let named = json!({ "userName": "Ada@Example.com" });
    let named = send(&assay, Method::PUT, &path, &named)
        .await
        .expect_status(200)
        .json();
    assert_eq!(named["emails"][0]["value"], "ada@example.com");
}

async fn no_two_people_are_called_the_same(db: TestDb) {
    let assay = Assay::start(db).await;
    send(&assay, Method::POST, USERS, &ada())
        .await
        .expect_status(201);
    let grace = person(
        &assay,
        "grace@example.com",
        &json!({ "externalId": "4712" }),
    )
    .await;
    assay.user("local");
    for twin in [
        json!({ "userName": "ADA.LOVELACE", "emails": [{ "value": "x@example.com" }] }),
        json!({ "userName": "x", "emails": [{ "value": "ADA@example.com" }] }),
        json!({ "userName": "x@example.com", "externalId": "4711" }),
        // Whom no directory has named is called by the address.
        json!({ "userName": "LOCAL@example.com", "emails": [{ "value": "x@example.com" }] }),
    ] {
        let refused = send(&assay, Method::POST, USERS, &twin).await;
        expect_refusal(&refused, 409, Some("uniqueness"));
        let refused = send(&assay, Method::PUT, &format!("{USERS}/{grace}"), &twin).await;
        expect_refusal(&refused, 409, Some("uniqueness"));
    }
    let all = ask(&assay, Method::GET, USERS).await.json();
    assert_eq!(all["totalResults"], 3);
}

async fn an_account_that_was_there_before_is_adopted(db: TestDb) {
    let assay = Assay::start(db).await;
    assay.user("ada");
    let path = super::query(USERS, &[("filter", r#"userName eq "ADA@example.com""#)]);
    let found = ask(&assay, Method::GET, &path)
        .await
        .expect_status(200)
        .json();
    assert_eq!(found["totalResults"], 1);
    let found = &found["Resources"][0];
    assert_eq!(found["userName"], "ada@example.com");
    assert_eq!(
        found["emails"],
        json!([{ "type": "work", "primary": true, "value": "ada@example.com" }])
    );
    let path = format!("{USERS}/{}", found["id"].as_str().unwrap());
    let mut adopted = found.clone();
    adopted["externalId"] = "4711".into();
    let adopted = send(&assay, Method::PUT, &path, &adopted)
        .await
        .expect_status(200)
        .json();
    assert_eq!(adopted["externalId"], "4711");
}

async fn what_is_asked_for_is_told_and_no_more(db: TestDb) {
    let assay = Assay::start(db).await;
    let made = send(&assay, Method::POST, USERS, &ada()).await.json();
    let path = format!("{USERS}/{}", made["id"].as_str().unwrap());
    let told = |parameters: &[(&str, &str)]| {
        let path = super::query(&path, parameters);
        let assay = &assay;
        async move {
            ask(assay, Method::GET, &path)
                .await
                .expect_status(200)
                .json()
        }
    };
    let some = told(&[("attributes", "userName,name.givenName,emails.value,nothing")]).await;
    assert_eq!(
        some,
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "id": made["id"],
            "userName": "Ada.Lovelace",
            "name": { "givenName": "Ada" },
            "emails": [{ "value": "Ada@Example.com" }],
        })
    );
    let department = format!("{ENTERPRISE}:department");
    let some = told(&[("attributes", &department)]).await;
    assert_eq!(some[ENTERPRISE], json!({ "department": "Engines" }));
    assert!(some.get("userName").is_none());
    let but = told(&[(
        "excludedAttributes",
        "id,userName,name.formatted,phoneNumbers.type",
    )])
    .await;
    assert_eq!(but["id"], made["id"]);
    assert!(but.get("userName").is_none());
    assert_eq!(
        but["name"],
        json!({ "givenName": "Ada", "familyName": "Lovelace" })
    );
    assert_eq!(but["phoneNumbers"][0], json!({ "value": "1" }));
    let both = super::query(
        &path,
        &[("attributes", "userName"), ("excludedAttributes", "name")],
    );
    expect_refusal(
        &ask(&assay, Method::GET, &both).await,
        400,
        Some("invalidValue"),
    );
}
