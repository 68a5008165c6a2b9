use std::time::Duration;

use super::fixture::{Client, open, start, switch};
use crate::store::{
    Store, execute, fetch_one,
    testing::{TestDb, both_databases},
};

both_databases! {
    async fn servers_on_one_database_follow_each_other(db: TestDb) {
        let first = start(db).await;
        let second = start(db).await;
        let opened = open(db).await;
        let mut clients = [
            Client::connect(first.address).await,
            Client::connect(second.address).await,
        ];
        for enabled in [false, true, false] {
            let generation = switch(&opened.engine, enabled).await;
            for client in &mut clients {
                let delay = client.until(generation).await;
                eprintln!("{}: followed after {delay:?}", opened.store.engine_name());
                let status = client.get("/passkey/start").await.status;
                assert_eq!(status, if enabled { 200 } else { 404 });
            }
        }
        // Each says so to the others.
        let replicas = opened
            .engine
            .wait_for_replicas(opened.engine.current().await.unwrap(), std::time::Duration::from_secs(20))
            .await
            .unwrap();
        assert_eq!(replicas.len(), 2);
        first.server.stop().await;
        second.server.stop().await;
        assert!(opened.engine.replicas().await.unwrap().is_empty());
    }

    async fn what_cannot_be_read_leaves_the_old_serving(db: TestDb) {
        let running = start(db).await;
        let opened = open(db).await;
        let mut client = Client::connect(running.address).await;
        let good = switch(&opened.engine, false).await;
        client.until(good).await;

        // As if a newer version had written a module that this one does not know.
        let bad = switch(&opened.engine, true).await;
        client.until(bad).await;
        let mut tx = opened.store.begin().await.unwrap();
        for sql in [
            "UPDATE modules SET spec = '{\"enabled\":true,\"settings\":{\"fromTheFuture\":1}}'
              WHERE name = 'passkey'",
            "INSERT INTO generations (number, created_at, actor, digest, summary, plan)
             SELECT number + 1, created_at, actor, digest, summary, plan FROM generations
              ORDER BY number DESC LIMIT 1",
            "INSERT INTO object_revisions
                    (kind, id, generation, name, owner, metadata, spec, hash, deleted)
             SELECT 'Module', id, generation + 1, name, owner, metadata, spec, hash, FALSE
               FROM modules WHERE name = 'passkey'",
        ] {
            execute!(&mut tx, sql).unwrap();
        }
        tx.notify_change().await.unwrap();
        tx.commit().await.unwrap();

        let ready = loop {
            let ready = client.get("/readyz").await;
            assert_eq!(ready.status, 200, "{ready:?}");
            if ready.json()["status"] == "behind" {
                break ready.json();
            }
        };
        assert_eq!(ready["generation"], bad.0);
        assert_eq!(ready["latestGeneration"], bad.0 + 1);
        let error = ready["snapshotError"].as_str().unwrap();
        assert!(error.contains("passkey"), "{error}");
        let reply = client.get("/passkey/start").await;
        assert_eq!((reply.status, reply.generation()), (200, bad));
        running.server.stop().await;
    }
}

async fn listeners(store: &Store) -> i64 {
    let sql = "SELECT COUNT(*) FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE 'LISTEN %'";
    fetch_one!(store, (i64,), sql).unwrap().0
}

/// As a failover or an administrator ends connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_no_longer_hears_of_changes_follows_and_listens_again() {
    let db = TestDb::postgres().await;
    let servers = [start(&db).await, start(&db).await];
    let opened = open(&db).await;
    let before = listeners(&opened.store).await;
    assert!(before >= 2, "{before}");

    for enabled in [false, true] {
        let (ended,) = fetch_one!(
            &opened.store,
            (i64,),
            "SELECT COUNT(*) FILTER (WHERE pg_terminate_backend(pid, 10000))
               FROM pg_stat_activity
              WHERE datname = current_database() AND query LIKE 'LISTEN %'"
        )
        .unwrap();
        assert_eq!(ended, before);

        let generation = switch(&opened.engine, enabled).await;
        for server in &servers {
            let mut client = Client::connect(server.address).await;
            let delay = client.until(generation).await;
            eprintln!("followed after {delay:?}");
            let status = client.get("/passkey/start").await.status;
            assert_eq!(status, if enabled { 200 } else { 404 });
        }
        let waiting = std::time::Instant::now();
        while listeners(&opened.store).await < before {
            assert!(waiting.elapsed() < Duration::from_mins(1), "nobody listens");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    for server in servers {
        server.server.stop().await;
    }
}
