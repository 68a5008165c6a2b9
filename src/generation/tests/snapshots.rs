use std::{collections::BTreeSet, sync::Arc};

use assay_reconciler::spec::{
    ModuleName, SigningAlgorithm, admin_key::KeyHash, module::ModuleSettings,
};
use serde_json::json;

use super::fixture::{Room, admin_key, client, client_with, module, object, renamed, upstream};
use crate::{
    generation::{Generation, Snapshot, SnapshotError},
    store::{execute, testing::both_databases},
};

/// Everything a snapshot says, as text.
pub(super) fn told(snapshot: &Snapshot) -> Vec<String> {
    let mut told = vec![format!(
        "{} {}",
        snapshot.generation, snapshot.keys_revision
    )];
    told.extend(snapshot.clients().iter().map(|o| format!("{o:?}")));
    told.extend(snapshot.admin_keys().iter().map(|o| format!("{o:?}")));
    told.extend(snapshot.upstreams().iter().map(|o| format!("{o:?}")));
    told.extend(snapshot.namespaces().iter().map(|o| format!("{o:?}")));
    for name in ModuleName::ALL {
        told.push(format!("{name} {:?}", snapshot.module(name)));
    }
    told.push(snapshot.signing_keys().jwks().to_string());
    // Found by every key they are kept under, and by no other.
    let uids: BTreeSet<&str> = snapshot.clients.by_uid.keys().map(AsRef::as_ref).collect();
    let listed: BTreeSet<&str> = snapshot.clients().iter().map(|c| c.uid.as_str()).collect();
    assert_eq!(uids, listed);
    for client in snapshot.clients() {
        let by_uid = snapshot.client_by_uid(&client.uid).expect("by uid");
        assert!(Arc::ptr_eq(client, by_uid));
        assert!(Arc::ptr_eq(
            client,
            snapshot.client(&client.name).expect("by name")
        ));
    }
    assert_eq!(
        snapshot.admin_keys_by_hash.len(),
        snapshot.admin_keys().len()
    );
    for key in snapshot.admin_keys() {
        assert!(Arc::ptr_eq(
            key,
            snapshot.admin_key(&key.spec.hash).expect("by hash")
        ));
    }
    told
}

both_databases! {
    async fn an_empty_database_has_only_what_is_always_on(db: TestDb) {
        let room = Room::new(db).await;
        let snapshot = room.engine.snapshot(None).await.unwrap();
        assert_eq!(snapshot.generation, Generation(0));
        let on: Vec<&str> = ModuleName::ALL
            .into_iter()
            .filter(|name| snapshot.is_on(*name))
            .map(ModuleName::name)
            .collect();
        assert_eq!(
            on,
            ["session", "account", "mail", "jwt", "biscuit", "admin"]
        );
        let ModuleSettings::Session(settings) = &snapshot.module(ModuleName::Session).settings else {
            panic!("{:?}", snapshot.module(ModuleName::Session));
        };
        assert_eq!(settings.ttl.as_secs(), 30 * 86_400);
        assert!(snapshot.signing_keys().active(SigningAlgorithm::Rs256).is_some());
    }

    async fn what_was_applied_is_found(db: TestDb) {
        let room = Room::new(db).await;
        room.apply(vec![
            client("grafana"), admin_key("ci", "sk_1"), upstream("google", "x"),
            object(assay_reconciler::kind::Kind::Module, "session", json!({ "settings": { "ttl": "1h" } })),
            module("passkey", true),
        ])
        .await
        .unwrap();
        let snapshot = room.engine.snapshot(None).await.unwrap();
        assert_eq!(snapshot.generation, Generation(1));
        assert_eq!(snapshot.client("grafana").unwrap().name, "grafana");
        assert!(snapshot.client("nobody").is_none());
        assert_eq!(snapshot.admin_key(&KeyHash::of("sk_1")).unwrap().name, "ci");
        assert!(snapshot.admin_key(&KeyHash::of("sk_2")).is_none());
        assert!(snapshot.upstream("google").is_some());
        assert!(snapshot.is_on(ModuleName::Passkey));
        assert_eq!(snapshot.session_settings().ttl.as_secs(), 3_600);
    }

    async fn the_next_snapshot_shares_what_did_not_change(db: TestDb) {
        let room = Room::new(db).await;
        room.apply(vec![client("a"), client("b"), client("c"), module("passkey", true)])
            .await
            .unwrap();
        let first = room.engine.snapshot(None).await.unwrap();
        let same = room.engine.snapshot(Some(&first)).await.unwrap();
        assert!(Arc::ptr_eq(&first, &same));

        // `a` goes and its name goes to what was `b`, whose name goes to a new client; `c` changes;
        // a module is switched.
        let changed = || client_with("c", json!({ "displayName": "C" }));
        room.apply(vec![renamed(client("d"), "b"), changed(), module("passkey", false)])
            .await
            .unwrap();
        room.apply(vec![
            renamed(client("a"), "d"), changed(), client("b"), module("passkey", false),
        ])
        .await
        .unwrap();
        let next = room.engine.snapshot(Some(&first)).await.unwrap();
        let whole = room.engine.snapshot(None).await.unwrap();
        assert_eq!(told(&next), told(&whole));
        assert_eq!(next.generation, Generation(3));
        assert_eq!(
            next.client("a").unwrap().uid,
            first.client("b").unwrap().uid
        );
        assert!(!next.is_on(ModuleName::Passkey));
        // And the one that serves meanwhile is untouched.
        assert!(first.is_on(ModuleName::Passkey));
        assert_eq!(first.clients().len(), 3);

        room.apply(vec![
            renamed(client("a"), "d"), changed(), client("b"), module("passkey", true),
        ])
        .await
        .unwrap();
        let last = room.engine.snapshot(Some(&next)).await.unwrap();
        assert!(Arc::ptr_eq(last.client("c").unwrap(), next.client("c").unwrap()));
    }

    async fn a_server_keeps_what_it_has_when_the_next_cannot_be_read(db: TestDb) {
        let room = Room::new(db).await;
        room.apply(vec![client("a")]).await.unwrap();
        let serving = room.engine.snapshot(None).await.unwrap();
        room.apply(vec![client("a"), client("b")]).await.unwrap();
        execute!(
            &room.store,
            "UPDATE object_revisions SET spec = '{\"fromTheFuture\": true}' WHERE name = 'b'"
        )
        .unwrap();
        let error = room.engine.snapshot(Some(&serving)).await.unwrap_err();
        assert!(matches!(error, SnapshotError::Undecodable(_)), "{error}");
        let text = error.to_string();
        assert!(text.contains("OidcClient/b") && text.contains("newer assay"), "{text}");

        execute!(&room.store, "DELETE FROM generations").unwrap();
        let error = room.engine.snapshot(Some(&serving)).await.unwrap_err();
        assert!(
            matches!(
                error,
                SnapshotError::Older { serving: Generation(1), found: Generation(0) }
            ),
            "{error}"
        );
    }
}
