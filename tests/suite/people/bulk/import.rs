use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::super::{USERS, all, ask, group, person};
use super::{PASSWORD, account, ada, exported, import, lines, post, times, upstreams};
use crate::harness::{Assay, TestDb};

both_databases!(
    people_come_along_with_all_that_is_theirs,
    an_import_that_is_run_again_leaves_people_as_they_are,
    people_become_what_their_lines_say_if_it_is_asked_for,
    many_people_come_in_batches,
    lines_from_a_pipe_are_imported_until_something_is_wrong,
);

async fn signs_in(assay: &Assay, email: &str, password: &str) -> bool {
    let mut visitor = assay.visitor();
    let page = visitor.open(&assay.url("/auth/login")).await.page();
    let form = page
        .form_with("password")
        .fill("email", email)
        .fill("password", password);
    let page = visitor.submit(&form).await.page();
    page.reply.status == StatusCode::OK && page.url.path() == "/auth/account"
}

async fn people_come_along_with_all_that_is_theirs(db: TestDb) {
    let assay = Assay::with(db).manifests(&upstreams()).start().await;
    let grace = json!({ "email": " Grace@Example.com " });
    let text = lines(&[ada(), grace]);

    let checked = import(&assay, false, &text, &["--make-groups", "--dry-run"]).expect_code(0);
    assert_eq!(
        checked.stdout,
        "2 created, 0 updated, 0 unchanged, 2 groups made (dry run)\n"
    );
    assert!(exported(&assay, "").await.is_empty());
    let done = import(&assay, false, &text, &["--make-groups"]).expect_code(0);
    assert_eq!(
        done.stdout,
        "2 created, 0 updated, 0 unchanged, 2 groups made\n"
    );

    let there = account(&assay, "ada@example.com").await;
    let said = ada();
    for field in [
        "id",
        "email",
        "emailVerified",
        "externalId",
        "userName",
        "state",
        "attributes",
    ] {
        assert_eq!(there[field], said[field], "{field}");
    }
    assert_eq!(there["createdAt"], 1_614_834_367_000_i64);
    assert_eq!(there["isAdmin"], false);
    let of_ada = format!("{USERS}/{}/groups", there["id"].as_str().unwrap());
    let groups = ask(&assay, Method::GET, &of_ada).await.json();
    assert_eq!(all(&groups["groups"], "name"), ["Engineers", "Writers"]);
    let people = exported(&assay, "").await;
    let ada = people.iter().find(|person| person["id"] == said["id"]);
    assert_eq!(ada.unwrap()["identities"], said["identities"]);
    // Nobody is verified by coming from a file, and nobody is written to.
    let grace = account(&assay, "grace@example.com").await;
    assert_eq!(grace["emailVerified"], false);
    assert_eq!(grace["hasPassword"], false);
    let mails = ask(&assay, Method::GET, "/auth/admin/auth/mails?state=pending").await;
    assert_eq!(mails.json()["mails"], json!([]));

    assert!(signs_in(&assay, "ada@example.com", PASSWORD).await);
    assert!(!signs_in(&assay, "ada@example.com", "another one").await);
    assert_eq!(times(&assay, "user.import").await, 1);
}

async fn an_import_that_is_run_again_leaves_people_as_they_are(db: TestDb) {
    let assay = Assay::start(db).await;
    person(&assay, "grace@example.com", &json!({ "externalId": "7" })).await;
    let text = lines(&[
        json!({ "email": "ada@example.com", "attributes": { "name": "Ada" } }),
        json!({ "email": "new@example.com", "externalId": "7", "state": "disabled" }),
    ]);
    for by_server in [false, true] {
        let first = usize::from(!by_server);
        let done = import(&assay, by_server, &text, &[]).expect_code(0);
        let expected = format!("{first} created, 0 updated, {} unchanged\n", 2 - first);
        assert_eq!(done.stdout, expected);
    }
    let grace = account(&assay, "grace@example.com").await;
    assert_eq!(grace["state"], "active");
    // What changes nothing is not worth a record.
    assert_eq!(times(&assay, "user.import").await, 1);
}

