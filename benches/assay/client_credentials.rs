//! Tokens of clients themselves: server CPU per token beside the bare signature in the same run.

use crate::{bare, heading, process::Server, provider, report};

pub fn run(server: &Server) {
    heading("client_credentials (SQLite)");
    let algorithms: [(_, fn() -> f64, _, _); 3] = [
        ("RS256", bare::rs256, provider::JOB, 3_000),
        ("ES256", bare::es256, provider::JOB_ES256, 10_000),
        ("EdDSA", bare::eddsa, provider::JOB_EDDSA, 10_000),
    ];
    for (name, bare, basic, times) in algorithms {
        let headers = [basic, provider::FORM];
        let body = "grant_type=client_credentials";
        let (bare, token) = bare::around(bare, || {
            server.per_request(times, "POST", "/auth/token", &headers, body)
        });
        report(
            &format!("bare {name} signature (aws-lc-rs)"),
            bare,
            "us",
            "",
        );
        let note = format!("{:.2} x the bare signature", token / bare);
        report(&format!("client_credentials, {name}"), token, "us", &note);
    }
}
