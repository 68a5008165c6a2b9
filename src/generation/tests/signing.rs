use std::{collections::BTreeSet, time::Duration};

use assay_reconciler::{kind::Kind, object::Object, spec::SigningAlgorithm};
use serde_json::{Value, json};

use super::fixture::{Room, object};
use crate::{
    crypto::{Expected, keyring},
    generation::{Actor, Engine, KeyError, KeyState, Snapshot},
    store::{fetch_all, testing::both_databases},
};

fn jwt(algorithms: &[&str]) -> Object {
    object(
        Kind::Module,
        "jwt",
        json!({ "settings": { "algorithms": algorithms, "retiredKeyTtl": "1h" } }),
    )
}

fn kids(snapshot: &Snapshot) -> BTreeSet<String> {
    let jwks: Value = serde_json::from_str(snapshot.signing_keys().jwks()).unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

both_databases! {
    async fn servers_that_start_at_once_agree_on_one_key(db: TestDb) {
        let room = Room::new(db).await;
        let other = Engine::new(
            db.open().await,
            room.engine.keyring.clone(),
            room.clock.clone(),
        );
        let (one, two) = tokio::join!(room.engine.snapshot(None), other.snapshot(None));
        let (one, two) = (one.unwrap(), two.unwrap());
        // Whoever read first may not have seen the other's yet, but what it signs with is the one.
        let kid = |snapshot: &Snapshot| {
            snapshot
                .signing_keys()
                .active(SigningAlgorithm::Rs256)
                .unwrap()
                .kid()
                .to_owned()
        };
        assert_eq!(kid(&one), kid(&two));
        assert_eq!(room.engine.signing_key_records().await.unwrap().len(), 1);
    }

    async fn private_keys_are_sealed(db: TestDb) {
        let room = Room::new(db).await;
        room.engine.snapshot(None).await.unwrap();
        let rows = fetch_all!(
            &room.store,
            (Vec<u8>, String),
            "SELECT private_key, public_jwk FROM jwks_keys"
        )
        .unwrap();
        let (sealed, jwk) = &rows[0];
        // A PKCS #8 key would begin with an ASN.1 sequence.
        assert_ne!(sealed[0], 0x30);
        assert!(!jwk.contains("\"d\""), "{jwk}");

        let stranger = Engine::new(
            room.store.clone(),
            std::sync::Arc::new(keyring(2)),
            room.clock.clone(),
        );
        let error = stranger.snapshot(None).await.unwrap_err();
        assert!(error.to_string().contains("master key"), "{error}");
    }

    async fn a_retired_key_verifies_until_its_last_token_has_expired(db: TestDb) {
        let room = Room::new(db).await;
        room.apply(vec![jwt(&["RS256"])]).await.unwrap();
        let first = room.engine.snapshot(None).await.unwrap();
        let old = kids(&first).pop_first().unwrap();

        let new = room
            .engine
            .rotate_signing_key(SigningAlgorithm::Rs256, &Actor::new("cli:test"))
            .await
            .unwrap();
        let next = room.engine.snapshot(Some(&first)).await.unwrap();
        assert!(next.keys_revision > first.keys_revision);
        assert_eq!(next.generation, first.generation);
        assert_eq!(
            next.signing_keys().active(SigningAlgorithm::Rs256).unwrap().kid(),
            new
        );
        assert_eq!(kids(&next), BTreeSet::from([old.clone(), new.clone()]));
        let token = first
            .signing_keys()
            .active(SigningAlgorithm::Rs256)
            .unwrap()
            .sign_jwt("JWT", &json!({ "iss": "us", "exp": 9_999_999_999_i64 }))
            .unwrap();
        let is_taken = |snapshot: &Snapshot| {
            let expected = Expected {
                typ: "JWT",
                issuer: "us",
                audience: None,
                now: room.clock.now(),
            };
            let verifying = snapshot.signing_keys().verifying();
            verifying.verify::<Value>(&token, &expected).is_ok()
        };
        assert!(is_taken(&next));
        let secrets = room
            .count("SELECT COUNT(*) FROM jwks_keys WHERE private_key IS NOT NULL")
            .await;
        assert_eq!(secrets, 1, "the retired key's private half is gone");
        let records = room.engine.signing_key_records().await.unwrap();
        assert_eq!(records[0].state, KeyState::Active);
        assert_eq!(records[1].state, KeyState::Retired);

        room.clock.advance(Duration::from_secs(3_599));
        assert_eq!(room.engine.reap_signing_keys().await.unwrap(), 0);
        room.clock.advance(Duration::from_secs(1));
        assert_eq!(room.engine.reap_signing_keys().await.unwrap(), 1);
        let last = room.engine.snapshot(Some(&next)).await.unwrap();
        assert_eq!(kids(&last), BTreeSet::from([new]));
        assert!(!is_taken(&last));
    }

    async fn a_key_is_published_a_while_before_it_signs(db: TestDb) {
        let almost = |hours: u64| Duration::from_secs(hours * 3_600 - 1);
        let room = Room::new(db).await;
        let settings = json!({ "rotateEvery": "10h", "publishAhead": "2h", "retiredKeyTtl": "1d" });
        room.apply(vec![object(Kind::Module, "jwt", json!({ "settings": settings }))]).await.unwrap();
        let first = room.engine.snapshot(None).await.unwrap();
        let signing = |snapshot: &Snapshot| {
            snapshot.signing_keys().active(SigningAlgorithm::Rs256).unwrap().kid().to_owned()
        };

        room.clock.advance(almost(8));
        room.engine.tend_signing_keys().await.unwrap();
        assert_eq!(room.engine.signing_key_records().await.unwrap().len(), 1);
        room.clock.advance(Duration::from_secs(1));
        // Several servers do so at once.
        let (one, other) = tokio::join!(room.engine.tend_signing_keys(), room.engine.tend_signing_keys());
        one.unwrap();
        other.unwrap();
        let published = room.engine.snapshot(Some(&first)).await.unwrap();
        assert_eq!(signing(&published), signing(&first), "it does not sign yet");
        assert_eq!(kids(&published).len(), 2);
        let records = room.engine.signing_key_records().await.unwrap();
        assert_eq!(records[1].state, KeyState::Next);

        room.clock.advance(almost(2));
        room.engine.tend_signing_keys().await.unwrap();
        assert_eq!(signing(&room.engine.snapshot(Some(&published)).await.unwrap()), signing(&first));
        room.clock.advance(Duration::from_secs(1));
        let (one, other) = tokio::join!(room.engine.tend_signing_keys(), room.engine.tend_signing_keys());
        one.unwrap();
        other.unwrap();
        let rotated = room.engine.snapshot(Some(&published)).await.unwrap();
        assert_eq!(signing(&rotated), records[1].kid, "the one that was published");
        assert_eq!(kids(&rotated).len(), 2, "what the old one signed still verifies");
    }

    async fn an_algorithm_gets_its_key_with_the_generation_that_lists_it(db: TestDb) {
        let room = Room::new(db).await;
        room.apply(vec![jwt(&["RS256"])]).await.unwrap();
        let first = room.engine.snapshot(None).await.unwrap();
        room.apply(vec![jwt(&["RS256", "ES256", "EdDSA"])]).await.unwrap();
        let next = room.engine.snapshot(Some(&first)).await.unwrap();
        assert_eq!(next.signing_keys().algorithms().count(), 3);
        assert_eq!(kids(&next).len(), 3);
        // What was there is there still.
        assert!(kids(&next).is_superset(&kids(&first)));

        room.apply(vec![jwt(&["RS256"])]).await.unwrap();
        let last = room.engine.snapshot(Some(&next)).await.unwrap();
        assert_eq!(last.signing_keys().algorithms().count(), 1);
        assert_eq!(kids(&last).len(), 3, "their tokens still verify");
        let error = room
            .engine
            .rotate_signing_key(SigningAlgorithm::Es256, &Actor::new("cli:test"))
            .await
            .unwrap_err();
        assert!(matches!(error, KeyError::NotInUse("ES256")), "{error}");
    }
}
