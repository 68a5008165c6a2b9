//! What assay costs: server CPU per operation, memory and sizes, measured on the real binary over
//! HTTP, next to the bare cost of the cryptography underneath. CPU time holds on a noisy machine; wall
//! time is printed where a person waits for it.
//!
//! `cargo bench` runs everything on SQLite; with `ASSAY_TEST_POSTGRES` set
//! (`scripts/postgres run -- cargo bench`) on PostgreSQL as well. `cargo bench -- refresh` runs one part.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs,
    unreachable_pub,
    clippy::pedantic
)]

mod bare;
mod biscuit;
mod client_credentials;
mod code;
mod crowd;
mod database;
mod documents;
mod http;
mod import;
mod introspection;
mod lanes;
mod million;
mod passkey;
mod process;
mod provider;
mod reconcile;
mod refresh;
mod sign_in;
mod startup;
mod swap;
mod userinfo;
mod zanzibar;

use database::{Database, Engine};
use process::Server;

fn main() {
    // `cargo bench` passes `--bench`; what is left names the parts to run.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let runs = |part: &str| wanted.is_empty() || wanted.iter().any(|w| part.contains(w.as_str()));

    if runs("startup") {
        startup::run();
    }
    let of_the_provider = [
        "biscuit",
        "client_credentials",
        "code",
        "documents",
        "introspection",
        "lanes",
        "refresh",
        "userinfo",
    ];
    if of_the_provider.into_iter().any(&runs) {
        let installation = provider::installation(Engine::Sqlite);
        let server = Server::start(&installation);
        for part in of_the_provider.into_iter().filter(|part| runs(part)) {
            match part {
                "biscuit" => biscuit::run(&server),
                "client_credentials" => client_credentials::run(&server),
                "code" => code::run(&installation, &server),
                "documents" => documents::run(&server),
                "introspection" => introspection::run(&server),
                "lanes" => lanes::run(&server),
                "refresh" => refresh::run(&installation, &server),
                _ => userinfo::run(&server),
            }
        }
    }
    if runs("million") {
        million::run();
        crowd::among_many();
    }
    for database in Database::all() {
        of_people(database.engine, &runs);
        if runs("reconcile") {
            reconcile::run(&database);
        }
        if runs("import") {
            import::run(&database);
        }
        if runs("swap") {
            swap::run(&database);
        }
        if runs("zanzibar") {
            zanzibar::run(&database);
        }
    }
}

fn of_people(engine: Engine, runs: &impl Fn(&str) -> bool) {
    if ["sign_in", "passkey"].into_iter().any(runs) {
        let installation = provider::installation(engine);
        let server = Server::start(&installation);
        if runs("sign_in") {
            sign_in::run(&server, engine);
        }
        if runs("passkey") {
            passkey::run(&server, engine);
        }
    }
    if runs("crowd") {
        crowd::run(engine);
    }
}

/// One line of the result.
fn report(what: &str, figure: f64, unit: &str, note: &str) {
    println!("{what:<58} {figure:>10.1} {unit:<4} {note}");
}

fn heading(text: &str) {
    println!("\n{text}");
}
