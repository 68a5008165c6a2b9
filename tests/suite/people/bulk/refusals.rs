use serde_json::{Value, json};

use super::super::person;
use super::{account, exported, import, lines, post, upstreams};
use crate::harness::{Assay, TestDb};

both_databases!(
    all_that_is_wrong_is_told_by_its_place_and_without_values,
    nobody_takes_what_is_somebody_elses,
    a_group_is_made_only_if_it_is_asked_for,
);

/// Lines, and what is said of each.
fn wrong() -> Vec<(String, Vec<&'static str>)> {
    let line = |more: Value| {
        let mut person = json!({ "email": "ada@example.com" });
        for (name, value) in more.as_object().unwrap() {
            person[name] = value.clone();
        }
        person.to_string()
    };
    vec![
        ("{\"email\": \"secret".into(), vec![": this is not JSON"]),
        ("\"secret\"".into(), vec![": a line is a JSON object"]),
        ("[]".into(), vec![": a line is a JSON object"]),
        ("{}".into(), vec![": email: everybody needs one"]),
        (
            r#"{"email": "a@b.example", "email": "c@d.example"}"#.into(),
            vec![": email: this stands here twice"],
        ),
        (
            line(json!({ "isAdmin": true, "password": "secret", "emial": 1 })),
            vec![
                ": isAdmin: a file makes no administrators",
                ": password: a password cannot be imported",
                ": emial: there is no such field",
            ],
        ),
        (
            line(
                json!({ "id": "secret", "emailVerified": "secret", "externalId": " secret", "userName": "" }),
            ),
            vec![
                ": id: an id is a UUID",
                ": emailVerified: must be true or false",
                ": externalId: an external id has",
                ": userName: a user name has",
            ],
        ),
        (
            line(
                json!({ "id": "0B0C8F2E-6A53-4B8E-9D2F-5F1F7F4F3A10", "state": "secret", "createdAt": "2121-01-01T00:00:00Z" }),
            ),
            vec![
                ": id: an id is a UUID in lower case",
                ": state: must be `active`",
                ": createdAt: must be a moment in the past",
            ],
        ),
        (
            line(json!({ "attributes": { "sub": "secret" }, "passwordHash": "secret" })),
            vec![
                ": attributes: `attributes.sub` cannot be set",
                ": passwordHash: this is no password hash",
            ],
        ),
        (
            line(
                json!({ "passwordHash": "$2b$31$luU930CcECXOiRL0/kdGWeaL6S5fsvwehi4zlMBjv.E8S6VnI7vPC" }),
            ),
            vec![": passwordHash: this password hash costs more"],
        ),
        (
            line(
                json!({ "groups": ["secret", "Secret", " "], "identities": [{ "provider": "google" }] }),
            ),
            vec![
                ": groups[1]: this group stands here twice",
                ": groups[2]: a group's name has",
                ": identities[0]: must be an object with `provider`",
            ],
        ),
        (
            line(json!({ "attributes": { "notes": "secret ".repeat(10_000) } })),
            vec![": a line may have 65536 bytes at most"],
        ),
    ]
}

async fn all_that_is_wrong_is_told_by_its_place_and_without_values(db: TestDb) {
    let assay = Assay::start(db).await;
    let wrong = wrong();
    let good = "{\"email\": \"grace@example.com\"}\n";
    let texts: Vec<&str> = wrong.iter().map(|(line, _)| line.as_str()).collect();
    let text = texts.join("\n");
    for by_server in [false, true] {
        let refused = import(&assay, by_server, &format!("{good}{text}"), &[]).expect_code(2);
        for (place, (_, messages)) in wrong.iter().enumerate() {
            for message in messages {
                let expected = format!("people.ndjson:{}{message}", place + 2);
                assert!(
                    refused.stderr.contains(&expected),
                    "{expected}\n{}",
                    refused.stderr
                );
            }
        }
        assert!(
            !refused.stderr.to_lowercase().contains("secret"),
            "{}",
            refused.stderr
        );
        assert!(
            refused.stderr.ends_with("nothing was imported\n"),
            "{}",
            refused.stderr
        );
    }
    assert!(exported(&assay, "").await.is_empty());

    let many = "{}\n".repeat(250);
    for by_server in [false, true] {
        let refused = import(&assay, by_server, &many, &[]).expect_code(2);
        assert_eq!(refused.stderr.matches("everybody needs one").count(), 100);
        assert!(
            refused.stderr.contains("and 150 more problems"),
            "{}",
            refused.stderr
        );
    }
}

