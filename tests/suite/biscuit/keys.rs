//! Root keys: published, rotated, withdrawn.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Assay, Reply, TestDb};

both_databases!(
    public_keys_are_published_and_a_rotation_is_seen_by_every_server,
    only_a_retired_root_key_can_be_withdrawn,
);

pub(super) const KEYS: &str = "/auth/biscuit/keys";

/// The numbers of the published keys, and which of them signs.
pub(super) async fn published(assay: &Assay) -> (Vec<u64>, u64) {
    let document = assay.get(KEYS).await.expect_status(200).json();
    let keys = document["keys"].as_array().unwrap().clone();
    let id = |key: &Value| key["id"].as_u64().unwrap();
    let active: Vec<u64> = keys
        .iter()
        .filter(|key| key["active"] == true)
        .map(id)
        .collect();
    assert_eq!(active.len(), 1, "{document}");
    (keys.iter().map(id).collect(), active[0])
}

/// Waits until the server publishes exactly these.
pub(super) async fn follows(assay: &Assay, ids: &[u64], active: u64) {
    for _ in 0..200 {
        if published(assay).await == (ids.to_vec(), active) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?} is published", published(assay).await);
}

async fn public_keys_are_published_and_a_rotation_is_seen_by_every_server(db: TestDb) {
    let assay = Assay::start(db).await;
    let replica = assay.replica().await;
    assert_eq!(published(&assay).await, (vec![1], 1));
    let first = assay.get(KEYS).await.json();
    assert_eq!(first, replica.get(KEYS).await.json());
    assert_eq!(first["keys"][0]["algorithm"], "Ed25519");
    assert_eq!(first["keys"][0]["hex"].as_str().unwrap().len(), 64);

    let rotated = assay.remote_command(["keys", "rotate", "biscuit"]).run();
    assert_eq!(rotated.expect_code(0).stdout, "Ed25519 signs with 2\n");
    follows(&assay, &[1, 2], 2).await;
    follows(&replica, &[1, 2], 2).await;
    assert_ne!(
        assay.get(KEYS).await.json()["keys"][1]["hex"],
        first["keys"][0]["hex"]
    );

    let pem = assay
        .get("/auth/biscuit/keys.pem")
        .await
        .expect_status(200)
        .body;
    assert!(pem.contains("root_key_id: 1 (retired)\n-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA"));
    assert!(pem.contains("root_key_id: 2 (active)\n"), "{pem}");

    // The other way to the database, and what is listed.
    assay.cli(["keys", "rotate", "biscuit"]).expect_code(0);
    follows(&assay, &[1, 2, 3], 3).await;
    let listed = assay.cli(["keys", "list"]).expect_code(0).stdout;
    let rows: Vec<&str> = listed
        .lines()
        .filter(|row| row.starts_with("biscuit"))
        .collect();
    assert_eq!(rows.len(), 3, "{listed}");
    assert!(
        rows[0].contains("active") && rows[0].contains(" 3 "),
        "{listed}"
    );
    let json = assay.remote_command(["keys", "list", "-o", "json"]).run();
    let json = json.expect_code(0).json();
    let of = |family: &str| {
        json.as_array()
            .unwrap()
            .iter()
            .filter(|key| key["for"] == family)
            .count()
    };
    assert_eq!((of("jwt"), of("biscuit")), (1, 3));
    assert!(!json.to_string().contains("private"), "{json}");
}

async fn only_a_retired_root_key_can_be_withdrawn(db: TestDb) {
    let assay = Assay::start(db).await;
    let withdraw = |id: &'static str| {
        assay
            .remote_command(["keys", "withdraw", "biscuit", id])
            .run()
    };
    let signs = withdraw("1");
    assert!(
        signs.stderr.contains("assay keys rotate biscuit"),
        "{signs:?}"
    );
    assert_ne!(signs.expect_code(5).stderr, "");
    assert!(withdraw("7").stderr.contains("there is no root key 7"));

    assay.cli(["keys", "rotate", "biscuit"]).expect_code(0);
    follows(&assay, &[1, 2], 2).await;
    withdraw("1").expect_code(0);
    follows(&assay, &[2], 2).await;
    let again = Reply::to(assay.admin(Method::DELETE, "/auth/admin/auth/biscuit/keys/1")).await;
    again.expect_status(404);
    // Numbers are never used twice.
    assay.cli(["keys", "rotate", "biscuit"]).expect_code(0);
    follows(&assay, &[2, 3], 3).await;
}
