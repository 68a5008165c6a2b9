//! What operators say attributes must be holds for whoever writes them.

use reqwest::Method;
use serde_json::{Value, json};

use super::bulk::{account, import, lines};
use super::{USERS, person, send};
use crate::harness::{Assay, Command, Manifests, TestDb};

both_databases!(
    the_admin_api_the_command_line_and_files_are_held_to_it,
    what_is_there_already_is_left_alone_until_it_is_written,
);

/// Everybody is in a department.
fn departments() -> Manifests {
    Manifests::new().file(
        "account.yaml",
        "apiVersion: assay/v1
kind: Module
metadata: { name: account }
spec:
  settings:
    attributeSchema:
      type: object
      required: [department]
      properties:
        department: { enum: [sales, research] }
        nickname: { type: string, maxLength: 8, pattern: '^[a-z]+$' }
        phones: { type: array, items: { type: string } }
",
    )
}

async fn the_admin_api_the_command_line_and_files_are_held_to_it(db: TestDb) {
    let assay = Assay::with(db).manifests(&departments()).start().await;
    let wrong = json!({ "department": "secret", "nickname": "SECRET", "phones": ["1", 2] });
    let words = [
        "`attributes.department`: must be one of [\"sales\",\"research\"]",
        "`attributes.nickname`: does not have the form `^[a-z]+$`",
        "`attributes.phones[1]`: ",
    ];
    let body = json!({ "email": "ada@example.com", "attributes": wrong });
    let refused = send(&assay, Method::POST, USERS, &body)
        .await
        .expect_status(400);
    let told = refused.json()["detail"].as_str().unwrap().to_owned();
    for expected in words {
        assert!(told.contains(expected), "{expected}\n{told}");
    }
    assert!(
        !refused.body.to_lowercase().contains("secret"),
        "{refused:?}"
    );
    let nothing = send(
        &assay,
        Method::POST,
        USERS,
        &json!({ "email": "ada@example.com" }),
    )
    .await;
    let nothing = nothing.expect_status(400);
    assert!(
        nothing.body.contains("missing field `department`"),
        "{nothing:?}"
    );

    let create = |attribute: &'static str| {
        let arguments = [
            "user",
            "create",
            "--email",
            "ada@example.com",
            "--attribute",
            attribute,
        ];
        (assay.command(arguments), assay.remote_command(arguments))
    };
    let (here, there) = create("department=secret");
    for command in [here, there] {
        let refused = command.run().expect_code(2);
        assert!(refused.stderr.contains(words[0]), "{refused:?}");
    }
    let (here, _) = create("department=sales");
    here.run().expect_code(0);
    let ada = account(&assay, "ada@example.com").await;
    let one = format!("{USERS}/{}", ada["id"].as_str().unwrap());
    for attributes in [
        json!({ "department": "secret" }),
        json!({ "department": null }),
        Value::Null,
    ] {
        let change = json!({ "attributes": attributes });
        let refused = send(&assay, Method::PATCH, &one, &change).await;
        refused.expect_status(400);
    }
    let change = json!({ "attributes": { "department": "research" } });
    send(&assay, Method::PATCH, &one, &change)
        .await
        .expect_status(200);

    let text = lines(&[
        json!({ "email": "grace@example.com", "attributes": wrong }),
        json!({ "email": "alan@example.com" }),
        json!({ "email": "ada@example.com", "attributes": { "department": "secret" } }),
    ]);
    for by_server in [false, true] {
        let refused = import(&assay, by_server, &text, &["--update"]).expect_code(2);
        for expected in [
            "people.ndjson:1: attributes.department: must be one of",
            "people.ndjson:1: attributes.nickname: does not have the form",
            "people.ndjson:1: attributes.phones[1]: ",
            "people.ndjson:2: attributes: missing field `department`",
            "people.ndjson:3: attributes.department: must be one of",
        ] {
            assert!(refused.stderr.contains(expected), "{expected}\n{refused:?}");
        }
        assert!(
            !refused.stderr.to_lowercase().contains("secret"),
            "{refused:?}"
        );
    }
    assert_eq!(account(&assay, "grace@example.com").await, Value::Null);
}

async fn what_is_there_already_is_left_alone_until_it_is_written(db: TestDb) {
    let assay = Assay::start(db).await;
    let before = json!({ "attributes": { "nickname": "TOO LONG FOR IT", "locale": "en" } });
    let ada = person(&assay, "ada@example.com", &before).await;
    assay.apply(&departments());

    let one = format!("{USERS}/{ada}");
    let change = async |attributes: Value| {
        let body = json!({ "attributes": attributes });
        send(&assay, Method::PATCH, &one, &body).await
    };
    // Nobody could change anything if what else does not fit counted.
    change(json!({ "locale": "de" })).await.expect_status(200);
    // What is written has to fit, whatever was there.
    change(json!({ "nickname": "ALSO TOO LONG" }))
        .await
        .expect_status(400);
    change(json!({ "nickname": "ada" }))
        .await
        .expect_status(200);
    change(json!({ "nickname": "TOO LONG FOR IT" }))
        .await
        .expect_status(400);
    change(json!({ "department": "sales" }))
        .await
        .expect_status(200);
    change(json!({ "department": null }))
        .await
        .expect_status(400);
    let kept = account(&assay, "ada@example.com").await;
    let expected = json!({ "locale": "de", "nickname": "ada", "department": "sales" });
    assert_eq!(kept["attributes"], expected);
}

#[test]
fn a_schema_that_is_none_is_shown_where_it_is() {
    let text = "apiVersion: assay/v1
kind: Module
metadata: { name: account }
spec:
  settings:
    attributeSchema:
      properties:
        department: { $ref: 'https://schemas.example.com/department.json' }
";
    let refused = Command::offline(["validate", "-f", "-"])
        .input(text)
        .run()
        .expect_code(2);
    for expected in ["`$ref` must be a pointer to a part of this schema", "7:7"] {
        assert!(refused.stderr.contains(expected), "{}", refused.stderr);
    }
}
