//! Signs what goes to a client, with the algorithm that its manifest names.

use serde::Serialize;

use crate::{
    crypto::{CryptoError, SigningAlgorithm},
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

/// These claims as a JWT of this type.
pub(super) fn sign(
    snapshot: &Snapshot,
    algorithm: SigningAlgorithm,
    typ: &str,
    claims: &impl Serialize,
) -> Result<String, SigningError> {
    let key = snapshot.signing_keys().active(algorithm);
    let key = key.ok_or(SigningError::NoKey(algorithm.name()))?;
    Ok(key.sign_jwt(typ, claims)?)
}
