//! Black-box tests: the real binary on real databases, spoken to over HTTP and the command line.
//!
//! One binary of many modules, because linking each of many takes longer than running them all.
//! Half of the tests need PostgreSQL: `scripts/postgres run -- cargo test`, or `cargo test on_sqlite`
//! for those that do not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    unreachable_pub,
    reason = "a test says what went wrong by panicking, and nothing can reach into a test binary"
)]

#[path = "../harness/mod.rs"]
#[macro_use]
mod harness;

mod admin_api;
mod admin_insight;
mod biscuit;
mod command_line;
mod configuration;
mod crash;
mod documentation;
mod email_address;
mod guessing;
mod hostile_manifests;
mod importing;
mod mail;
mod mail_templates;
mod new_device;
mod oidc;
mod passkey;
mod passwords;
mod people;
mod places;
mod recovery;
mod remote;
mod scim;
mod second_factor;
mod self_service;
mod serve;
mod sign_in;
mod swap;
mod upstream;
mod webhooks;
mod zanzibar;
