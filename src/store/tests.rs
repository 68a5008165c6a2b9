//! Every promise of the store, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::time::{Duration, Instant};

use super::{
    Backend, Handle, Store, StoreError, bulk, execute, fetch_all, fetch_one, fetch_optional,
    migrate::{self, Migration},
    testing::both_databases,
};
use crate::{clock::UnixMillis, crypto::Secret};

const WAIT: Duration = Duration::from_secs(5);

#[derive(Debug, PartialEq, sqlx::FromRow)]
struct Row {
    kid: String,
    private_key: Option<Vec<u8>>,
    created_at: UnixMillis,
    expires_at: Option<UnixMillis>,
}

async fn insert_fact(store: &Store, key: &str) -> Result<u64, StoreError> {
    execute!(
        store,
        "INSERT INTO instance (key, value) VALUES ($1, $2)",
        key,
        "x"
    )
}

async fn facts(store: &Store) -> i64 {
    fetch_one!(store, (i64,), "SELECT count(*) FROM instance")
        .unwrap()
        .0
}

both_databases! {
    async fn migrating_twice_does_nothing_the_second_time(db: TestDb) {
        let store = db.open().await;
        let first = store.migrate().await.unwrap();
        assert!(first.was_empty);
        assert_eq!(first.number, migrate::latest_migration());
        assert_eq!(first.applied, migrate::embedded(&store).len());

        let second = store.migrate().await.unwrap();
        assert_eq!((second.applied, second.was_empty), (0, false));
    }

    async fn processes_that_open_an_empty_database_at_once_all_succeed(db: TestDb) {
        let mut starts = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let backend = db.backend();
            starts.spawn(async move {
                let store = Store::open(&backend).await?;
                let migrated = store.migrate().await?;
                store.close().await;
                Ok::<_, StoreError>(migrated.applied)
            });
        }
        let mut applied = 0;
        while let Some(outcome) = starts.join_next().await {
            applied += outcome.unwrap().expect("each of them starts");
        }
        assert_eq!(applied, migrate::embedded(&db.open().await).len());
    }

    async fn a_changed_migration_is_refused(db: TestDb) {
        let store = db.store().await;
        let mut known = migrate::embedded(&store).to_vec();
        known[1] = Migration { sql: "SELECT 1", ..known[1] };
        let error = migrate::run(&store, &known).await.unwrap_err();
        assert!(matches!(error, StoreError::ChangedMigration { number: 2, .. }), "{error:?}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"migration 2 (0002_people) in the database is not the one this assay was built with (its checksum differs); run the assay that made this database, or restore a backup");
        }
    }

    async fn a_database_newer_than_the_binary_is_refused(db: TestDb) {
        let store = db.store().await;
        let known = &migrate::embedded(&store)[..2];
        let error = migrate::run(&store, known).await.unwrap_err().to_string();
        let newest = format!("migration {}", migrate::latest_migration());
        let error = error.replace(&newest, "migration NEWEST");
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"the database is at migration NEWEST, but this assay knows only 2; run the newer assay, or restore a backup made before it");
        }
    }

    async fn a_migration_that_fails_leaves_nothing_and_the_ones_before_it_stay(db: TestDb) {
        let store = db.open().await;
        let mut known = migrate::embedded(&store).to_vec();
        known[2] = Migration { sql: "CREATE TABLE half (a TEXT); SELECT nonsense", ..known[2] };
        let error = migrate::run(&store, &known).await.unwrap_err();
        assert!(matches!(error, StoreError::Migration { number: 3, .. }), "{error:?}");
        assert!(fetch_all!(&store, (String,), "SELECT a FROM half").is_err());

        let repaired = store.migrate().await.unwrap();
        assert_eq!(repaired.applied, known.len() - 2);
    }

    async fn every_type_comes_back_as_it_went_in(db: TestDb) {
        let store = db.store().await;
        let mut tx = store.begin().await.unwrap();
        let written = fetch_one!(&mut tx, Row,
            "INSERT INTO jwks_keys (kid, algorithm, state, public_jwk, private_key, created_at)
             VALUES ($1, 'RS256', 'active', '{}', $2, $3)
          RETURNING kid, private_key, created_at, expires_at",
            "k\u{1f511}", [0_u8, 255].as_slice(), UnixMillis::from_millis(7)
        ).unwrap();
        tx.commit().await.unwrap();

        let read = fetch_optional!(&store, Row,
            "SELECT kid, private_key, created_at, expires_at FROM jwks_keys WHERE kid = $1", "k\u{1f511}"
        ).unwrap().unwrap();
        assert_eq!(read, written);
        assert_eq!(read, Row {
            kid: "k\u{1f511}".into(),
            private_key: Some(vec![0, 255]),
            created_at: UnixMillis::from_millis(7),
            expires_at: None,
        });
        assert!(fetch_optional!(&store, Row, "SELECT kid, private_key, created_at, expires_at FROM jwks_keys WHERE kid = 'none'").unwrap().is_none());

        let second_active = execute!(&store,
            "INSERT INTO jwks_keys (kid, algorithm, state, public_jwk, created_at) VALUES ('b', 'RS256', 'active', '{}', 1)"
        ).unwrap_err();
        assert!(second_active.is_unique_violation());
        assert!(!second_active.is_serialization_failure());
    }

    async fn what_hangs_on_a_client_ends_with_it(db: TestDb) {
        let store = db.store().await;
        execute!(&store, "INSERT INTO oidc_clients (id, name, owner, metadata, spec, hash, generation, created_at, updated_at) VALUES ('c', 'app', 'boot', '{}', '{}', '', 1, 1, 1)").unwrap();
        execute!(&store, "INSERT INTO users (id, email, state, created_at, updated_at) VALUES ('u', 'ada@example.com', 'active', 1, 1)").unwrap();
        execute!(&store, "INSERT INTO oidc_consents (user_id, client_uid, scope, granted_at) VALUES ('u', 'c', 'openid', 1)").unwrap();
        execute!(&store, "INSERT INTO oidc_grants (id, client_uid, user_id, scope, authenticated_at, amr, created_at, expires_at) VALUES ('g', 'c', 'u', 'openid', 1, '[]', 1, 9)").unwrap();
        execute!(&store, "INSERT INTO oidc_refresh_tokens (token_hash, grant_id, scope, created_at, expires_at) VALUES ($1, 'g', 'openid', 1, 9)", b"t".as_slice()).unwrap();

        let orphan = execute!(&store, "INSERT INTO oidc_consents (user_id, client_uid, scope, granted_at) VALUES ('u', 'none', 'openid', 1)").unwrap_err();
        assert!(orphan.is_foreign_key_violation());

        execute!(&store, "DELETE FROM oidc_clients WHERE id = 'c'").unwrap();
        let (left,) = fetch_one!(&store, (i64,), "SELECT (SELECT count(*) FROM oidc_consents) + (SELECT count(*) FROM oidc_refresh_tokens)").unwrap();
        assert_eq!(left, 0);
    }

    async fn a_transaction_that_is_dropped_leaves_nothing(db: TestDb) {
        let store = db.store().await;
        let mut tx = store.begin().await.unwrap();
        execute!(&mut tx, "INSERT INTO instance (key, value) VALUES ('a', 'b')").unwrap();
        drop(tx);
        let mut tx = store.begin_strict(WAIT).await.unwrap();
        execute!(&mut tx, "INSERT INTO instance (key, value) VALUES ('a', 'b')").unwrap();
        drop(tx);
        assert_eq!(facts(&store).await, 0);
    }

    async fn a_transaction_with_a_failed_statement_does_not_commit(db: TestDb) {
        let store = db.store().await;
        insert_fact(&store, "taken").await.unwrap();
        let mut tx = store.begin().await.unwrap();
        execute!(&mut tx, "INSERT INTO instance (key, value) VALUES ('new', 'x')").unwrap();
        execute!(&mut tx, "INSERT INTO instance (key, value) VALUES ('taken', 'x')").unwrap_err();
        assert!(matches!(tx.commit().await, Err(StoreError::Failed)));
        assert_eq!(facts(&store).await, 1);
    }

    async fn a_read_transaction_sees_one_snapshot_and_cannot_write(db: TestDb) {
        let store = db.store().await;
        let mut tx = store.begin_read().await.unwrap();
        let before = fetch_one!(&mut tx, (i64,), "SELECT count(*) FROM instance").unwrap();
        insert_fact(&store, "meanwhile").await.unwrap();
        let after = fetch_one!(&mut tx, (i64,), "SELECT count(*) FROM instance").unwrap();
        assert_eq!(before, after);
        assert!(execute!(&mut tx, "INSERT INTO instance (key, value) VALUES ('a', 'b')").is_err());
        drop(tx);
        assert_eq!(facts(&store).await, 1);
    }

    async fn appliers_take_turns_and_each_sees_what_the_one_before_did(db: TestDb) {
        let store = db.store().await;
        execute!(&store, "INSERT INTO revisions (topic, value) VALUES ('keys', 0)").unwrap();
        let mut appliers = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let store = Store::open(&db.backend()).await.unwrap();
            appliers.spawn(async move {
                let mut tx = store.begin_strict(Duration::from_secs(30)).await?;
                let (value,) = fetch_one!(&mut tx, (i64,), "SELECT value FROM revisions WHERE topic = 'keys'")?;
                tokio::time::sleep(Duration::from_millis(10)).await;
                execute!(&mut tx, "UPDATE revisions SET value = $1 WHERE topic = 'keys'", value + 1)?;
                tx.commit().await
            });
        }
        while let Some(outcome) = appliers.join_next().await {
            outcome.unwrap().expect("no conflict among appliers");
        }
        let (value,) = fetch_one!(&store, (i64,), "SELECT value FROM revisions WHERE topic = 'keys'").unwrap();
        assert_eq!(value, 8);
    }

    async fn an_applier_waits_no_longer_than_it_said(db: TestDb) {
        let store = db.store().await;
        let other = db.open().await;
        let holder = store.begin_strict(WAIT).await.unwrap();

        for waiter in [&store, &other] {
            let began = Instant::now();
            let error = waiter.begin_strict(Duration::from_millis(200)).await.unwrap_err();
            assert!(matches!(error, StoreError::LockTimeout { .. }), "{error:?}");
            assert!(error.is_unavailable());
            assert!((200..2_000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
        }

        drop(holder);
        other.begin_strict(WAIT).await.expect("the lock went with its holder").rollback().await.unwrap();
        store.begin_strict(WAIT).await.expect("and with a rollback").commit().await.unwrap();
        other.begin_strict(WAIT).await.expect("and with a commit");
    }

    async fn a_reader_that_goes_away_leaves_the_next_one_its_own_answer(db: TestDb) {
        use futures_util::FutureExt as _;
        let store = db.store().await;
        let read = async |number: i64| fetch_one!(&store, (i64,), "SELECT CAST($1 AS BIGINT)", number);
        // More than there are connections.
        for number in 0..50 {
            // Asked, and gone before the answer.
            let _ = Box::pin(read(-1)).now_or_never();
            assert_eq!(read(number).await.unwrap(), (number,));
        }
        store.close().await;
        assert!(read(1).await.is_err(), "a closed database answers");
    }

    async fn a_change_is_seen_by_every_process_in_time(db: TestDb) {
        let here = db.store().await;
        let there = db.open().await;
        let mut watch_here = here.watch().await.unwrap();
        let mut watch_there = there.watch().await.unwrap();
        let limit = match here.reader() {
            Handle::Sqlite(_) => Duration::from_millis(100),
            // Far below the second that polling alone would take.
            Handle::Postgres(_) => Duration::from_millis(500),
        };
        for _ in 0..5 {
            // Let what was announced before pass by.
            while tokio::time::timeout(Duration::from_millis(150), watch_there.changed()).await.is_ok() {}
            while tokio::time::timeout(Duration::from_millis(150), watch_here.changed()).await.is_ok() {}

            let mut tx = here.begin_strict(WAIT).await.unwrap();
            execute!(&mut tx, "INSERT INTO revisions (topic, value) VALUES ('keys', 1) ON CONFLICT (topic) DO UPDATE SET value = revisions.value + 1").unwrap();
            tx.notify_change().await.unwrap();
            tx.commit().await.unwrap();
            let committed = Instant::now();
            watch_there.changed().await;
            assert!(committed.elapsed() < limit, "there: {:?}", committed.elapsed());
            watch_here.changed().await;
            assert!(committed.elapsed() < limit, "here: {:?}", committed.elapsed());
        }
    }

    async fn bulk_writes_insert_update_and_delete_with_one_text(db: TestDb) {
        let store = db.store().await;
        let spec = "x".repeat(600);
        let ids: Vec<_> = (0..11_000).map(|_| crate::crypto::token::uuid_v7(UnixMillis::now()).unwrap().to_string()).collect();
        let mut tx = store.begin().await.unwrap();
        let began = Instant::now();
        let inserted = bulk::execute(&mut tx,
            ["id", "name", "owner", "metadata", "spec", "hash", "generation", "created_at", "updated_at"],
            "INSERT INTO oidc_clients (id, name, owner, metadata, spec, hash, generation, created_at, updated_at)
             SELECT id, name, owner, metadata, spec, hash, generation, created_at, updated_at FROM batch WHERE TRUE
             ON CONFLICT (id) DO UPDATE SET name = excluded.name",
            ids.iter().map(|id| [
                id.into(), id.into(), "set:default".into(), "{}".into(), spec.as_str().into(), "h".into(),
                1.into(), UnixMillis::from_millis(1).into(), UnixMillis::from_millis(1).into(),
            ]),
        ).await.unwrap();
        let took_insert = began.elapsed();
        assert_eq!(inserted, 11_000);

        let began = Instant::now();
        let updated = bulk::execute(&mut tx, ["id", "hash"],
            "UPDATE oidc_clients SET hash = batch.hash FROM batch WHERE oidc_clients.id = batch.id",
            ids.iter().map(|id| [id.into(), "new".into()]),
        ).await.unwrap();
        assert_eq!(updated, 11_000);
        let took_update = began.elapsed();

        let deleted = bulk::execute(&mut tx, ["id"],
            "DELETE FROM oidc_clients WHERE id IN (SELECT id FROM batch)",
            ids[..10_000].iter().map(|id| [id.into()]),
        ).await.unwrap();
        assert_eq!(deleted, 10_000);
        assert_eq!(bulk::execute(&mut tx, ["id"], "DELETE FROM oidc_clients", []).await.unwrap(), 0);
        tx.commit().await.unwrap();

        let (left,) = fetch_one!(&store, (i64,), "SELECT count(*) FROM oidc_clients WHERE hash = 'new'").unwrap();
        assert_eq!(left, 1_000);
        // Seen with --nocapture.
        println!("{}: 11,000 inserted in {took_insert:?}, updated in {took_update:?}", store.engine_name());
    }

    async fn bulk_writes_take_null_of_every_type(db: TestDb) {
        let store = db.store().await;
        let mut tx = store.begin().await.unwrap();
        bulk::execute(&mut tx,
            ["kid", "private_key", "retired_at", "generation"],
            "INSERT INTO jwks_keys (kid, algorithm, state, public_jwk, private_key, created_at, retired_at)
             SELECT kid, 'EdDSA', 'retired', '{}', private_key, 1, retired_at FROM batch",
            [
                ["a".into(), None::<&[u8]>.into(), None::<UnixMillis>.into(), None::<&str>.into()],
                ["b".into(), b"k".as_slice().into(), 5.into(), "g".into()],
            ],
        ).await.unwrap();
        tx.commit().await.unwrap();
        let rows = fetch_all!(&store, (String, Option<Vec<u8>>, Option<i64>), "SELECT kid, private_key, retired_at FROM jwks_keys ORDER BY kid").unwrap();
        assert_eq!(rows, [("a".into(), None, None), ("b".into(), Some(b"k".to_vec()), Some(5))]);
    }
}

#[tokio::test]
async fn the_sqlite_file_and_its_directory_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let data_dir = parent.path().join("a/data");
    let store = Store::open(&Backend::Sqlite {
        data_dir: data_dir.clone(),
    })
    .await
    .unwrap();
    store.migrate().await.unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data_dir), 0o700);
    for file in ["assay.db", "assay.db-wal", "assay.db-shm"] {
        assert_eq!(mode(&data_dir.join(file)), 0o600, "{file}");
    }
}

#[tokio::test]
async fn a_bad_url_is_refused_without_showing_it() {
    let backend = Backend::Postgres {
        url: Secret::from("postgres://me:hunter2@[bad/"),
        max_connections: 1,
    };
    let error = Store::open(&backend).await.unwrap_err();
    assert!(!format!("{error} {error:?} {backend:?}").contains("hunter2"));
    assert!(matches!(error, StoreError::Url));
}
