//! Tokens: server CPU per token beside the bare signature in the same run.

use std::{fs, time::Duration};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};

use crate::{
    database::{Engine, Installation},
    heading,
    http::Connection,
    process::{self, Server},
    report,
};

const REQUESTS: u32 = 3_000;

const MANIFESTS: &str = "
apiVersion: assay/v1
kind: OidcClient
metadata: { name: job }
spec:
  clientSecret: { fromEnv: BENCH_SECRET }
  grantTypes: [client_credentials]
  scopes: [reports.read]
---
apiVersion: assay/v1
kind: Module
metadata: { name: oidc_provider }
";

pub fn run() {
    heading("Tokens (SQLite)");
    let bare = bare_signature();
    report("bare RSA-2048 signature (aws-lc-rs)", bare, "us", "");

    let installation = Installation::new(Engine::Sqlite);
    let manifests = installation.path().join("manifests.yaml");
    fs::write(&manifests, MANIFESTS).unwrap();
    let applied = process::run(installation.command(&["apply", "-f", manifests.to_str().unwrap()]));
    assert_eq!(applied.exit, 0, "{}", applied.output);
    let server = Server::start(&installation);

    // `job:0123456789abcdef0123456789abcdef`
    let basic = "authorization: Basic am9iOjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm";
    let form = "content-type: application/x-www-form-urlencoded";
    let token = per_request(
        &server,
        "POST",
        "/auth/token",
        &[basic, form],
        "grant_type=client_credentials",
    );
    report(
        "client_credentials, RS256",
        token,
        "us",
        &format!("{:.2} x the bare signature", token / bare),
    );

    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/jwks.json",
        "/healthz",
    ] {
        let cost = per_request(&server, "GET", path, &[], "");
        report(&format!("GET {path}"), cost, "us", "");
    }
}

/// CPU microseconds of the server per request, on one connection.
fn per_request(server: &Server, method: &str, path: &str, headers: &[&str], body: &str) -> f64 {
    let mut connection = Connection::open(&server.address);
    for _ in 0..REQUESTS / 10 {
        let answer = connection.send(method, path, headers, body);
        assert_eq!(
            answer.status,
            200,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
    }
    let before = server.cpu();
    for _ in 0..REQUESTS {
        connection.send(method, path, headers, body);
    }
    (server.cpu() - before).as_secs_f64() * 1e6 / f64::from(REQUESTS)
}

fn bare_signature() -> f64 {
    let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let random = SystemRandom::new();
    let mut signature = vec![0; key.public_modulus_len()];
    let message = [7; 300];
    assert!(!key.public_key().as_ref().is_empty());
    let sign = |signature: &mut Vec<u8>| {
        key.sign(&RSA_PKCS1_SHA256, &random, &message, signature)
            .unwrap();
    };
    (0..200).for_each(|_| sign(&mut signature));
    let before: Duration = process::own_cpu();
    (0..2_000).for_each(|_| sign(&mut signature));
    (process::own_cpu() - before).as_secs_f64() * 1e6 / 2_000.0
}
