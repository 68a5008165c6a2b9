//! What the engine promises, against an evaluator that is too simple to be wrong.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr
)]

mod agreement;
mod changes;
mod expanding;
mod explaining;
mod generate;
mod hostile;
mod keto;
mod lookups;
mod openfga;
mod reference;
mod spicedb;
mod traps;
mod world;
