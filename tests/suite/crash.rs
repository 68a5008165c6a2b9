//! A change happens whole or not at all, also when the process is killed in the middle of it.

use std::time::{Duration, Instant};

use crate::harness::{Assay, Manifests, TestDb};

both_databases!(an_apply_killed_at_any_moment_leaves_the_old_generation_or_the_new_one);

/// Applies that are killed, on each database.
const KILLS: u32 = 200;
/// Clients that every apply changes: all of them carry the round's number, or none does.
const CLIENTS: u32 = 40;

fn manifests_of(round: u32) -> String {
    let clients: Vec<String> = (0..CLIENTS)
        .map(|client| {
            format!(
                "apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: app-{client} }}
spec:
  displayName: Round {round}
  clientType: public
  redirectUris: [https://app-{client}.example.com/callback]
"
            )
        })
        .collect();
    clients.join("---\n")
}

/// The round whose objects are live, after checking that they all are of one round, and the generation.
fn live(assay: &Assay) -> (u32, i64) {
    let exported = assay.cli(["export", "-o", "json"]).expect_code(0).stdout;
    let rounds: Vec<u32> = exported
        .split("\"Round ")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(rounds.len(), CLIENTS as usize, "every client is there once");
    assert!(
        rounds.iter().all(|round| *round == rounds[0]),
        "objects of two applies are live at once: {rounds:?}"
    );
    let history = assay.cli(["history", "-o", "json"]).expect_code(0).json();
    let newest = newest_generation(&history);
    (rounds[0], newest)
}

fn newest_generation(history: &serde_json::Value) -> i64 {
    let records = history
        .as_array()
        .or_else(|| history["generations"].as_array())
        .expect("history is a list");
    records
        .iter()
        .filter_map(|record| {
            record["number"]
                .as_i64()
                .or_else(|| record["generation"].as_i64())
        })
        .max()
        .expect("there is a generation")
}

async fn an_apply_killed_at_any_moment_leaves_the_old_generation_or_the_new_one(db: TestDb) {
    let assay = Assay::with(db).install();
    let folder = Manifests::new().file("clients.yaml", &manifests_of(0));
    let path = folder.path().to_str().unwrap().to_owned();
    let apply = || assay.command(["apply", "-f", path.as_str()]);

    apply().run().expect_code(0);
    // How long an apply takes here, so that the kills fall all over it.
    folder.write("clients.yaml", &manifests_of(1));
    let began = Instant::now();
    apply().run().expect_code(0);
    let whole = began.elapsed();

    let (mut round, mut generation) = live(&assay);
    let (mut kept, mut changed) = (0, 0);
    for next in 2..2 + KILLS {
        folder.write("clients.yaml", &manifests_of(next));
        let mut running = apply().spawn();
        std::thread::sleep(fraction_of(whole, next));
        running.kill();
        running.wait();

        let (round_now, generation_now) = live(&assay);
        if generation_now == generation {
            assert_eq!(round_now, round, "the objects changed without a generation");
            kept += 1;
        } else {
            assert_eq!(generation_now, generation + 1, "one apply, one generation");
            assert_eq!(round_now, next, "the generation came without its objects");
            changed += 1;
        }
        (round, generation) = (round_now, generation_now);
    }
    eprintln!("{KILLS} kills: {kept} left the old generation, {changed} the new one");

    // And nothing is stuck: no lock, no half-written journal.
    folder.write("clients.yaml", &manifests_of(9_999));
    apply().run().expect_code(0);
    assert_eq!(live(&assay).0, 9_999);
}

/// Moments spread evenly over the apply and a little beyond, in no particular order.
fn fraction_of(whole: Duration, step: u32) -> Duration {
    // The golden ratio's multiples are as even as a sequence can be.
    let position = (f64::from(step) * 0.618_033_988_749_895).fract();
    whole.mul_f64(position * 1.2)
}
