#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

mod fixture;
mod follow;
mod requests;
mod swap;

use assay_reconciler::diff::DesiredState;

use crate::generation::{ApplyOptions, Engine, Generation};

fn moves_between_threads<F: Future + Send>(_: F) {}

/// Does not compile when it is false. Handlers and tasks of the server could not apply otherwise.
#[allow(dead_code)]
fn the_engine_works_in_handlers(engine: &Engine, desired: DesiredState, options: ApplyOptions) {
    moves_between_threads(engine.apply(desired, options.clone()));
    moves_between_threads(engine.rollback(Generation(1), options));
    moves_between_threads(engine.snapshot(None));
}
