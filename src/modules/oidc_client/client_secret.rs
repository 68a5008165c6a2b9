//! How we authenticate at an upstream.

use std::time::Duration;

use assay_reconciler::{
    object::UPSTREAM_SECRET_PURPOSE,
    secret::SecretSource,
    spec::{
        UpstreamProviderSpec, oidc_client::ClientAuthMethod, upstream_provider::SignedClientSecret,
    },
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use serde_json::json;

use super::error::UpstreamError;
use crate::{
    clock::UnixMillis,
    crypto::{Keyring, Secret, token},
};

/// How long a JWT of ours is good for: one request.
const LIFETIME: Duration = Duration::from_mins(5);

/// What we show at the token endpoint beside our id.
pub(super) enum Credential {
    Nothing,
    Basic(Secret<String>),
    Post(Secret<String>),
    /// `client_assertion` (RFC 7523 2.2).
    Assertion(Secret<String>),
}

impl Credential {
    pub(super) fn of(
        spec: &UpstreamProviderSpec,
        token_endpoint: &str,
        keyring: &Keyring,
        now: UnixMillis,
    ) -> Result<Self, UpstreamError> {
        if let Some(signed) = &spec.signed_client_secret {
            return sign(spec, signed, keyring, now).map(Self::Post);
        }
        let Some(stored) = &spec.client_secret else {
            return Ok(Self::Nothing);
        };
        let secret = open(stored, keyring)?;
        Ok(match spec.auth_method() {
            ClientAuthMethod::ClientSecretPost => Self::Post(secret),
            ClientAuthMethod::ClientSecretJwt => {
                Self::Assertion(assertion(spec, token_endpoint, &secret, now)?)
            }
            _ => Self::Basic(secret),
        })
    }
}

fn open(stored: &SecretSource, keyring: &Keyring) -> Result<Secret<String>, UpstreamError> {
    match stored {
        SecretSource::Sealed(sealed) => Ok(keyring.open(UPSTREAM_SECRET_PURPOSE, sealed)?),
        _ => Err(UpstreamError::Credential("the secret is not sealed")),
    }
}

/// Sign in with Apple: a JWT in the place of a secret that would never change.
fn sign(
    spec: &UpstreamProviderSpec,
    signed: &SignedClientSecret,
    keyring: &Keyring,
    now: UnixMillis,
) -> Result<Secret<String>, UpstreamError> {
    let no_key = |_| UpstreamError::Credential("the key is no PKCS#8 in PEM form");
    let pem = open(&signed.key, keyring)?;
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.expose().as_bytes()).map_err(no_key)?;
    let key = EncodingKey::from_ec_der(der.secret_pkcs8_der());
    let header = Header {
        kid: Some(signed.key_id.clone()),
        ..Header::new(Algorithm::ES256)
    };
    let claims = json!({
        "iss": signed.issuer,
        "sub": spec.client_id,
        "aud": spec.issuer.as_str(),
        "iat": now.as_seconds(),
        "exp": (now + LIFETIME).as_seconds(),
    });
    jsonwebtoken::encode(&header, &claims, &key)
        .map(Secret::new)
        .map_err(|_| UpstreamError::Credential("the key signs no ES256"))
}

/// `client_secret_jwt` (OpenID Connect Core 9).
fn assertion(
    spec: &UpstreamProviderSpec,
    token_endpoint: &str,
    secret: &Secret<String>,
    now: UnixMillis,
) -> Result<Secret<String>, UpstreamError> {
    let claims = json!({
        "iss": spec.client_id,
        "sub": spec.client_id,
        "aud": token_endpoint,
        "jti": token::identifier()?,
        "iat": now.as_seconds(),
        "exp": (now + LIFETIME).as_seconds(),
    });
    let key = EncodingKey::from_secret(secret.expose().as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
        .map(Secret::new)
        .map_err(|_| UpstreamError::Credential("the secret signs no HS256"))
}