async fn refusals(assay: &Assay, query: &str, people: &[Value]) -> Vec<(u64, String)> {
    let reply = post(assay, query, lines(people))
        .await
        .expect_status(422)
        .json();
    let problems = reply["imported"]["problems"].as_array().unwrap().iter();
    let place = |problem: &Value| {
        (
            problem["line"].as_u64().unwrap(),
            problem["field"].as_str().unwrap_or_default().to_owned(),
        )
    };
    problems.map(place).collect()
}

fn places(places: &[(u64, &str)]) -> Vec<(u64, String)> {
    let owned = places
        .iter()
        .map(|(line, field)| (*line, (*field).to_owned()));
    owned.collect()
}

const CLIENT: &str = "5d3c1a52-58c5-4f0e-8a55-0b2f6d1f3f77";

async fn nobody_takes_what_is_somebody_elses(db: TestDb) {
    let manifests = upstreams().file(
        "client.yaml",
        &format!(
            "apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: {CLIENT} }}
spec: {{ clientType: public, redirectUris: [https://app.example.com/callback] }}
"
        ),
    );
    let assay = Assay::with(db).manifests(&manifests).start().await;
    let ada = person(&assay, "ada@example.com", &json!({ "externalId": "1" })).await;
    person(&assay, "grace@example.com", &json!({ "externalId": "2" })).await;
    let identity = json!({ "provider": "google", "subject": "7" });
    let alan = json!({ "email": "alan@example.com", "identities": [identity] });
    post(&assay, "", lines(&[alan])).await.expect_status(200);

    let new = |more: Value| {
        let mut person = json!({ "email": "new@example.com" });
        for (name, value) in more.as_object().unwrap() {
            person[name] = value.clone();
        }
        person
    };
    for query in ["", "?update=true", "?dryRun=true"] {
        let people = [
            // Two accounts at once.
            json!({ "email": "grace@example.com", "externalId": "1" }),
            json!({ "email": "grace@example.com", "id": ada }),
        ];
        for person in people {
            let found = refusals(&assay, query, &[person]).await;
            assert_eq!(found, places(&[(1, "email")]), "{query}");
        }
        // An id never changes.
        let id = "0b0c8f2e-6a53-4b8e-9d2f-5f1f7f4f3a10";
        let person = json!({ "email": "grace@example.com", "id": id });
        let found = refusals(&assay, query, &[person]).await;
        assert_eq!(found, places(&[(1, "id")]), "{query}");
        // Nor is it a client's: its tokens would be taken for the person's.
        let found = refusals(&assay, query, &[new(json!({ "id": CLIENT }))]).await;
        assert_eq!(found, places(&[(1, "id")]), "{query}");
        let taken = new(json!({ "identities": [
            { "provider": "google", "subject": "7" },
            { "provider": "nowhere", "subject": "7" },
            { "provider": "google", "subject": "8", "issuer": "https://evil.example" },
            { "provider": "entra", "subject": "8" },
        ] }));
        let found = refusals(&assay, query, &[taken]).await;
        let mut fields: Vec<String> = found.into_iter().map(|(_, field)| field).collect();
        fields.sort();
        let all = [
            "identities[0]",
            "identities[1]",
            "identities[2]",
            "identities[3]",
        ];
        assert_eq!(fields, all, "{query}");
    }
    let twins = [
        new(json!({ "externalId": "9", "userName": "Alan", "id": CLIENT.replace('5', "6") })),
        json!({
            "email": "New@example.com", "externalId": "9", "userName": "aLAN",
            "id": CLIENT.replace('5', "6"),
        }),
    ];
    let found = refusals(&assay, "", &twins).await;
    let expected = [(2, "id"), (2, "email"), (2, "externalId"), (2, "userName")];
    assert_eq!(found, places(&expected));
    assert_eq!(account(&assay, "new@example.com").await, Value::Null);
}

async fn a_group_is_made_only_if_it_is_asked_for(db: TestDb) {
    let assay = Assay::start(db).await;
    let people = [
        json!({ "email": "ada@example.com", "groups": ["Engineers"] }),
        json!({ "email": "grace@example.com", "groups": ["engineers", "Admirals"] }),
    ];
    let found = refusals(&assay, "", &people).await;
    assert_eq!(
        found,
        places(&[(1, "groups[0]"), (2, "groups[0]"), (2, "groups[1]")])
    );
    let done = post(&assay, "?makeGroups=true", lines(&people)).await;
    assert_eq!(done.expect_status(200).json()["groupsMade"], 2);
}
