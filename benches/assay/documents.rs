//! Documents that are the same for everybody: discovery and the keys.

use crate::{heading, http::Connection, process::Server, report};

const REQUESTS: u32 = 10_000;

pub fn run(server: &Server) {
    heading("Discovery and JWKS (SQLite)");
    let discovery = "/.well-known/openid-configuration";
    for path in [discovery, "/.well-known/jwks.json", "/healthz"] {
        let cost = server.per_request(REQUESTS, "GET", path, &[], "");
        report(&format!("GET {path}"), cost, "us", "one connection");
    }
    let etag = Connection::open(&server.address)
        .send("GET", discovery, &[], "")
        .header("etag")
        .unwrap()
        .to_owned();
    let known = format!("if-none-match: {etag}");
    let mut connection = Connection::open(&server.address);
    let cost = server.per_operation(REQUESTS, || {
        let answer = connection.send("GET", discovery, &[&known], "");
        assert_eq!(answer.status, 304);
    });
    report("discovery, known already (304)", cost, "us", "");

    // A server that has no rest between two requests wakes no thread for each.
    let mut connections: Vec<_> = (0..16).map(|_| Connection::open(&server.address)).collect();
    for path in [discovery, "/.well-known/jwks.json"] {
        let cost = server.per_operation(REQUESTS / 16, || {
            for connection in &mut connections {
                connection.ask("GET", path, &[], "");
            }
            for connection in &mut connections {
                assert_eq!(connection.read().status, 200);
            }
        }) / 16.0;
        report(&format!("GET {path}"), cost, "us", "16 connections at once");
    }
}
