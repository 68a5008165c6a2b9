//! The keys of an OIDC client, and what they are needed for.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::{Finding, Place};
use crate::{
    load::tree::Step,
    spec::{OidcClientSpec, oidc_client::ClientAuthMethod},
};

/// Members of a JWK that only its owner may know (RFC 7518 6.2.2, 6.3.2, 6.4.1).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/// Most keys of one client.
const MAX_KEYS: usize = 20;
/// Algorithms that a shared secret can key (RFC 7518 3.2).
const MACS: [&str; 3] = ["HS256", "HS384", "HS512"];
/// Algorithms with public keys that a client may sign with (RFC 7518 3.1, RFC 8037, RFC 9864).
const ASYMMETRIC: [&str; 9] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
];

pub(super) fn check(client: &OidcClientSpec, add: &mut impl FnMut(Finding)) {
    let wrong = |path, message: String| Finding::in_spec("client-keys", path, message);
    let has_keys = client.jwks.is_some() || client.jwks_uri.is_some();
    if client.jwks.is_some() && client.jwks_uri.is_some() {
        add(wrong(
            "jwksUri",
            String::from("both `jwks` and `jwksUri` (OpenID Connect Registration 2)"),
        )
        .help("keep one of the two"));
    }
    let method = client.auth_method();
    let needs = match method {
        ClientAuthMethod::PrivateKeyJwt | ClientAuthMethod::SelfSignedTlsClientAuth => Some((
            "tokenEndpointAuthMethod",
            format!("`{}` needs the client's public keys", method.name()),
        )),
        _ if client.require_signed_request_object => Some((
            "requireSignedRequestObject",
            String::from("signed request objects need the client's public keys"),
        )),
        _ => None,
    };
    if let Some((field, message)) = needs.filter(|_| !has_keys) {
        add(wrong(field, message).help("write `jwks` or `jwksUri`"));
    }
    if let Some(set) = &client.jwks {
        key_set(set, add);
    }
    let by_secret = method == ClientAuthMethod::ClientSecretJwt;
    if let Some(algorithm) = &client.token_endpoint_auth_signing_alg
        && by_secret
        && !MACS.contains(&algorithm.as_str())
    {
        let message = format!("`{algorithm}` is not an algorithm that a shared secret can key");
        add(wrong("tokenEndpointAuthSigningAlg", message)
            .help(format!("one of {}", MACS.join(", "))));
    }
    for (field, algorithm) in [
        (
            "tokenEndpointAuthSigningAlg",
            client
                .token_endpoint_auth_signing_alg
                .as_ref()
                .filter(|_| !by_secret),
        ),
        (
            "requestObjectSigningAlg",
            client.request_object_signing_alg.as_ref(),
        ),
    ] {
        if let Some(algorithm) = algorithm.filter(|name| !ASYMMETRIC.contains(&name.as_str())) {
            let message = format!(
                "`{algorithm}` is not an algorithm that the client's public key can verify"
            );
            add(wrong(field, message).help(format!("one of {}", ASYMMETRIC.join(", "))));
        }
    }
    let signs = by_secret || method == ClientAuthMethod::PrivateKeyJwt;
    if client.token_endpoint_auth_signing_alg.is_some() && !signs {
        add(wrong(
            "tokenEndpointAuthSigningAlg",
            format!("`{}` signs nothing", method.name()),
        )
        .help("take it out, or write `tokenEndpointAuthMethod: private_key_jwt`"));
    }
}

fn key_set(set: &Map<String, Value>, add: &mut impl FnMut(Finding)) {
    let wrong = |path, message: &str| Finding::in_spec("client-keys", path, message);
    let Some(keys) = set.get("keys").and_then(Value::as_array) else {
        add(wrong("jwks", "a JWK Set has a list `keys` (RFC 7517 5)")
            .help("write `jwks: { keys: [...] }`"));
        return;
    };
    if keys.is_empty() || keys.len() > MAX_KEYS {
        add(
            wrong("jwks/keys", "a JWK Set here has between 1 and 20 keys")
                .help("take out what is not used any more"),
        );
    }
    let mut ids = BTreeSet::new();
    for (index, key) in keys.iter().enumerate() {
        if let Err((member, message)) = public_key(key) {
            add(at_key(index, member, message));
        }
        if let Some(id) = key.get("kid").and_then(Value::as_str)
            && !ids.insert(id)
        {
            add(at_key(
                index,
                Some("kid"),
                format!("two keys with the `kid` `{id}`"),
            ));
        }
    }
}

fn at_key(index: usize, member: Option<&'static str>, message: String) -> Finding {
    let mut steps = vec![
        Step::Key("spec".into()),
        Step::Key("jwks".into()),
        Step::Key("keys".into()),
        Step::Index(index),
    ];
    steps.extend(member.map(|name| Step::KeyOf(name.into())));
    Finding::new("client-keys", Place::Steps(steps), message)
}

/// Whether `key` is a whole public key: else which member is wrong, and how.
fn public_key(key: &Value) -> Result<(), (Option<&'static str>, String)> {
    let Value::Object(members) = key else {
        return Err((None, String::from("a key is a mapping (RFC 7517 4)")));
    };
    if let Some(name) = PRIVATE_MEMBERS
        .into_iter()
        .find(|name| members.contains_key(*name))
    {
        return Err((
            Some(name),
            format!(
                "`{name}` is a private part of the key, which only the \
client may know: make a new key and write its public part"
            ),
        ));
    }
    let needed: &[&str] = match members.get("kty").and_then(Value::as_str) {
        Some("RSA") => &["n", "e"],
        Some("EC") => &["crv", "x", "y"],
        Some("OKP") => &["crv", "x"],
        _ => {
            return Err((
                None,
                String::from("`kty` is one of `RSA`, `EC` and `OKP` (RFC 7518 6.1)"),
            ));
        }
    };
    let is_base64url = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    match needed.iter().find(|name| {
        !members
            .get(**name)
            .and_then(Value::as_str)
            .is_some_and(is_base64url)
    }) {
        Some(name) => Err((
            None,
            format!("the key lacks `{name}`, or it is not base64url (RFC 7518 6)"),
        )),
        None => Ok(()),
    }
}
