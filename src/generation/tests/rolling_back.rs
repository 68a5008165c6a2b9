use assay_reconciler::{
    kind::Kind,
    object::{Object, Spec},
    secret::SecretSource,
};
use serde_json::json;

use super::fixture::{
    Room, admin_key, client, client_with, key, module, options, renamed, upstream,
};
use crate::{
    generation::{Actor, ApplyError, ApplyOptions, Generation, Outcome, Owner},
    store::{fetch_one, testing::both_databases},
};

fn secret_of(object: &Object) -> Option<SecretSource> {
    match &object.spec {
        Spec::OidcClient(client) => client.client_secret.clone(),
        Spec::UpstreamProvider(upstream) => upstream.client_secret.clone(),
        Spec::AdminKey(key) => Some(SecretSource::Hash(key.hash.as_str().to_owned())),
        Spec::Webhook(webhook) => Some(webhook.secret.clone()),
        Spec::Module(_)
        | Spec::ZanzibarNamespace(_)
        | Spec::Theme(_)
        | Spec::Scope(_)
        | Spec::MailTemplate(_) => None,
    }
}

async fn secret(room: &Room, kind: Kind, name: &str) -> Option<SecretSource> {
    let all = room.engine.export(None).await.unwrap();
    let found = all
        .iter()
        .find(|(object, _)| object.key() == key(kind, name));
    secret_of(&found.expect("it is there").0)
}

/// A client with the secret that another one has.
fn same_secret(name: &str, other: &str) -> Object {
    let secret = format!("the secret of {other}");
    client_with(name, json!({ "clientSecret": { "value": secret } }))
}

