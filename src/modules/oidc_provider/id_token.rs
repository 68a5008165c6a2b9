//! ID tokens (OpenID Connect Core 2).

use assay_reconciler::spec::SigningAlgorithm;
use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    claims,
    claims_request::Place,
    error::OAuthError,
    grant::LiveGrant,
    lifetimes::Lifetimes,
    scope::Scopes,
    signing::{self, SigningError},
    subject,
};
use crate::{
    clock::UnixMillis,
    crypto::{Expected, VerifyingKeys},
    generation::Client,
    modules::{Context, jwt, zanzibar::RelatedError},
};

#[derive(Serialize)]
struct IdTokenClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    s_hash: Option<String>,
    #[serde(skip_serializing_if = "Value::is_null")]
    amr: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    gid: &'a str,
    #[serde(flatten)]
    person: Map<String, Value>,
}

/// What an ID token travels with, and vouches for.
#[derive(Clone, Copy, Default)]
pub(super) struct Beside<'a> {
    pub(super) access_token: Option<&'a str>,
    pub(super) code: Option<&'a str>,
    pub(super) state: Option<&'a str>,
}

/// Why there is no ID token.
#[derive(Debug, thiserror::Error)]
pub(super) enum IdTokenError {
    /// It cannot be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// What the person is related to cannot be said.
    #[error(transparent)]
    Related(#[from] RelatedError),
}

impl From<IdTokenError> for OAuthError {
    fn from(error: IdTokenError) -> Self {
        match error {
            IdTokenError::Signing(error) => error.into(),
            IdTokenError::Related(error) => error.into(),
        }
    }
}

/// The ID token of a grant. What the scopes say of the person is in it, not only at userinfo: many
/// applications read nothing else.
pub(super) fn make(
    context: &Context,
    client: &Client,
    grant: &LiveGrant,
    scopes: &Scopes,
    beside: Beside<'_>,
) -> Result<String, IdTokenError> {
    let snapshot = &context.snapshot;
    let key = signing::key(snapshot, client.spec.id_token_signed_response_alg)?;
    let hash = |text: &str| half_hash(key.algorithm(), text);
    let now = context.clock.now();
    let claims = IdTokenClaims {
        iss: &context.site.issuer,
        sub: &subject::of(&context.keyring, client, &grant.user_id),
        aud: &client.name,
        exp: (now + Lifetimes::of(snapshot, client).id_token).as_seconds(),
        iat: now.as_seconds(),
        auth_time: grant.authenticated_at.as_seconds(),
        nonce: grant.nonce.as_deref(),
        at_hash: beside.access_token.map(hash),
        c_hash: beside.code.map(hash),
        s_hash: beside.state.map(hash),
        amr: serde_json::from_str(&grant.amr).unwrap_or_default(),
        acr: grant.acr.as_deref(),
        sid: grant.sid.as_deref(),
        gid: &grant.id,
        person: claims::of_person(context, client, grant, scopes, Place::IdToken)?,
    };
    key.sign_jwt(jwt::ID_TOKEN, &claims)
        .map_err(|error| SigningError::from(error).into())
}

/// The left half of the hash that belongs to the algorithm (OpenID Connect Core 3.1.3.6 and 3.3.2.11,
/// Financial-grade API Security Profile 1.0 part 2, 5.1.1).
fn half_hash(algorithm: SigningAlgorithm, text: &str) -> String {
    let hash = match algorithm {
        // Ed25519 hashes with SHA-512 (RFC 8032 5.1).
        SigningAlgorithm::EdDsa => &SHA512,
        SigningAlgorithm::Es384 => &SHA384,
        SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 | SigningAlgorithm::Es256 => &SHA256,
    };
    let hash = digest(hash, text.as_bytes());
    let bytes = hash.as_ref();
    URL_SAFE_NO_PAD.encode(&bytes[..bytes.len() / 2])
}

/// What an `id_token_hint` says.
#[derive(Deserialize)]
pub(super) struct Hint {
    /// The person.
    pub(super) sub: String,
    /// The client it was given to.
    pub(super) aud: String,
    /// The session, as that client knows it.
    pub(super) sid: Option<String>,
}

/// Reads an `id_token_hint`; `None` if it is not an ID token of ours. It may have expired (OpenID
/// Connect Core 3.1.2.1).
pub(super) fn hinted(context: &Context, hint: &str) -> Option<Hint> {
    let keys = context.snapshot.signing_keys().verifying();
    read_hint(keys, &context.site.issuer, hint)
}

fn read_hint(keys: &VerifyingKeys, issuer: &str, hint: &str) -> Option<Hint> {
    let expected = Expected {
        typ: jwt::ID_TOKEN,
        issuer,
        audience: None,
        // Long before any token's end.
        now: UnixMillis::from_seconds(0),
    };
    keys.verify(hint, &expected).ok()
}

/// What an ID token rests on.
#[derive(Deserialize)]
pub(super) struct Basis {
    /// The grant.
    pub(super) gid: String,
    /// Seconds since 1970.
    pub(super) exp: i64,
}

/// What an ID token rests on that is shown as a proof; `None` if it is not ours or has expired.
pub(super) fn shown(context: &Context, id_token: &str, now: UnixMillis) -> Option<Basis> {
    let expected = Expected {
        typ: jwt::ID_TOKEN,
        issuer: &context.site.issuer,
        audience: None,
        now,
    };
    let keys = context.snapshot.signing_keys().verifying();
    let basis: Basis = keys.verify(id_token, &expected).ok()?;
    // No leeway for the end of a token of our own.
    (basis.exp > now.as_seconds()).then_some(basis)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::crypto::{self, SigningKey};

    #[test]
    fn a_hint_may_have_expired_and_must_be_an_id_token_of_ours() {
        let (key, _) = SigningKey::generate(crypto::SigningAlgorithm::EdDsa).unwrap();
        let (other, _) = SigningKey::generate(crypto::SigningAlgorithm::EdDsa).unwrap();
        let keys = VerifyingKeys::new([key.public_jwk()]);
        let claims =
            |issuer| json!({ "iss": issuer, "sub": "ada", "aud": "app", "exp": 1, "iat": 0 });
        let read = |key: &SigningKey, typ, issuer| {
            let hint = key.sign_jwt(typ, &claims(issuer)).unwrap();
            read_hint(&keys, "https://here", &hint).map(|hint| hint.sub)
        };
        assert_eq!(read(&key, jwt::ID_TOKEN, "https://here").unwrap(), "ada");
        assert_eq!(read(&key, jwt::ID_TOKEN, "https://there"), None);
        assert_eq!(read(&key, jwt::ACCESS_TOKEN, "https://here"), None);
        assert_eq!(read(&key, jwt::LOGOUT_TOKEN, "https://here"), None);
        assert_eq!(read(&other, jwt::ID_TOKEN, "https://here"), None);
    }

    #[test]
    fn at_hash_is_half_of_the_hash() {
        // The left 128 bits of the SHA-256 of "abc".
        let expected = URL_SAFE_NO_PAD.encode([
            0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae,
            0x22, 0x23,
        ]);
        assert_eq!(half_hash(SigningAlgorithm::Rs256, "abc"), expected);
        assert_eq!(half_hash(SigningAlgorithm::EdDsa, "abc").len(), 43);
        assert_eq!(half_hash(SigningAlgorithm::Es384, "abc").len(), 32);
    }
}
