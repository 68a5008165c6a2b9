//! Capability tokens.

mod commands;
mod hostile;
mod keys;
mod people;
mod revocation;
mod tokens;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Assay, Command, Manifests, Reply};

/// Asks an endpoint of the module without any credential.
async fn ask(assay: &Assay, endpoint: &str, body: &Value) -> Reply {
    let path = format!("/auth/biscuit/{endpoint}");
    Reply::to(assay.request(Method::POST, &path).json(body)).await
}

/// Asks it with the admin key.
async fn ask_as_admin(assay: &Assay, endpoint: &str, body: &Value) -> Reply {
    let path = format!("/auth/biscuit/{endpoint}");
    Reply::to(assay.admin(Method::POST, &path).json(body)).await
}

/// A token that says this.
async fn issue(assay: &Assay, body: &Value) -> Value {
    ask_as_admin(assay, "issue", body)
        .await
        .expect_status(201)
        .json()
}

/// The token alone.
fn token_of(reply: &Value) -> String {
    reply["token"].as_str().expect("a token").to_owned()
}

/// The verdict on the token with these facts and policies.
async fn verify(assay: &Assay, token: &str, facts: &[&str], policies: &[&str]) -> Value {
    let body = json!({ "token": token, "facts": facts, "policies": policies });
    ask(assay, "verify", &body).await.expect_status(200).json()
}

/// Makes a key with one permission, adds its manifest, and gives the key.
fn key(name: &str, permission: &str, manifests: &Manifests) -> String {
    let made = Command::offline(["admin-key", "new", name, "--permission", permission]);
    let made = made.run().expect_code(0);
    manifests.write(&format!("{name}.yaml"), &made.stdout);
    let word = |line: &str| {
        let mut words = line.split(|c: char| c.is_whitespace() || c == '`' || c == '"');
        words
            .find(|word| word.starts_with("sk_admin_"))
            .map(str::to_owned)
    };
    let key = made.stderr.lines().find_map(word);
    key.unwrap_or_else(|| panic!("no key in {made:?}"))
}
