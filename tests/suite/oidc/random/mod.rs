//! Random sequences of what people, clients and operators do, against the real server with a model beside
//! it. The seed of a run is printed when it fails, and the shortest sequence that still fails.
//!
//! `ASSAY_RANDOM_SEED` runs one seed again, `ASSAY_RANDOM_RUNS` more of them.

mod model;
mod operation;
mod world;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use self::{
    operation::{Operation, sequence},
    world::World,
};
use super::Bench;
use crate::harness::TestDb;

both_databases!(tokens_live_and_die_as_the_model_says);

/// Runs, each of another seed, unless the environment says otherwise.
const RUNS: u64 = 3;
/// Operations in one run.
const LENGTH: usize = 60;

async fn tokens_live_and_die_as_the_model_says(db: TestDb) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let first: u64 = number("ASSAY_RANDOM_SEED").unwrap_or_else(new_seed);
    let runs = number("ASSAY_RANDOM_RUNS").unwrap_or(RUNS);
    let bench = Bench::on(db).await;
    for seed in first..first + runs {
        let operations = sequence(seed, LENGTH);
        let Err(failed_at) = replay(&bench, &operations).await else {
            continue;
        };
        let shortest = shrink(&bench, operations[..=failed_at].to_vec()).await;
        panic!(
            "seed {seed} fails; ASSAY_RANDOM_SEED={seed} runs it again. In short: {shortest:#?}"
        );
    }
}

/// Seeds that nobody has tried, so that each run of the tests tries something new.
fn new_seed() -> u64 {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
    u64::from_le_bytes(bytes) >> 1
}

/// Runs the operations in a world of their own; gives the number of the one that fails.
async fn replay(bench: &Bench, operations: &[Operation]) -> Result<(), usize> {
    let mut world = World::new(bench).await;
    for (number, operation) in operations.iter().enumerate() {
        // What fails panics, and must not end the search for the shortest sequence.
        AssertUnwindSafe(world.perform(*operation))
            .catch_unwind()
            .await
            .map_err(|_| number)?;
    }
    AssertUnwindSafe(world.check_all())
        .catch_unwind()
        .await
        .map_err(|_| operations.len() - 1)
}

/// Leaves out whatever the failure does not need: halves first, single operations last.
async fn shrink(bench: &Bench, mut failing: Vec<Operation>) -> Vec<Operation> {
    let mut size = failing.len() / 2;
    while size > 0 {
        let mut end = failing.len();
        while end > 0 {
            let start = end.saturating_sub(size);
            let mut shorter = failing.clone();
            shorter.drain(start..end);
            if let Err(failed_at) = replay(bench, &shorter).await {
                shorter.truncate(failed_at + 1);
                failing = shorter;
            }
            end = start.min(failing.len());
        }
        size /= 2;
    }
    failing
}
