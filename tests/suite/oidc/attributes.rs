//! What is known about a person, and who may say it.

use reqwest::Method;
use serde_json::{Value, json};

use super::Bench;
use crate::harness::{Reply, TestDb};

both_databases!(
    a_change_shows_at_userinfo_and_in_the_next_id_token,
    what_we_vouch_for_and_what_is_no_claim_is_refused,
    the_command_line_sets_attributes,
);

const USERS: &str = "/auth/admin/auth/users";

async fn person(bench: &Bench, email: &str) -> Value {
    let reply = bench
        .assay
        .admin(Method::GET, &format!("{USERS}?email={email}"));
    let found = Reply::to(reply).await.expect_status(200).json();
    found["users"][0].clone()
}

async fn change(bench: &Bench, id: &str, attributes: &Value) -> Reply {
    let request = bench.assay.admin(Method::PATCH, &format!("{USERS}/{id}"));
    Reply::to(request.json(&json!({ "attributes": attributes }))).await
}

async fn a_change_shows_at_userinfo_and_in_the_next_id_token(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.client("wiki", "openid profile offline_access").await;
    let (_, tokens) = bench.tokens(&wiki).await;
    let ada = person(&bench, &bench.ada.email).await;
    assert_eq!(ada["attributes"], json!({}));
    let id = ada["id"].as_str().unwrap();

    let attributes = json!({ "name": "Ada", "locale": "en-GB", "salary": 7 });
    let reply = change(&bench, id, &attributes).await.expect_status(200);
    assert_eq!(reply.json()["attributes"], attributes);
    let said = wiki.userinfo(&tokens.access_token).await.json();
    assert_eq!(
        (&said["name"], &said["locale"]),
        (&json!("Ada"), &json!("en-GB"))
    );
    assert_eq!(said.get("salary"), None);

    let patch = json!({ "name": "Ada Lovelace", "locale": null });
    change(&bench, id, &patch).await.expect_status(200);
    let said = wiki.userinfo(&tokens.access_token).await.json();
    assert_eq!(
        (&said["name"], said.get("locale")),
        (&json!("Ada Lovelace"), None)
    );
    let refresh_token = tokens.refresh_token.unwrap();
    let next = wiki.refresh(&refresh_token).await.tokens();
    let claims = wiki.id_token_claims(&next.id_token.unwrap()).await;
    assert_eq!(
        (&claims["name"], claims.get("locale")),
        (&json!("Ada Lovelace"), None)
    );
    let kept = person(&bench, &bench.ada.email).await;
    assert_eq!(
        kept["attributes"],
        json!({ "name": "Ada Lovelace", "salary": 7 })
    );

    let noted = bench.audit("user.update").await;
    assert_eq!(noted[0]["detail"]["attributes"], json!(["name", "locale"]));
    assert!(!json!(noted).to_string().contains("Lovelace"), "{noted:#?}");

    change(&bench, id, &Value::Null).await.expect_status(200);
    assert_eq!(
        person(&bench, &bench.ada.email).await["attributes"],
        json!({})
    );
}

async fn what_we_vouch_for_and_what_is_no_claim_is_refused(db: TestDb) {
    let bench = Bench::on(db).await;
    let ada = person(&bench, &bench.ada.email).await;
    let id = ada["id"].as_str().unwrap();
    let mut deep = json!("wrong-value");
    for _ in 0..5 {
        deep = json!([deep]);
    }
    for (refused, why) in [
        (json!({ "sub": "wrong-value" }), "vouches"),
        (json!({ "email": "wrong-value" }), "vouches"),
        (json!({ "email_verified": true }), "vouches"),
        (json!({ "locale": "wrong value" }), "language tag"),
        (json!({ "address": "wrong-value" }), "object"),
        (
            json!({ "phone_number_verified": "wrong-value" }),
            "true or false",
        ),
        (json!({ "birthdate": "wrong-value" }), "date"),
        (json!({ "a": deep }), "deep"),
        (json!({ "a": "wrong-value".repeat(2_000) }), "bytes"),
        (json!(["wrong-value"]), "object"),
    ] {
        let change = change(&bench, id, &refused).await;
        let mut new = json!({ "email": "new@example.com" });
        new["attributes"] = refused;
        let create = bench.assay.admin(Method::POST, USERS).json(&new);
        for reply in [change, Reply::to(create).await] {
            let reply = reply.expect_status(400);
            assert!(reply.body.contains(why), "{reply:#?}");
            assert!(!reply.body.contains("wrong-value"), "{reply:#?}");
        }
    }
    assert_eq!(person(&bench, &bench.ada.email).await, ada);
    assert_eq!(person(&bench, "new@example.com").await, Value::Null);
    change(&bench, "nobody", &json!({}))
        .await
        .expect_status(404);
}

async fn the_command_line_sets_attributes(db: TestDb) {
    let bench = Bench::on(db).await;
    let create = ["user", "create", "--email", "grace@example.com"];
    let attributes = [
        "--attribute",
        "name=Grace = Hopper",
        "--attribute",
        "phone_number_verified:=true",
    ];
    let remote = bench
        .assay
        .remote_command(create.into_iter().chain(attributes));
    remote.run().expect_code(0);
    let grace = person(&bench, "grace@example.com").await;
    let expected = json!({ "name": "Grace = Hopper", "phone_number_verified": true });
    assert_eq!(grace["attributes"], expected);
    let noted = bench.audit("user.create").await;
    assert!(!json!(noted).to_string().contains("Hopper"), "{noted:#?}");

    for wrong in ["locale=no tag", "name", "name:=Ada"] {
        let create = [
            "user",
            "create",
            "--email",
            "alan@example.com",
            "--attribute",
            wrong,
        ];
        let refused = bench.assay.cli(create);
        assert_ne!(refused.code, 0, "{refused:#?}");
    }
}
