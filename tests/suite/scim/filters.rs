use reqwest::Method;
use serde_json::{Value, json};

use super::{GROUPS, USERS, all, ask, expect_refusal, group, person, query, send};
use crate::harness::{Assay, Reply, TestDb};

both_databases!(
    people_are_found_by_what_directories_ask,
    groups_are_found_by_what_directories_ask,
    pages_follow_each_other,
    a_search_is_in_no_url,
    a_filter_that_would_look_at_everybody_is_refused,
);

async fn found(assay: &Assay, path: &str, filter: &str) -> Vec<String> {
    let reply = ask(assay, Method::GET, &query(path, &[("filter", filter)])).await;
    let reply = reply.expect_status(200).json();
    let names = if path == USERS {
        "userName"
    } else {
        "displayName"
    };
    let names: Vec<String> = all(&reply, names).into_iter().map(str::to_owned).collect();
    assert_eq!(reply["totalResults"], names.len(), "{filter}");
    names
}

async fn people_are_found_by_what_directories_ask(db: TestDb) {
    let assay = Assay::start(db).await;
    let ada = json!({
        "externalId": "a-1", "displayName": "Zoë Lovelace", "active": false,
        "emails": [{ "value": "ada@example.com", "type": "work" }], "title": "Countess",
    });
    let id = person(&assay, "Ada", &ada).await;
    let first = ask(&assay, Method::GET, &format!("{USERS}/{id}"))
        .await
        .json();
    let then = first["meta"]["lastModified"].as_str().unwrap().to_owned();
    // Moments are told to the millisecond.
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    person(&assay, "grace@example.com", &json!({ "externalId": "A-1" })).await;
    assay.user("local");

    for (filter, expected) in [
        (r#"userName eq "ADA""#.to_owned(), vec!["Ada"]),
        (
            r#"userName eq "LOCAL@example.com""#.to_owned(),
            vec!["local@example.com"],
        ),
        (r#"userName eq "ada@example.com""#.to_owned(), vec![]),
        (r#"userName sw "l""#.to_owned(), vec!["local@example.com"]),
        (r#"externalId eq "a-1""#.to_owned(), vec!["Ada"]),
        (format!("id eq \"{id}\""), vec!["Ada"]),
        (r#"emails eq "ADA@example.com""#.to_owned(), vec!["Ada"]),
        (
            r#"emails[type eq "work" and value eq "ada@example.com"]"#.to_owned(),
            vec!["Ada"],
        ),
        (
            r#"emails[type eq "home" and value eq "ada@example.com"]"#.to_owned(),
            vec![],
        ),
        (r#"displayName eq "ZOË lovelace""#.to_owned(), vec!["Ada"]),
        (r#"displayName co "lace""#.to_owned(), vec!["Ada"]),
        ("active eq false".to_owned(), vec!["Ada"]),
        (
            r#"active ne false and userName sw "g""#.to_owned(),
            vec!["grace@example.com"],
        ),
        (
            format!("meta.lastModified gt \"{then}\""),
            vec!["grace@example.com", "local@example.com"],
        ),
        (
            format!("meta.lastModified le \"{then}\" or externalId eq \"A-1\""),
            vec!["Ada", "grace@example.com"],
        ),
        (
            r#"not (externalId eq "a-1")"#.to_owned(),
            vec!["grace@example.com", "local@example.com"],
        ),
        (
            r#"externalId ne "a-1""#.to_owned(),
            vec!["grace@example.com", "local@example.com"],
        ),
        ("title pr".to_owned(), vec!["Ada"]),
        (r#"userName eq "' OR 1=1 --""#.to_owned(), vec![]),
        (r#"title co "%""#.to_owned(), vec![]),
    ] {
        assert_eq!(found(&assay, USERS, &filter).await, expected, "{filter}");
    }
    for wrong in [
        "",
        "userName",
        "shoeSize eq \"44\"",
        "userName eq 'ada'",
        "members pr",
    ] {
        let refused = ask(&assay, Method::GET, &query(USERS, &[("filter", wrong)])).await;
        expect_refusal(&refused, 400, Some("invalidFilter"));
    }
}

async fn groups_are_found_by_what_directories_ask(db: TestDb) {
    let assay = Assay::start(db).await;
    let ada = person(&assay, "ada@example.com", &json!({})).await;
    group(&assay, "Engineers", &[&ada]).await;
    group(&assay, "Admirals", &[]).await;
    for (filter, expected) in [
        (
            r#"displayName eq "ENGINEERS""#.to_owned(),
            vec!["Engineers"],
        ),
        (r#"displayName sw "eng""#.to_owned(), vec!["Engineers"]),
        (r#"displayName co "IRAL""#.to_owned(), vec!["Admirals"]),
        (format!("members.value eq \"{ada}\""), vec!["Engineers"]),
        (format!("members[value eq \"{ada}\"]"), vec!["Engineers"]),
        (
            format!("displayName sw \"adm\" or members eq \"{ada}\""),
            vec!["Engineers", "Admirals"],
        ),
        ("members pr".to_owned(), vec!["Engineers"]),
    ] {
        assert_eq!(found(&assay, GROUPS, &filter).await, expected, "{filter}");
    }
    // As Entra ID asks.
    let asked = [
        ("excludedAttributes", "members"),
        ("filter", r#"displayName eq "Engineers""#),
    ];
    let told = ask(&assay, Method::GET, &query(GROUPS, &asked))
        .await
        .json();
    assert!(told["Resources"][0].get("members").is_none());
}

async fn pages_follow_each_other(db: TestDb) {
    let assay = Assay::start(db).await;
    for number in 0..7 {
        person(&assay, &format!("a{number}@example.com"), &json!({})).await;
    }
    for filter in ["", r#"userName co "example""#] {
        let mut seen = Vec::new();
        for start in ["1", "4", "7", "10"] {
            let mut asked = vec![("startIndex", start), ("count", "3")];
            if !filter.is_empty() {
                asked.push(("filter", filter));
            }
            let page = ask(&assay, Method::GET, &query(USERS, &asked)).await;
            let page = page.expect_status(200).json();
            assert_eq!(page["totalResults"], 7);
            assert_eq!(page["startIndex"].to_string(), start);
            assert_eq!(
                page["itemsPerPage"],
                page["Resources"].as_array().unwrap().len()
            );
            seen.extend(all(&page, "userName").into_iter().map(str::to_owned));
        }
        let expected: Vec<_> = (0..7)
            .map(|number| format!("a{number}@example.com"))
            .collect();
        assert_eq!(seen, expected);
    }
    for (asked, expected) in [
        ([("startIndex", "-5"), ("count", "1")], 1),
        ([("startIndex", "1"), ("count", "-1")], 0),
        ([("startIndex", "1"), ("count", "100000")], 7),
    ] {
        let page = ask(&assay, Method::GET, &query(USERS, &asked)).await;
        let page = page.expect_status(200).json();
        assert_eq!(page["Resources"].as_array().unwrap().len(), expected);
        assert_eq!(page["totalResults"], 7);
    }
    let asked = query(USERS, &[("count", "many")]);
    expect_refusal(
        &ask(&assay, Method::GET, &asked).await,
        400,
        Some("invalidValue"),
    );
}

async fn a_search_is_in_no_url(db: TestDb) {
    let assay = Assay::start(db).await;
    let ada = person(&assay, "ada@example.com", &json!({})).await;
    group(&assay, "Engineers", &[&ada]).await;
    let search = |path: &str, more: Value| {
        let path = format!("/auth/scim/v2{path}/.search");
        let mut body =
            json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"] });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let assay = &assay;
        async move { send(assay, Method::POST, &path, &body).await }
    };
    let filter = json!({ "filter": "userName eq \"ada@example.com\"", "attributes": ["userName"], "count": 1 });
    for path in ["/Users", ""] {
        let found = search(path, filter.clone()).await.expect_status(200).json();
        assert_eq!(all(&found, "userName"), ["ada@example.com"]);
        assert!(found["Resources"][0].get("emails").is_none());
    }
    let both = search("", json!({})).await.expect_status(200).json();
    assert_eq!(both["totalResults"], 2);
    let second = search("", json!({ "startIndex": 2 }))
        .await
        .expect_status(200)
        .json();
    assert_eq!(all(&second, "displayName"), ["Engineers"]);
    let named = search("", json!({ "filter": "displayName eq \"engineers\"" }))
        .await
        .json();
    assert_eq!(all(&named, "displayName"), ["Engineers"]);
    for path in ["/Users", "/Groups", ""] {
        let refused = search(path, json!({ "filter": "shoeSize pr" })).await;
        expect_refusal(&refused, 400, Some("invalidFilter"));
    }
}

async fn a_filter_that_would_look_at_everybody_is_refused(db: TestDb) {
    let assay = Assay::start(db).await;
    // As many accounts as a company has, in as few requests as that takes.
    for batch in 0..6 {
        let each = (0..170).map(|number| {
            let body = json!({ "email": format!("a{batch}-{number}@example.com") });
            Reply::to(
                assay
                    .admin(Method::POST, "/auth/admin/auth/users")
                    .json(&body),
            )
        });
        for made in futures_util::future::join_all(each).await {
            made.expect_status(201);
        }
    }
    for (filter, is_answered) in [
        (r#"title eq "Countess""#, false),
        (r#"userName sw "a1-" and title pr"#, true),
        (r#"userName eq "a1-7@example.com""#, true),
        ("active eq true", true),
    ] {
        let reply = ask(&assay, Method::GET, &query(USERS, &[("filter", filter)])).await;
        if is_answered {
            reply.expect_status(200);
        } else {
            expect_refusal(&reply, 400, Some("tooMany"));
        }
    }
    let page = ask(&assay, Method::GET, &query(USERS, &[("count", "1000")]))
        .await
        .json();
    assert_eq!(page["itemsPerPage"], 200);
    assert_eq!(page["totalResults"], 1_020);
}
