//! Biscuits: decided by the server, next to the bare signatures in them.

use biscuit_auth::{Biscuit, BlockBuilder, PublicKey, UnverifiedBiscuit, builder::Algorithm};
use serde_json::{Value, json};

use crate::{bare, database::ADMIN_KEY, heading, http::Connection, process::Server, report};

/// Tokens that were not seen before.
const TOKENS: u32 = 1_000;
/// Requests with a token that was.
const REQUESTS: u32 = 10_000;
const JSON: &str = "content-type: application/json";
/// Ids of one request to revoke.
const IDS: u32 = 1_000;

pub fn run(server: &Server) {
    heading("Biscuits (SQLite)");
    let mut connection = Connection::open(&server.address);
    let keys = connection.send("GET", "/auth/biscuit/keys", &[], "").text();
    let keys: Value = serde_json::from_str(&keys).unwrap();
    let key = keys["keys"][0]["hex"].as_str().unwrap();
    let key = PublicKey::from_bytes_hex(key, Algorithm::Ed25519).unwrap();

    let idle = server.per_request(REQUESTS, "GET", "/healthz", &[], "");
    report("GET /healthz, for comparison", idle, "us", "");
    for blocks in [1, 5] {
        // `per_operation` does a tenth more to warm up.
        let tokens: Vec<String> = (0..TOKENS * 11 / 10 + 1)
            .map(|_| longer(&issued(&mut connection), blocks - 1))
            .collect();
        let sample = UnverifiedBiscuit::from_base64(&tokens[0])
            .unwrap()
            .to_vec()
            .unwrap();
        let bare = bare::each(500, || {
            Biscuit::from(&sample, |_: Option<u32>| Ok(key)).unwrap();
        });
        report(&format!("{blocks} blocks, bare signatures"), bare, "us", "");
        let mut unseen = tokens.iter();
        let cost = server.per_operation(TOKENS, || verify(&mut connection, unseen.next().unwrap()));
        let note = format!("{:.2} x that", cost / bare);
        report(
            &format!("{blocks} blocks, not seen before"),
            cost,
            "us",
            &note,
        );
        let cost = server.per_operation(REQUESTS, || verify(&mut connection, &tokens[0]));
        report(&format!("{blocks} blocks, seen before"), cost, "us", "");
    }

    let token = issued(&mut connection);
    let before = server.per_operation(REQUESTS, || verify(&mut connection, &token));
    for request in 0..1_000_000 / IDS {
        let ids: Vec<String> = (0..IDS)
            .map(|id| format!("{:08x}", request * IDS + id))
            .collect();
        let body = json!({ "revocation_ids": ids }).to_string();
        let answer = connection.send(
            "POST",
            "/auth/biscuit/revoke",
            &[JSON, &authorization()],
            &body,
        );
        assert_eq!(answer.status, 200);
    }
    let after = server.per_operation(REQUESTS, || verify(&mut connection, &token));
    report("seen before, nothing revoked", before, "us", "");
    let note = format!("{:+.2} us", after - before);
    report("seen before, a million others revoked", after, "us", &note);
}

fn issued(connection: &mut Connection) -> String {
    let body = json!({ "facts": ["user(\"ada\")", "right(\"file1\", \"read\")", "right(\"file2\", \"read\")"] });
    let authorization = authorization();
    let headers = [JSON, authorization.as_str()];
    let answer = connection.send("POST", "/auth/biscuit/issue", &headers, &body.to_string());
    answer.member("token")
}

fn authorization() -> String {
    format!("authorization: Bearer {ADMIN_KEY}")
}

fn longer(token: &str, blocks: usize) -> String {
    let token = UnverifiedBiscuit::from_base64(padded(token)).unwrap();
    let longer = (0..blocks).fold(token, |token, _| {
        let check = "check if resource($r), operation(\"read\")";
        token
            .append(BlockBuilder::new().check(check).unwrap())
            .unwrap()
    });
    longer.to_base64().unwrap()
}

fn padded(token: &str) -> String {
    format!("{token}{}", "=".repeat((4 - token.len() % 4) % 4))
}

fn verify(connection: &mut Connection, token: &str) {
    let body = json!({
        "token": token,
        "facts": ["resource(\"file1\")", "operation(\"read\")"],
        "policies": ["allow if resource($r), operation($o), right($r, $o)"],
    });
    let answer = connection.send("POST", "/auth/biscuit/verify", &[JSON], &body.to_string());
    let text = answer.text();
    assert!(text.starts_with("{\"allowed\":true"), "{text}");
}
