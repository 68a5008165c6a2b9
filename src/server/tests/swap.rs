use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::fixture::{Client, open, start, switch};
use crate::store::testing::both_databases;

both_databases! {
    async fn a_module_that_is_off_says_so_at_once(db: TestDb) {
        let running = start(db).await;
        let engine = open(db).await.engine;
        let mut client = Client::connect(running.address).await;
        assert_eq!(client.get("/passkey/start").await.status, 200);

        let off = switch(&engine, false).await;
        client.until(off).await;
        let reply = client.get("/passkey/start").await;
        assert_eq!(reply.status, 404);
        assert_eq!(reply.json()["type"], "urn:assay:problem:module-disabled");
        assert_eq!(reply.json()["module"], "passkey");
        assert_eq!(client.get("/passkeys").await.json()["type"], "urn:assay:problem:not-found");

        let on = switch(&engine, true).await;
        client.until(on).await;
        assert_eq!(client.get("/passkey/start").await.status, 200);
        running.server.stop().await;
    }

    async fn a_hundred_swaps_under_load_fail_no_request(db: TestDb) {
        const SWITCHES: i64 = 100;
        let running = start(db).await;
        let engine = open(db).await.engine;
        let done = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicU64::new(0));
        let disabled = Arc::new(AtomicU64::new(0));
        let mut clients = Vec::new();
        for number in 0..8 {
            let (done, answered, disabled) = (done.clone(), answered.clone(), disabled.clone());
            let mut client = Client::connect(running.address).await;
            clients.push(tokio::spawn(async move {
                let path = if number % 2 == 0 { "/healthz" } else { "/passkey/start" };
                let mut newest = 0;
                while !done.load(Ordering::Relaxed) {
                    let reply = client.get(path).await;
                    let generation = reply.generation().0;
                    assert!(generation >= newest, "{generation} came after {newest}");
                    newest = generation;
                    if reply.status == 404 && path == "/passkey/start" {
                        assert_eq!(reply.json()["module"], "passkey");
                        // Generation 1 has it on, and every switch changes that.
                        assert_eq!(generation % 2, 0, "off in {generation}");
                        disabled.fetch_add(1, Ordering::Relaxed);
                    } else {
                        assert_eq!(reply.status, 200, "{reply:?}");
                        assert!(path != "/passkey/start" || generation % 2 == 1, "on in {generation}");
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            }));
        }
        let began = Instant::now();
        let mut watcher = Client::connect(running.address).await;
        let mut slowest = Duration::ZERO;
        for number in 0..SWITCHES {
            let generation = switch(&engine, number % 2 == 1).await;
            slowest = slowest.max(watcher.until(generation).await);
        }
        let took = began.elapsed();
        done.store(true, Ordering::Relaxed);
        for client in clients {
            client.await.unwrap();
        }
        let answered = answered.load(Ordering::Relaxed);
        let disabled = disabled.load(Ordering::Relaxed);
        assert!(disabled > 0 && answered > disabled);
        eprintln!(
            "{SWITCHES} swaps in {took:?}, the slowest seen after {slowest:?}; {answered} requests, \
             {:.0} a second, {disabled} of them 404 by a module that was off",
            f64::from(u32::try_from(answered).unwrap()) / took.as_secs_f64()
        );
        running.server.stop().await;
    }
}
