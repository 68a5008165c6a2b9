use assay_reconciler::{
    diff::Guard,
    kind::Kind,
    spec::{SigningAlgorithm, admin_key::KeyHash},
};
use serde_json::json;

use super::fixture::{Room, admin_key, client, client_with, key, module, object, options};
use crate::{
    generation::{Actor, ApplyError, ApplyOptions, Generation, Owner},
    store::testing::both_databases,
};

fn guards(refused: &ApplyError) -> &[Guard] {
    match refused {
        ApplyError::NeedsYes(guards) => guards,
        other => panic!("{other}"),
    }
}

both_databases! {
    async fn what_is_rarely_meant_is_asked_about(db: TestDb) {
        let room = Room::new(db).await;
        let all = vec![
            client("a"), client("b"), client("c"), admin_key("ci", "sk_1"), admin_key("ops", "sk_2"),
        ];
        room.apply(all.clone()).await.unwrap();

        let refused = room.apply_with(vec![], |o| o.yes = false).await.unwrap_err();
        assert!(matches!(guards(&refused)[0], Guard::EmptySet { deleted: 5, .. }), "{refused}");
        let text = refused.to_string();
        assert!(text.contains("--yes") && text.contains("all 5 objects"), "{text}");

        let mostly_gone = || vec![admin_key("ci", "sk_1"), admin_key("ops", "sk_2")];
        let refused = room.apply_with(mostly_gone(), |o| o.yes = false).await.unwrap_err();
        assert!(matches!(guards(&refused)[..], [Guard::MostOfSet { .. }]), "{refused}");

        let without = |name: &str| -> Vec<_> {
            all.iter().filter(|object| object.name() != name).cloned().collect()
        };
        let refused = room
            .apply_with(without("ci"), |o| {
                o.yes = false;
                o.acting_key = Some(KeyHash::of("sk_1"));
            })
            .await
            .unwrap_err();
        assert!(matches!(guards(&refused)[..], [Guard::KeyInUse { .. }]), "{refused}");

        // Another key goes and one is left: nothing to ask.
        room.apply_with(without("ops"), |o| o.yes = false).await.unwrap();
        let clients = vec![client("a"), client("b"), client("c")];
        let refused = room.apply_with(clients, |o| o.yes = false).await.unwrap_err();
        assert!(matches!(guards(&refused)[..], [Guard::LastAdminKey { .. }]), "{refused}");

        let refused = room
            .engine
            .rollback(Generation(1), ApplyOptions { yes: false, ..options() })
            .await
            .unwrap_err();
        assert!(matches!(guards(&refused)[..], [Guard::KeyReturns { .. }]), "{refused}");
        room.engine.rollback(Generation(1), options()).await.unwrap();
        assert_eq!(room.exported().await.len(), 5);
    }

    async fn what_does_not_hold_together_is_refused_across_sets_and_hands(db: TestDb) {
        let room = Room::new(db).await;
        let by_hand = || ApplyOptions::new(Actor::new("admin-key:ci"));
        let off = room
            .engine
            .apply_as(Owner::AdminApi, vec![module("session", false)], vec![], by_hand())
            .await
            .unwrap_err();
        assert!(matches!(off, ApplyError::Plan(_)), "{off}");
        assert!(off.to_string().contains("session"), "{off}");

        let es256 = |name: &str| client_with(name, json!({ "idTokenSignedResponseAlg": "ES256" }));
        let refused = room.apply(vec![es256("a")]).await.unwrap_err();
        assert!(refused.to_string().contains("ES256"), "{refused}");

        let jwt = object(
            Kind::Module,
            "jwt",
            json!({ "settings": { "algorithms": [SigningAlgorithm::Rs256, SigningAlgorithm::Es256] } }),
        );
        room.engine
            .apply_as(Owner::AdminApi, vec![jwt], vec![], by_hand())
            .await
            .unwrap();
        room.apply(vec![es256("a"), client("b")]).await.unwrap();
        let refused = room
            .engine
            .apply_as(Owner::AdminApi, vec![], vec![key(Kind::Module, "jwt")], by_hand())
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("OidcClient/a"), "{refused}");
        let refused = room
            .engine
            .apply_as(Owner::AdminApi, vec![], vec![key(Kind::Module, "passkey")], by_hand())
            .await
            .unwrap_err();
        assert!(matches!(refused, ApplyError::NotFound(_)), "{refused}");
        assert_eq!(room.engine.current().await.unwrap(), Generation(2));
    }
}
