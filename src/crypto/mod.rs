//! Secrets, key encryption at rest, hashing, random tokens, and signing keys in use. No SQL.

pub mod certificate;
mod error;
pub mod foreign;
mod keyring;
mod master_key;
pub mod password;
mod pool;
mod root_key;
mod secret;
mod signing;
pub mod token;
mod verifying;

pub use assay_reconciler::spec::SigningAlgorithm;

pub use self::{
    error::CryptoError,
    keyring::{Hashed, Keyring},
    master_key::{KeyFile, MasterKey, MasterKeyError},
    pool::{Busy, CpuPool},
    root_key::RootKey,
    secret::Secret,
    signing::SigningKey,
    verifying::{Expected, VerifyError, VerifyingKeys},
};

#[cfg(test)]
pub(crate) use self::keyring::tests::keyring;

/// A public key as a JWKS shows it (RFC 7517).
pub use jsonwebtoken::jwk::Jwk;