async fn people_become_what_their_lines_say_if_it_is_asked_for(db: TestDb) {
    let assay = Assay::start(db).await;
    group(&assay, "Engineers").await;
    group(&assay, "Writers").await;
    let ada = json!({
        "email": "ada@example.com", "externalId": "1", "emailVerified": true, "groups": ["Engineers"],
        "attributes": { "name": "Ada", "locale": "en" },
    });
    import(&assay, false, &lines(&[ada]), &[]).expect_code(0);
    let user = assay.user("grace");
    let mut visitor = assay.visitor();
    visitor.sign_in_here(&assay.url("/auth/login"), &user).await;

    let text = lines(&[
        json!({
            "email": "lovelace@example.com", "externalId": "1", "groups": ["writers"],
            "attributes": { "locale": null, "nickname": "A" }, "passwordHash": super::BCRYPT,
        }),
        json!({
            "email": user.email, "state": "disabled", "passwordHash": super::BCRYPT,
        }),
    ]);
    for by_server in [false, true] {
        let done = import(&assay, by_server, &text, &["--update", "-o", "json"]).expect_code(0);
        let updated = if by_server { 0 } else { 2 };
        let expected = json!({
            "created": 0, "updated": updated, "unchanged": 2 - updated, "groupsMade": 0,
            "dryRun": false, "problemCount": 0,
        });
        assert_eq!(done.json(), expected);
    }
    let lovelace = account(&assay, "lovelace@example.com").await;
    // Nobody has shown that the new address is theirs.
    assert_eq!(lovelace["emailVerified"], false);
    assert_eq!(
        lovelace["attributes"],
        json!({ "name": "Ada", "nickname": "A" })
    );
    let people = exported(&assay, "").await;
    let line = people.iter().find(|person| person["externalId"] == "1");
    assert_eq!(line.unwrap()["groups"], json!(["Writers"]));
    assert!(signs_in(&assay, "lovelace@example.com", PASSWORD).await);

    // An account that is closed has no session, and a password that was chosen stays.
    let page = visitor.open(&assay.url("/auth/account")).await.page();
    assert_eq!(page.url.path(), "/auth/login");
    let open = json!({ "email": user.email, "state": "active" });
    post(&assay, "?update=true", lines(&[open]))
        .await
        .expect_status(200);
    assert!(signs_in(&assay, &user.email, &user.password).await);
}

fn numbered(number: usize) -> Value {
    json!({ "email": format!("p{number}@example.com"), "externalId": format!("{number}") })
}

async fn many_people_come_in_batches(db: TestDb) {
    let assay = Assay::start(db).await;
    let mut people: Vec<Value> = (0..2_500).map(numbered).collect();
    people[2_400]["email"] = json!("P3@example.com");
    let text = lines(&people);
    for by_server in [false, true] {
        let refused = import(&assay, by_server, &text, &[]).expect_code(2);
        let expected = "people.ndjson:2401: email: line 4 has the same\nnothing was imported";
        assert!(refused.stderr.contains(expected), "{refused:?}");
    }
    assert!(exported(&assay, "").await.is_empty());

    // The server tells as much of the same lines, and has made those of whole batches.
    let reply = post(&assay, "", text).await.expect_status(422).json();
    assert!(
        reply["type"].as_str().unwrap().ends_with(":invalid-lines"),
        "{reply}"
    );
    let imported = &reply["imported"];
    assert_eq!(imported["created"], 2_000);
    let problem = json!({ "line": 2401, "field": "email", "message": "line 4 has the same" });
    assert_eq!(imported["problems"], json!([problem]));

    people[2_400] = numbered(2_400);
    let done = import(&assay, true, &lines(&people), &[]).expect_code(0);
    assert_eq!(done.stdout, "500 created, 0 updated, 2000 unchanged\n");
    assert_eq!(exported(&assay, "").await.len(), 2_500);
    assert_eq!(times(&assay, "user.import").await, 3);
}

async fn lines_from_a_pipe_are_imported_until_something_is_wrong(db: TestDb) {
    let assay = Assay::start(db).await;
    let mut people: Vec<Value> = (0..2_500).map(numbered).collect();
    people[1_200] = json!({ "email": "nobody" });
    for by_server in [false, true] {
        let command = super::command(&assay, by_server, &["user", "import", "-"]);
        let refused = command.input(&lines(&people)).run().expect_code(2);
        for expected in [
            "<stdin>:1201: email: this is not",
            "the rest was not imported",
        ] {
            assert!(refused.stderr.contains(expected), "{refused:?}");
        }
        assert_eq!(exported(&assay, "").await.len(), 1_000);
    }
    people[1_200] = numbered(1_200);
    let command = super::command(&assay, true, &["user", "import", "-"]);
    command.input(&lines(&people)).run().expect_code(0);
    assert_eq!(exported(&assay, "").await.len(), 2_500);
}
