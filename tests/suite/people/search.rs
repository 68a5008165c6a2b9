use reqwest::Method;
use serde_json::json;

use super::{USERS, all, ask, person, send};
use crate::harness::{Assay, TestDb};

both_databases!(
    people_are_found_by_what_their_names_begin_with,
    pages_of_a_search_follow_each_other,
    an_external_id_is_one_persons,
);

async fn found(assay: &Assay, query: &str) -> Vec<String> {
    let reply = ask(assay, Method::GET, &format!("{USERS}?{query}")).await;
    let reply = reply.expect_status(200).json();
    let emails = all(&reply["users"], "email").into_iter();
    emails.map(str::to_owned).collect()
}

async fn people_are_found_by_what_their_names_begin_with(db: TestDb) {
    let assay = Assay::start(db).await;
    let named = |name: &str| json!({ "attributes": { "name": name } });
    person(&assay, "ada@example.com", &named("Zoë Lovelace")).await;
    let grace = person(&assay, "grace@example.com", &named("Grace Hopper")).await;
    person(
        &assay,
        "zuse@example.com",
        &json!({ "externalId": "Emp-7" }),
    )
    .await;
    person(&assay, "zz%@example.com", &json!({})).await;

    let z = found(&assay, "search=z").await;
    assert_eq!(
        z,
        ["ada@example.com", "zuse@example.com", "zz%@example.com"]
    );
    assert_eq!(found(&assay, "search=ZO%C3%8B").await, ["ada@example.com"]);
    assert_eq!(found(&assay, "search=zz%25").await, ["zz%@example.com"]);
    assert_eq!(found(&assay, "search=Emp-").await, ["zuse@example.com"]);
    assert!(found(&assay, "search=lovelace").await.is_empty());
    assert_eq!(
        found(&assay, "externalId=Emp-7").await,
        ["zuse@example.com"]
    );
    assert_eq!(
        found(&assay, "email=GRACE@example.com").await,
        ["grace@example.com"]
    );

    let change = json!({ "state": "disabled", "attributes": { "name": "Zara" } });
    let one = format!("{USERS}/{grace}");
    send(&assay, Method::PATCH, &one, &change)
        .await
        .expect_status(200);
    assert_eq!(found(&assay, "state=disabled").await, ["grace@example.com"]);
    assert_eq!(
        found(&assay, "search=za&state=disabled").await,
        ["grace@example.com"]
    );
    assert!(found(&assay, "search=za&state=active").await.is_empty());
    assert!(found(&assay, "search=grace%20h").await.is_empty());
    let unknown = ask(&assay, Method::GET, &format!("{USERS}?state=lost")).await;
    unknown.expect_status(400);
}

async fn pages_of_a_search_follow_each_other(db: TestDb) {
    let assay = Assay::start(db).await;
    for number in 0..5 {
        person(&assay, &format!("a{number}@example.com"), &json!({})).await;
        person(&assay, &format!("b{number}@example.com"), &json!({})).await;
    }
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("{USERS}?search=a&limit=2&after={after}");
        let page = ask(&assay, Method::GET, &path)
            .await
            .expect_status(200)
            .json();
        seen.extend(all(&page["users"], "email").into_iter().map(str::to_owned));
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    let expected: Vec<_> = (0..5)
        .map(|number| format!("a{number}@example.com"))
        .collect();
    assert_eq!(seen, expected);
}

async fn an_external_id_is_one_persons(db: TestDb) {
    let assay = Assay::start(db).await;
    let ada = person(&assay, "ada@example.com", &json!({ "externalId": "7" })).await;
    let grace = person(&assay, "grace@example.com", &json!({})).await;
    let one = |id: &str| format!("{USERS}/{id}");
    let seven = json!({ "externalId": "7" });

    let taken = send(&assay, Method::PATCH, &one(&grace), &seven).await;
    taken.expect_status(409);
    let alan = json!({ "email": "alan@example.com", "externalId": "7" });
    send(&assay, Method::POST, USERS, &alan)
        .await
        .expect_status(409);
    assert!(found(&assay, "email=alan@example.com").await.is_empty());
    for malformed in [json!(""), json!(" 7"), json!("a\nb"), json!(7)] {
        let body = json!({ "externalId": malformed });
        let refused = send(&assay, Method::PATCH, &one(&grace), &body).await;
        refused.expect_status(400);
    }

    let none = json!({ "externalId": null });
    let freed = send(&assay, Method::PATCH, &one(&ada), &none).await;
    assert!(freed.expect_status(200).json().get("externalId").is_none());
    let given = send(&assay, Method::PATCH, &one(&grace), &seven).await;
    assert_eq!(given.expect_status(200).json()["externalId"], "7");
}
