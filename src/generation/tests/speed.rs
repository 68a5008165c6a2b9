//! What it costs with 10,000 clients and 1,000 namespaces. Not run unless asked for:
//!
//! ```text
//! cargo test --release --lib generation::tests::speed -- --ignored --nocapture --test-threads=1
//! ```
#![allow(clippy::print_stdout)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use assay_reconciler::{diff::Ownership, kind::Kind, object::Object};
use serde_json::json;

use super::fixture::{Room, client_with, object, options};
use crate::{
    generation::{Generation, Outcome, observe},
    store::{fetch_all, testing::both_databases},
};

fn everything(display_name: &str) -> Vec<Object> {
    let client = |n| {
        let name = if n == 5_000 { display_name } else { "An app" };
        client_with(&format!("client-{n:05}"), json!({ "displayName": name }))
    };
    let namespace = |n| object(Kind::ZanzibarNamespace, &format!("type_{n:04}"), json!({}));
    (0..10_000)
        .map(client)
        .chain((0..1_000).map(namespace))
        .collect()
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The median of several runs, in milliseconds.
async fn median<F: Future>(runs: usize, mut run: impl FnMut() -> F) -> f64 {
    let mut times = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        run().await;
        times.push(start.elapsed());
    }
    times.sort();
    ms(times[runs / 2])
}

both_databases! {
    #[ignore = "measures; run it in release"]
    async fn of_eleven_thousand_objects(db: TestDb) {
        let room = Room::new(db).await;
        let engine = &room.engine;
        let name = room.store.engine_name();

        let start = Instant::now();
        let desired = room.desired(everything("An app"));
        println!("{name}: seal and hash {:.0} ms", ms(start.elapsed()));
        let start = Instant::now();
        engine.apply(desired.clone(), options()).await.unwrap();
        println!("{name}: create 11,000 {:.0} ms", ms(start.elapsed()));

        let observing = median(15, async || {
            let mut tx = room.store.begin_read().await.unwrap();
            let observed = observe::observe(&mut tx).await.unwrap();
            assert_eq!(observed.objects.len(), 11_000);
            tx.rollback().await.unwrap();
        });
        println!("{name}: observe {:.1} ms", observing.await);
        let rows = median(15, async || {
            for sql in ["SELECT hash, id, owner, name FROM oidc_clients",
                        "SELECT hash, id, owner, name FROM zanzibar_namespaces"] {
                fetch_all!(&room.store, (String, String, String, String), sql).unwrap();
            }
        });
        println!("{name}: the same as rows, only decoded {:.1} ms", rows.await);
        let planning = median(15, async || {
            let plan = engine.plan(&desired, Ownership::default()).await.unwrap();
            assert!(plan.is_empty());
        });
        println!("{name}: observe and plan, nothing to do {:.1} ms", planning.await);
        let copies = std::sync::Mutex::new(vec![desired.clone(); 15]);
        let applying = median(15, async || {
            let copy = copies.lock().unwrap().pop().unwrap();
            let applied = engine.apply(copy, options()).await.unwrap();
            assert_eq!(applied.outcome, Outcome::Unchanged);
        });
        println!("{name}: apply, nothing to do {:.1} ms", applying.await);

        let start = Instant::now();
        let first = engine.snapshot(None).await.unwrap();
        println!("{name}: first snapshot {:.0} ms", ms(start.elapsed()));
        let start = Instant::now();
        engine.apply(room.desired(everything("Another")), options()).await.unwrap();
        println!("{name}: change one of 11,000 (with sealing and hashing) {:.1} ms", ms(start.elapsed()));
        let next = median(15, async || {
            let next = engine.snapshot(Some(&first)).await.unwrap();
            assert_eq!(next.generation, Generation(2));
            assert!(!Arc::ptr_eq(&next, &first));
        });
        println!("{name}: next snapshot after one change {:.2} ms", next.await);

        let start = Instant::now();
        engine.rollback(Generation(1), options()).await.unwrap();
        println!("{name}: roll back one of 11,000 {:.0} ms", ms(start.elapsed()));
        let start = Instant::now();
        engine.apply(room.desired(everything("An app").split_off(6_000)), options()).await.unwrap();
        println!("{name}: delete 6,000 {:.0} ms", ms(start.elapsed()));
    }
}