both_databases! {
    async fn everything_is_again_as_it_was(db: TestDb) {
        let room = Room::new(db).await;
        let old = || vec![
            client("stays"), client_with("changes", json!({ "displayName": "Old" })),
            client("goes"), client("renamed-later"), module("passkey", true),
        ];
        room.apply(old()).await.unwrap();
        let by_hand = ApplyOptions::new(Actor::new("admin-key:ci"));
        room.engine
            .apply_as(Owner::AdminApi, vec![client("by-hand")], vec![], by_hand)
            .await
            .unwrap();
        let then = room.exported().await;

        room.apply(vec![
            client("stays"), client_with("changes", json!({ "displayName": "New" })),
            client("is-new"), renamed(same_secret("other-name", "renamed-later"), "renamed-later"),
        ])
        .await
        .unwrap();
        let by_hand = ApplyOptions::new(Actor::new("admin-key:ci"));
        room.engine
            .apply_as(Owner::AdminApi, vec![], vec![key(Kind::OidcClient, "by-hand")], by_hand)
            .await
            .unwrap();
        assert_ne!(room.exported().await, then);

        let applied = room.engine.rollback(Generation(2), options()).await.unwrap();
        assert_eq!(applied.outcome, Outcome::Applied);
        assert_eq!(applied.generation, Generation(5));
        assert_eq!(room.exported().await, then);
        let (action,) = fetch_one!(
            &room.store,
            (String,),
            "SELECT action FROM audit WHERE subject = 'generation/5'"
        )
        .unwrap();
        assert_eq!(action, "config.rollback");

        let again = room.engine.rollback(Generation(2), options()).await.unwrap();
        assert_eq!(again.outcome, Outcome::Unchanged);
        // The way there and the way back both begin from a plan that is empty.
        let plan = room
            .engine
            .plan(&room.desired(old()), options().ownership)
            .await
            .unwrap();
        assert!(plan.is_empty(), "{plan:?}");
    }

    async fn a_rotated_secret_does_not_come_back(db: TestDb) {
        let room = Room::new(db).await;
        let rotated = |name: &str| client_with(name, json!({
            "clientSecret": { "value": "the new secret" },
            "previousClientSecret": {
                "secret": { "value": format!("the secret of {name}") },
                "expiresAt": "2027-01-01T00:00:00Z",
            },
            "displayName": "New",
        }));
        room.apply(vec![client("a"), upstream("google", "old"), admin_key("ci", "sk_old")])
            .await
            .unwrap();
        room.apply(vec![rotated("a"), upstream("google", "new"), admin_key("ci", "sk_new")])
            .await
            .unwrap();
        let now = [
            secret(&room, Kind::OidcClient, "a").await,
            secret(&room, Kind::UpstreamProvider, "google").await,
            secret(&room, Kind::AdminKey, "ci").await,
        ];
        room.engine.rollback(Generation(1), options()).await.unwrap();
        let after = [
            secret(&room, Kind::OidcClient, "a").await,
            secret(&room, Kind::UpstreamProvider, "google").await,
            secret(&room, Kind::AdminKey, "ci").await,
        ];
        assert_eq!(after, now);
        assert!(room.exported().await.iter().all(|line| !line.contains("New")));
    }

    async fn what_comes_back_has_the_secret_it_had(db: TestDb) {
        let room = Room::new(db).await;
        room.apply(vec![client("a"), client("b")]).await.unwrap();
        let had = secret(&room, Kind::OidcClient, "a").await;
        room.apply(vec![client("b")]).await.unwrap();
        room.engine.rollback(Generation(1), options()).await.unwrap();
        assert_eq!(secret(&room, Kind::OidcClient, "a").await, had);
    }

    async fn what_was_deleted_and_made_again_keeps_its_new_identity(db: TestDb) {
        let room = Room::new(db).await;
        let remade = || client_with("a", json!({ "displayName": "Successor", "clientSecret": { "value": "second" } }));
        room.apply(vec![client("a"), client("b")]).await.unwrap();
        room.apply(vec![client("b")]).await.unwrap();
        room.apply(vec![remade(), client("b")]).await.unwrap();
        let id = "SELECT id FROM oidc_clients WHERE name = 'a'";
        let (before,) = fetch_one!(&room.store, (String,), id).unwrap();
        let kept = secret(&room, Kind::OidcClient, "a").await;
        room.engine.rollback(Generation(1), options()).await.unwrap();
        let (after,) = fetch_one!(&room.store, (String,), id).unwrap();
        assert_eq!(after, before);
        assert_eq!(secret(&room, Kind::OidcClient, "a").await, kept);
        assert!(!room.exported().await.join("\n").contains("Successor"));
    }

    async fn names_that_were_swapped_are_swapped_back(db: TestDb) {
        let room = Room::new(db).await;
        room.apply(vec![client("a"), client("b")]).await.unwrap();
        let then = room.exported().await;
        room.apply(vec![renamed(client("c"), "a"), client("b")]).await.unwrap();
        room.apply(vec![renamed(client("a"), "b"), renamed(client("c"), "a")]).await.unwrap();
        room.apply(vec![client("a"), renamed(client("b"), "c")]).await.unwrap();
        room.engine.rollback(Generation(1), options()).await.unwrap();
        // Secrets stay with the identity, and the identities have swapped names.
        let names = |lines: &[String]| -> Vec<String> {
            lines.iter().map(|l| l.split(" {").next().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&room.exported().await), names(&then));
    }

    async fn there_is_no_way_back_to_what_never_was(db: TestDb) {
        let room = Room::new(db).await;
        let error = room.engine.rollback(Generation(1), options()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no generation 1 to go back to; there is none yet"
        );
        room.apply(vec![client("a")]).await.unwrap();
        for asked in [-1, 0, 2] {
            let error = room.engine.rollback(Generation(asked), options()).await.unwrap_err();
            assert!(
                matches!(error, ApplyError::NoSuchGeneration { newest: Generation(1), .. }),
                "{error}"
            );
            assert_eq!(
                error.to_string(),
                format!("there is no generation {asked} to go back to; `assay history` lists 1 to 1")
            );
        }
        let dry = ApplyOptions { dry_run: true, ..options() };
        room.apply(vec![client("b")]).await.unwrap();
        let before = room.exported().await;
        let applied = room.engine.rollback(Generation(1), dry).await.unwrap();
        assert_eq!(applied.outcome, Outcome::DryRun);
        assert_eq!(room.exported().await, before);
    }
}
