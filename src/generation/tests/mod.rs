//! What the engine room promises, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod applying;
mod colliding;
mod fixture;
mod guarding;
mod laws;
mod people;
mod replicas;
mod rolling_back;
mod root_keys;
mod signing;
mod snapshots;
mod speed;
