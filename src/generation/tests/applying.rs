use assay_reconciler::{
    diff::{Ownership, PlanDocument},
    kind::Kind,
};
use serde_json::json;

use super::fixture::{
    Room, admin_key, client, client_with, key, module, options, renamed, upstream,
};
use crate::{
    generation::{Actor, ApplyError, ApplyOptions, Engine, Generation, Outcome, Owner, Source},
    store::{fetch_all, fetch_one, testing::both_databases},
};

both_databases! {
    async fn what_was_applied_is_there_and_is_recorded(db: TestDb) {
        let room = Room::new(db).await;
        let applied = room
            .apply_with(
                vec![client("grafana"), module("passkey", true), upstream("google", "s3cret")],
                |options| {
                    options.actor = Actor::new("cli:ada@laptop");
                    options.source = Source {
                        commit: Some("abc123".into()),
                        dirty: Some(true),
                        url: None,
                    };
                },
            )
            .await
            .unwrap();
        assert_eq!(applied.outcome, Outcome::Applied);
        assert_eq!(applied.generation, Generation(1));

        let exported = room.exported().await;
        assert_eq!(exported.len(), 3);
        assert!(exported.iter().all(|line| line.contains(" set:default ")), "{exported:?}");
        assert!(!exported.join("\n").contains("the secret of"));

        let history = room.engine.history(10, None).await.unwrap();
        assert_eq!(history.len(), 1);
        assert_eq!(history[0].actor.as_str(), "cli:ada@laptop");
        assert_eq!(history[0].set.as_deref(), Some("default"));
        assert_eq!(history[0].source.commit.as_deref(), Some("abc123"));
        assert_eq!(history[0].source.dirty, Some(true));
        assert_eq!(history[0].digest.len(), 64);

        let (actor, action, subject) = fetch_one!(
            &room.store,
            (String, String, String),
            "SELECT actor, action, subject FROM audit"
        )
        .unwrap();
        assert_eq!(
            (actor.as_str(), action.as_str(), subject.as_str()),
            ("cli:ada@laptop", "config.apply", "generation/1")
        );
    }

    async fn the_plan_is_on_record_without_secrets(db: TestDb) {
        let room = Room::new(db).await;
        let with_name = |name: &str| client_with("a", json!({
            "displayName": name, "clientSecret": { "value": name },
        }));
        room.apply(vec![with_name("One")]).await.unwrap();
        room.apply(vec![with_name("Two")]).await.unwrap();
        let text = room.engine.recorded_plan(Generation(2)).await.unwrap().unwrap();
        let plan = PlanDocument::parse(&text).unwrap();
        assert_eq!(plan.base_generation, Generation(1));
        let fields: Vec<&str> = plan.changes[0].fields.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(fields, ["/spec/displayName", "/spec/clientSecret"]);
        assert!(!text.contains("hmac-sha256"), "{text}");
        assert_eq!(room.engine.recorded_plan(Generation(3)).await.unwrap(), None);
    }

    async fn nothing_to_do_makes_no_generation(db: TestDb) {
        let room = Room::new(db).await;
        let all = || vec![client("a"), client("b"), admin_key("ci", "sk_1")];
        room.apply(all()).await.unwrap();
        let again = room.apply(all().into_iter().rev().collect()).await.unwrap();
        assert_eq!(again.outcome, Outcome::Unchanged);
        assert_eq!(again.generation, Generation(1));
        assert_eq!(room.engine.current().await.unwrap(), Generation(1));
        assert_eq!(room.count("SELECT COUNT(*) FROM audit").await, 1);
    }

    async fn a_dry_run_changes_nothing_and_tells_the_same(db: TestDb) {
        let room = Room::new(db).await;
        room.apply(vec![client("a")]).await.unwrap();
        let before = room.exported().await;
        let change = || vec![client("b")];

        let dry = room.apply_with(change(), |o| o.dry_run = true).await.unwrap();
        assert_eq!(dry.outcome, Outcome::DryRun);
        assert_eq!(room.exported().await, before);
        assert_eq!(room.engine.current().await.unwrap(), Generation(1));
        assert_eq!(room.count("SELECT COUNT(*) FROM object_revisions").await, 1);

        let real = room.apply(change()).await.unwrap();
        assert_eq!(real.generation, dry.generation);
        assert_eq!(real.plan.summary(), dry.plan.summary());
    }

    async fn a_plan_against_an_older_generation_is_refused(db: TestDb) {
        let room = Room::new(db).await;
        room.apply(vec![client("a")]).await.unwrap();
        room.apply(vec![client("b")]).await.unwrap();
        let refused = room
            .apply_with(vec![client("c")], |o| o.expected_base = Some(Generation(1)))
            .await
            .unwrap_err();
        assert!(
            matches!(
                refused,
                ApplyError::Stale { planned: Generation(1), current: Generation(2) }
            ),
            "{refused}"
        );
        assert_eq!(
            refused.to_string(),
            "the plan was made against generation 1, but 2 is live; run `assay diff` again"
        );
        let refused = room
            .apply_with(vec![client("c")], |o| o.expected_digest = Some("0".repeat(64)))
            .await
            .unwrap_err();
        assert!(matches!(refused, ApplyError::OtherManifests { .. }), "{refused}");
        assert_eq!(room.engine.current().await.unwrap(), Generation(2));
    }

    async fn a_rename_keeps_the_identity(db: TestDb) {
        let room = Room::new(db).await;
        room.apply(vec![client("a"), client("b")]).await.unwrap();
        let id = |name: &'static str| {
            let store = room.store.clone();
            async move {
                let (id,) = fetch_one!(
                    &store,
                    (String,),
                    "SELECT id FROM oidc_clients WHERE name = $1",
                    name
                )
                .unwrap();
                id
            }
        };
        let before = id("a").await;
        // `b` gets the name that is free, `a` the name that `b` had.
        room.apply(vec![renamed(client("c"), "b"), renamed(client("b"), "a")])
            .await
            .unwrap();
        assert_eq!(id("b").await, before);
        assert_eq!(room.count("SELECT COUNT(*) FROM oidc_clients").await, 2);
    }

    async fn an_object_of_another_owner_is_a_conflict_until_it_is_taken_over(db: TestDb) {
        let room = Room::new(db).await;
        let by_hand = ApplyOptions::new(Actor::new("admin-key:ci"));
        room.engine
            .apply_as(Owner::AdminApi, vec![module("passkey", true)], vec![], by_hand)
            .await
            .unwrap();
        let refused = room.apply(vec![module("passkey", false)]).await.unwrap_err();
        assert!(matches!(refused, ApplyError::Plan(_)), "{refused}");
        assert!(refused.to_string().contains("admin-api"), "{refused}");

        room.apply_with(vec![module("passkey", false)], |o| {
            o.ownership = Ownership { prune: true, take_over: true };
        })
        .await
        .unwrap();
        let exported = room.exported().await;
        assert!(exported[0].starts_with("Module/passkey set:default "), "{exported:?}");

        let by_hand = ApplyOptions::new(Actor::new("admin-key:ci"));
        let refused = room
            .engine
            .apply_as(Owner::AdminApi, vec![], vec![key(Kind::Module, "passkey")], by_hand)
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("set:default"), "{refused}");
    }

    async fn the_first_of_two_servers_seeds_the_database(db: TestDb) {
        let room = Room::new(db).await;
        let other = Engine::new(
            db.open().await,
            room.engine.keyring.clone(),
            room.clock.clone(),
        );
        let seed = || vec![module("passkey", true), module("password", true)];
        let actor = Actor::boot();
        let (one, two) = tokio::join!(
            room.engine.seed(seed(), &actor),
            other.seed(seed(), &actor)
        );
        let made = [one.unwrap(), two.unwrap()];
        assert!(made.contains(&Some(Generation(1))) && made.contains(&None), "{made:?}");
        assert_eq!(room.engine.seed(seed(), &actor).await.unwrap(), None);
        let exported = room.exported().await;
        assert!(exported.iter().all(|line| line.contains(" boot ")), "{exported:?}");

        // Any set may take what the boot made.
        room.apply(vec![module("passkey", false)]).await.unwrap();
        let exported = room.exported().await;
        assert!(exported[0].starts_with("Module/passkey set:default "), "{exported:?}");
        assert!(exported[1].starts_with("Module/password boot "), "{exported:?}");
    }

    async fn two_appliers_at_once_take_turns(db: TestDb) {
        let room = Room::new(db).await;
        let other = Engine::new(
            db.open().await,
            room.engine.keyring.clone(),
            room.clock.clone(),
        );
        let clients = |prefix: &str| -> Vec<_> {
            (0..50).map(|n| client(&format!("{prefix}{n}"))).collect()
        };
        let (a, b) = (clients("a"), clients("b"));
        let (one, two) = tokio::join!(
            room.engine.apply(room.desired(a.clone()), options()),
            other.apply(room.desired(b.clone()), options())
        );
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_ne!(one.generation, two.generation);
        // Whoever came last left all of its own and nothing else.
        let last = if one.generation > two.generation { "a" } else { "b" };
        let names: Vec<(String,)> =
            fetch_all!(&room.store, (String,), "SELECT name FROM oidc_clients").unwrap();
        assert_eq!(names.len(), 50);
        assert!(names.iter().all(|(name,)| name.starts_with(last)), "{names:?}");

        // Both planned against the same base: one of them is told.
        let based = || ApplyOptions { expected_base: Some(Generation(2)), ..options() };
        let (one, two) = tokio::join!(
            room.engine.apply(room.desired(clients("c")), based()),
            other.apply(room.desired(clients("d")), based())
        );
        let stale = [one, two].into_iter().filter(|outcome| {
            matches!(outcome, Err(ApplyError::Stale { current: Generation(3), .. }))
        });
        assert_eq!(stale.count(), 1);
        assert_eq!(room.engine.current().await.unwrap(), Generation(3));
    }

    async fn a_secret_in_the_clear_never_reaches_the_database(db: TestDb) {
        use assay_reconciler::diff::{DesiredState, SetName};
        let room = Room::new(db).await;
        let unsealed = DesiredState::new(SetName::default(), vec![client("a")]).unwrap();
        let refused = room.engine.apply(unsealed, options()).await.unwrap_err();
        assert!(matches!(refused, ApplyError::Unsealed(_)), "{refused}");
        assert!(!format!("{refused} {refused:?}").contains("the secret of"));

        let foreign = client_with("b", json!({}));
        let mut foreign_upstream = upstream("google", "x");
        if let assay_reconciler::object::Spec::UpstreamProvider(spec) = &mut foreign_upstream.spec {
            spec.client_secret =
                Some(assay_reconciler::secret::SecretSource::Sealed("v1:AAAAAAAA".into()));
        }
        let refused = room.apply(vec![foreign, foreign_upstream]).await.unwrap_err();
        assert!(matches!(refused, ApplyError::ForeignSecret(_)), "{refused}");
        assert_eq!(room.engine.current().await.unwrap(), Generation(0));
    }

    async fn a_document_that_a_newer_binary_wrote_is_named(db: TestDb) {
        let room = Room::new(db).await;
        room.apply(vec![client("a")]).await.unwrap();
        crate::store::execute!(
            &room.store,
            "UPDATE oidc_clients SET spec = '{\"fromTheFuture\": 1}', hash = 'other'"
        )
        .unwrap();
        let refused = room.apply(vec![client("a")]).await.unwrap_err();
        assert!(matches!(refused, ApplyError::Undecodable(_)), "{refused}");
        let text = refused.to_string();
        assert!(
            text.contains("OidcClient/a") && text.contains("fromTheFuture") && text.contains("newer"),
            "{text}"
        );
        let error = room.engine.snapshot(None).await.unwrap_err();
        assert!(error.to_string().contains("OidcClient/a"), "{error}");
    }
}
