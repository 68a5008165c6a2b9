//! Signs what goes to a client, with the algorithm that its manifest names.

use std::sync::Arc;

use serde::Serialize;

use super::error::{ErrorCode, OAuthError};
use crate::{
    crypto::{CryptoError, SigningAlgorithm, SigningKey},
    generation::Snapshot,
};

/// Why there is no JWT.
#[derive(Debug, thiserror::Error)]
pub(super) enum SigningError {
    /// The client wants an algorithm that the module `jwt` does not list.
    #[error("there is no {0} key; the module jwt must list the algorithm")]
    NoKey(&'static str),
    /// Signing failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl From<SigningError> for OAuthError {
    fn from(error: SigningError) -> Self {
        match error {
            SigningError::NoKey(_) => Self::new(ErrorCode::ServerError, error.to_string()),
            SigningError::Crypto(error) => error.into(),
        }
    }
}

/// The key that signs with this algorithm.
pub(super) fn key(
    snapshot: &Snapshot,
    algorithm: SigningAlgorithm,
) -> Result<&Arc<SigningKey>, SigningError> {
    let key = snapshot.signing_keys().active(algorithm);
    key.ok_or(SigningError::NoKey(algorithm.name()))
}

/// These claims as a JWT of this type.
pub(super) fn sign(
    snapshot: &Snapshot,
    algorithm: SigningAlgorithm,
    typ: &str,
    claims: &impl Serialize,
) -> Result<String, SigningError> {
    Ok(key(snapshot, algorithm)?.sign_jwt(typ, claims)?)
}
