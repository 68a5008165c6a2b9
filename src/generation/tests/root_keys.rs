use std::{sync::Arc, time::Duration};

use assay_reconciler::kind::Kind;
use serde_json::json;

use super::fixture::{Room, object};
use crate::{
    crypto::keyring,
    generation::{Actor, Engine, Snapshot},
    store::{fetch_all, testing::both_databases},
};

fn ids(snapshot: &Snapshot) -> Vec<(u32, bool)> {
    let keys = snapshot.root_keys().published();
    keys.map(|key| (key.id, key.is_active)).collect()
}

both_databases! {
    async fn servers_that_start_at_once_agree_on_one_root_key(db: TestDb) {
        let room = Room::new(db).await;
        let other = Engine::new(
            db.open().await,
            room.engine.keyring.clone(),
            room.clock.clone(),
        );
        let (one, two) = tokio::join!(room.engine.snapshot(None), other.snapshot(None));
        let (one, two) = (one.unwrap(), two.unwrap());
        let public = |snapshot: &Snapshot| snapshot.root_keys().active().unwrap().public();
        assert_eq!(public(&one), public(&two));
        assert_eq!(ids(&one), [(1, true)]);
    }

    async fn root_keys_are_sealed(db: TestDb) {
        let room = Room::new(db).await;
        let snapshot = room.engine.snapshot(None).await.unwrap();
        let rows = fetch_all!(
            &room.store,
            (Vec<u8>, String),
            "SELECT private_key, public_key FROM biscuit_root_keys"
        )
        .unwrap();
        let seed = snapshot.root_keys().active().unwrap().pair().private().to_bytes();
        assert!(!rows[0].0.windows(8).any(|part| part == &seed[..8]));

        let stranger = Engine::new(room.store.clone(), Arc::new(keyring(2)), room.clock.clone());
        let error = stranger.snapshot(None).await.unwrap_err();
        assert!(error.to_string().contains("master key"), "{error}");
        assert!(!format!("{:?}", snapshot.root_keys()).contains(&format!("{:?}", &seed[..])));
    }

    async fn a_retired_root_key_is_kept_as_long_as_a_token_may_live(db: TestDb) {
        let room = Room::new(db).await;
        let settings = json!({ "settings": { "maxTokenTtl": "1h" } });
        room.apply(vec![object(Kind::Module, "biscuit", settings)]).await.unwrap();
        let first = room.engine.snapshot(None).await.unwrap();
        let actor = Actor::new("cli:test");
        assert_eq!(room.engine.rotate_root_key(&actor).await.unwrap(), 2);
        let next = room.engine.snapshot(Some(&first)).await.unwrap();
        assert!(next.root_keys_revision > first.root_keys_revision);
        assert_eq!(next.keys_revision, first.keys_revision);
        assert_eq!(ids(&next), [(1, false), (2, true)]);
        let secrets = room
            .count("SELECT COUNT(*) FROM biscuit_root_keys WHERE private_key IS NOT NULL")
            .await;
        assert_eq!(secrets, 1, "the retired key's private half is gone");

        room.clock.advance(Duration::from_secs(3_599));
        assert_eq!(room.engine.reap_root_keys().await.unwrap(), 0);
        room.clock.advance(Duration::from_secs(1));
        assert_eq!(room.engine.reap_root_keys().await.unwrap(), 1);
        let last = room.engine.snapshot(Some(&next)).await.unwrap();
        assert_eq!(ids(&last), [(2, true)]);
    }
}
