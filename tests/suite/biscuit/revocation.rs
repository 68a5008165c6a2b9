//! What is revoked is taken nowhere any more.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::{ask, ask_as_admin, issue, token_of, verify};
use crate::harness::{Assay, Reply, TestDb};

both_databases!(
    a_revoked_block_ends_every_token_that_has_it_on_every_server,
    revocations_are_listed_page_by_page_and_outlive_a_restart,
);

const ALLOW: [&str; 1] = ["allow if user(1)"];

async fn a_revoked_block_ends_every_token_that_has_it_on_every_server(db: TestDb) {
    let assay = Assay::start(db).await;
    let replica = assay.replica().await;
    let token = token_of(&issue(&assay, &json!({ "facts": ["user(1)"] })).await);
    let body = json!({ "token": token, "checks": ["check if user(1)"] });
    let narrowed = ask(&assay, "attenuate", &body)
        .await
        .expect_status(200)
        .json();
    let other = token_of(&ask(&assay, "attenuate", &body).await.json());
    // Seen by both before.
    for server in [&assay, &replica] {
        for token in [&token, &token_of(&narrowed), &other] {
            assert_eq!(verify(server, token, &[], &ALLOW).await["allowed"], true);
        }
    }

    let id = &narrowed["revocation_ids"][1];
    let revoked = ask_as_admin(&assay, "revoke", &json!({ "revocation_ids": [id] })).await;
    assert_eq!(revoked.expect_status(200).json()["revoked"], 1);
    let verdict = verify(&assay, &token_of(&narrowed), &[], &ALLOW).await;
    assert_eq!(
        (&verdict["allowed"], &verdict["reason"]),
        (&json!(false), &json!("revoked"))
    );
    for token in [&token, &other] {
        assert_eq!(verify(&assay, token, &[], &ALLOW).await["allowed"], true);
    }
    let mut waited = 0;
    while verify(&replica, &token_of(&narrowed), &[], &ALLOW).await["allowed"] == true {
        waited += 1;
        assert!(waited < 100, "the replica does not hear of it");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    // The first block is in all of them.
    let id = &narrowed["revocation_ids"][0];
    let twice = json!({ "revocation_ids": [id, id] });
    let revoked = ask_as_admin(&assay, "revoke", &twice).await.json();
    assert_eq!(revoked["revoked"], 1);
    assert_eq!(
        ask_as_admin(&assay, "revoke", &twice).await.json()["revoked"],
        0
    );
    for token in [&token, &other] {
        assert_eq!(
            verify(&assay, token, &[], &ALLOW).await["reason"],
            "revoked"
        );
        for endpoint in ["attenuate", "seal", "third-party/request"] {
            let refused = ask(&assay, endpoint, &json!({ "token": token }))
                .await
                .expect_status(403);
            assert!(refused.body.contains("revoked-biscuit"), "{refused:?}");
        }
    }
    let inspected = ask(&assay, "inspect", &json!({ "token": token }))
        .await
        .json();
    assert_eq!(inspected["blocks"][0]["revoked"], true);
}

async fn revocations_are_listed_page_by_page_and_outlive_a_restart(db: TestDb) {
    let mut assay = Assay::start(db).await;
    let token = issue(&assay, &json!({ "facts": ["user(1)"] })).await;
    let ids: Vec<String> = (0..5).map(|n| format!("{n:02x}ab")).collect();
    ask_as_admin(&assay, "revoke", &json!({ "revocation_ids": ids }))
        .await
        .expect_status(200);
    let id = &token["revocation_ids"][0];
    ask_as_admin(&assay, "revoke", &json!({ "revocation_ids": [id] }))
        .await
        .expect_status(200);

    let mut after = String::new();
    let mut listed = Vec::new();
    loop {
        let path = format!("/auth/biscuit/revocations?limit=2&after={after}");
        let page = Reply::to(assay.admin(Method::GET, &path))
            .await
            .expect_status(200)
            .json();
        let rows = page["revocations"].as_array().unwrap().clone();
        page["next"].as_str().unwrap().clone_into(&mut after);
        if rows.is_empty() {
            break;
        }
        listed.extend(
            rows.iter()
                .map(|row| row["revocation_id"].as_str().unwrap().to_owned()),
        );
    }
    assert_eq!(listed[..5], ids);
    assert_eq!(json!(listed[5]), *id);
    // Whoever keeps the cursor is told what comes later and nothing else.
    ask_as_admin(&assay, "revoke", &json!({ "revocation_ids": ["ffff"] }))
        .await
        .expect_status(200);
    let path = format!("/auth/biscuit/revocations?after={after}");
    let later = Reply::to(assay.admin(Method::GET, &path)).await.json();
    assert_eq!(later["revocations"].as_array().unwrap().len(), 1);

    assay.restart().await;
    assert_eq!(
        verify(&assay, &token_of(&token), &[], &ALLOW).await["reason"],
        "revoked"
    );
    for (body, status) in [
        (json!({ "revocation_ids": [] }), 400),
        (json!({ "revocation_ids": ["xy"] }), 400),
        (json!({ "revocation_ids": vec!["ab"; 1_001] }), 400),
        (json!({}), 400),
    ] {
        ask_as_admin(&assay, "revoke", &body)
            .await
            .expect_status(status);
    }
    let wrong = assay.admin(Method::GET, "/auth/biscuit/revocations?after=x");
    Reply::to(wrong).await.expect_status(400);
}
