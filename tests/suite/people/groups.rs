use reqwest::Method;
use serde_json::{Value, json};

use super::{GROUPS, USERS, all, ask, group, person, send};
use crate::harness::{Assay, Manifests, Registration, TestDb, User};

both_databases!(
    groups_are_made_changed_and_forgotten,
    what_no_group_can_be_is_refused,
    a_client_learns_the_groups_of_a_person,
);

const SECRET: &str = "wiki-secret-0123456789-0123456789-0123456789";
const CALLBACK: &str = "https://wiki.example.com/callback";

async fn groups_are_made_changed_and_forgotten(db: TestDb) {
    let assay = Assay::start(db).await;
    let ada = person(&assay, "ada@example.com", &json!({})).await;
    let grace = person(&assay, "grace@example.com", &json!({})).await;
    let engineers = group(&assay, "Engineers").await;
    let admirals = group(&assay, "Admirals").await;
    for (group, user) in [
        (&engineers, &ada),
        (&engineers, &grace),
        (&admirals, &grace),
    ] {
        let member = format!("{GROUPS}/{group}/members/{user}");
        // Twice is once.
        ask(&assay, Method::PUT, &member).await.expect_status(204);
        ask(&assay, Method::PUT, &member).await.expect_status(204);
    }

    let members = ask(&assay, Method::GET, &format!("{USERS}?group={engineers}")).await;
    let members = members.expect_status(200).json();
    assert_eq!(
        all(&members["users"], "email"),
        ["ada@example.com", "grace@example.com"]
    );
    let of_grace = ask(&assay, Method::GET, &format!("{USERS}/{grace}/groups")).await;
    let of_grace = of_grace.expect_status(200).json();
    assert_eq!(all(&of_grace["groups"], "name"), ["Admirals", "Engineers"]);
    let found = ask(&assay, Method::GET, &format!("{GROUPS}?search=eng")).await;
    assert_eq!(all(&found.json()["groups"], "id"), [&engineers]);

    let one = format!("{GROUPS}/{engineers}");
    let change = json!({ "name": "engineers", "externalId": "g-1" });
    let changed = send(&assay, Method::PATCH, &one, &change).await;
    let changed = changed.expect_status(200).json();
    assert_eq!(
        (&changed["name"], &changed["externalId"]),
        (&json!("engineers"), &json!("g-1"))
    );
    let member = format!("{one}/members/{grace}");
    ask(&assay, Method::DELETE, &member)
        .await
        .expect_status(204);
    ask(&assay, Method::DELETE, &format!("{GROUPS}/{admirals}"))
        .await
        .expect_status(204);
    ask(&assay, Method::GET, &format!("{GROUPS}/{admirals}"))
        .await
        .expect_status(404);
    let of_grace = ask(&assay, Method::GET, &format!("{USERS}/{grace}/groups")).await;
    assert_eq!(of_grace.expect_status(200).json()["groups"], json!([]));

    // Whoever goes is in no group any more.
    ask(&assay, Method::DELETE, &format!("{USERS}/{ada}"))
        .await
        .expect_status(204);
    let members = ask(&assay, Method::GET, &format!("{USERS}?group={engineers}")).await;
    assert_eq!(members.json()["users"], json!([]));
    let audit = ask(&assay, Method::GET, "/auth/admin/auth/audit")
        .await
        .json();
    let actions = all(&audit["events"], "action");
    for action in [
        "group.create",
        "group.update",
        "group.delete",
        "group.add_member",
        "group.remove_member",
    ] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
}

async fn what_no_group_can_be_is_refused(db: TestDb) {
    let assay = Assay::start(db).await;
    let ada = person(&assay, "ada@example.com", &json!({})).await;
    let engineers = group(&assay, "Engineers").await;
    let admirals = group(&assay, "Admirals").await;
    for name in ["", " a", "a\nb", &"a".repeat(201)] {
        let refused = send(&assay, Method::POST, GROUPS, &json!({ "name": name })).await;
        refused.expect_status(400);
    }
    let twin = send(
        &assay,
        Method::POST,
        GROUPS,
        &json!({ "name": "ENGINEERS" }),
    )
    .await;
    twin.expect_status(409);
    let one = format!("{GROUPS}/{admirals}");
    let twin = send(&assay, Method::PATCH, &one, &json!({ "name": "engineers" })).await;
    twin.expect_status(409);
    for (group, user, status) in [
        (engineers.as_str(), "nobody", 400),
        ("nothing", ada.as_str(), 404),
    ] {
        let member = format!("{GROUPS}/{group}/members/{user}");
        ask(&assay, Method::PUT, &member)
            .await
            .expect_status(status);
    }
}

async fn groups_said(assay: &Assay, ada: &User, manifests: Option<&Manifests>) -> [Value; 2] {
    if let Some(manifests) = manifests {
        let path = manifests.path().to_str().unwrap().to_owned();
        let apply = assay.remote_command(["apply", "--yes", "-f", &path]);
        apply.env("WIKI_SECRET", SECRET).run().expect_code(0);
    }
    let registration = Registration::confidential("wiki", SECRET, CALLBACK);
    let wiki = assay
        .relying_party(registration.scope("openid groups"))
        .await;
    let tokens = wiki.sign_in(&mut assay.visitor(), ada).await;
    let id_token = wiki.id_token_claims(&tokens.id_token.unwrap()).await;
    let userinfo = wiki.userinfo(&tokens.access_token).await.json();
    [id_token["groups"].clone(), userinfo["groups"].clone()]
}

async fn a_client_learns_the_groups_of_a_person(db: TestDb) {
    let client = "apiVersion: assay/v1
kind: OidcClient
metadata: { name: wiki }
spec:
  displayName: Wiki
  clientType: confidential
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  scopes: [openid, groups]
";
    let manifests = Manifests::new().file("clients.yaml", client);
    let assay = Assay::with(db)
        .env("WIKI_SECRET", SECRET)
        .manifests(&manifests)
        .start()
        .await;
    let ada = assay.user("ada");
    let found = ask(&assay, Method::GET, &format!("{USERS}?email={}", ada.email))
        .await
        .json();
    let id = found["users"][0]["id"].as_str().unwrap();
    assert_eq!(
        groups_said(&assay, &ada, None).await,
        [Value::Null, Value::Null]
    );

    for name in ["Writers", "Engineers"] {
        let group = group(&assay, name).await;
        let member = format!("{GROUPS}/{group}/members/{id}");
        ask(&assay, Method::PUT, &member).await.expect_status(204);
    }
    let both = json!(["Engineers", "Writers"]);
    assert_eq!(
        groups_said(&assay, &ada, None).await,
        [both.clone(), both.clone()]
    );

    // A manifest says where the claim goes.
    manifests.write(
        "scopes.yaml",
        "apiVersion: assay/v1
kind: Scope
metadata: { name: groups }
spec:
  claims:
    groups: { attribute: groups, type: strings, into: [userinfo] }
",
    );
    assert_eq!(
        groups_said(&assay, &ada, Some(&manifests)).await,
        [Value::Null, both]
    );
}
