//! Secrets in manifests: where they come from, and the form in which they are stored.

use std::{borrow::Cow, fmt, io, path::Path};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Where a secret comes from. A manifest never holds one in the clear.
#[derive(Clone, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum SecretSource {
    /// The environment variable of this name, where `assay` runs. Unset or empty is an error.
    FromEnv(String),
    /// The content of this file, without a trailing line break. Relative to the manifest.
    FromFile(String),
    /// A hash: `sha256:` and 64 hex digits of the secret's SHA-256, or the stored form that
    /// `assay export` writes. Only for secrets that need not be recovered.
    Hash(String),
    /// The stored, encrypted form that `assay export` writes. Opens only with the master key.
    Sealed(String),
    /// The secret itself: only in memory and in requests to the admin API, refused in manifests.
    Value(String),
}

impl SecretSource {
    /// Whether this is how a database keeps it, so that equal secrets have equal text.
    pub fn is_stored_form(&self) -> bool {
        match self {
            SecretSource::Hash(hash) => hash.starts_with(KEYED_HASH_PREFIX),
            SecretSource::Sealed(_) => true,
            _ => false,
        }
    }
}

/// How a client secret's stored form begins: HMAC-SHA-256 over the secret's SHA-256.
pub const KEYED_HASH_PREFIX: &str = "hmac-sha256:";
/// How a plain hash in a manifest begins.
pub const PLAIN_HASH_PREFIX: &str = "sha256:";
/// How a sealed secret begins.
pub const SEALED_PREFIX: &str = "v1:";

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretSource::FromEnv(name) => write!(f, "fromEnv: {name}"),
            SecretSource::FromFile(path) => write!(f, "fromFile: {path}"),
            SecretSource::Hash(_) => f.write_str("hash: ***"),
            SecretSource::Sealed(_) => f.write_str("sealed: ***"),
            SecretSource::Value(_) => f.write_str("value: ***"),
        }
    }
}

// By hand, because `value` is no part of what a manifest may say.
impl JsonSchema for SecretSource {
    fn schema_name() -> Cow<'static, str> {
        "SecretSource".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let property = |name: &str, description: &str, pattern: &str| {
            json_schema!({
                "type": "object",
                "additionalProperties": false,
                "required": [name],
                "properties": { name: {
                    "type": "string", "description": description, "pattern": pattern
                }}
            })
        };
        json_schema!({
            "description": "Where a secret comes from; a manifest never holds one in the clear.",
            "oneOf": [
                property(
                    "fromEnv",
                    "The environment variable of this name, where `assay` runs. Unset or empty is an error.",
                    "^[A-Za-z_][A-Za-z0-9_]*$",
                ),
                property(
                    "fromFile",
                    "The content of this file, without a trailing line break; relative to the manifest.",
                    "^.+$",
                ),
                property(
                    "hash",
                    "`sha256:` and 64 hex digits of the secret's SHA-256 (`printf %s \"$SECRET\" | sha256sum`), or the stored form that `assay export` writes.",
                    "^(hmac-)?sha256:[0-9a-f]{64}$",
                ),
                property(
                    "sealed",
                    "The encrypted form that `assay export` writes; opens only with the same master key.",
                    "^v1:[A-Za-z0-9_-]+$",
                ),
            ]
        })
    }
}

/// Reads what a [`SecretSource`] points at. The only way from a manifest to the outside.
pub trait SecretReader {
    /// The environment variable `name`, if set.
    fn env(&self, name: &str) -> Option<String>;
    /// The content of `path`.
    ///
    /// # Errors
    /// Whatever keeps the file from being read.
    fn file(&self, path: &Path) -> io::Result<String>;
}

/// Turns secrets into their stored form. Equal secrets give equal text, so that a diff can compare.
pub trait SecretSealer {
    /// `hmac-sha256:` and the hex of HMAC-SHA-256 over the secret's SHA-256.
    fn keyed_hash(&self, secret_sha256: &[u8; 32]) -> String;
    /// `v1:` and the deterministic encryption of `plain`, bound to `purpose`.
    fn seal(&self, purpose: &str, plain: &str) -> String;
}

/// A secret that cannot be brought into its stored form.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SecretError {
    /// The source was never read.
    #[error("the secret was not read before it was to be stored")]
    Unread,
    /// A hash where the secret itself must be recovered.
    #[error("a hash cannot be turned back into the secret; use `fromEnv` or `fromFile`")]
    NeedsPlain,
    /// Text that is no hash.
    #[error("not `sha256:` followed by 64 lower-case hex digits")]
    BadHash,
}

impl SecretSource {
    /// The stored form of a secret that is only ever compared, such as a client secret.
    pub fn into_keyed_hash(self, sealer: &dyn SecretSealer) -> Result<Self, SecretError> {
        let digest = match &self {
            SecretSource::Value(plain) => sha256(plain.as_bytes()),
            SecretSource::Hash(text) => match text.strip_prefix(PLAIN_HASH_PREFIX) {
                Some(hex) => parse_hex(hex).ok_or(SecretError::BadHash)?,
                None if self.is_stored_form() => return Ok(self),
                None => return Err(SecretError::BadHash),
            },
            SecretSource::Sealed(_) => return Err(SecretError::BadHash),
            SecretSource::FromEnv(_) | SecretSource::FromFile(_) => {
                return Err(SecretError::Unread);
            }
        };
        Ok(SecretSource::Hash(sealer.keyed_hash(&digest)))
    }

    /// The stored form of a secret that must be recovered, such as an upstream's client secret.
    pub fn into_sealed(
        self,
        purpose: &str,
        sealer: &dyn SecretSealer,
    ) -> Result<Self, SecretError> {
        match self {
            SecretSource::Value(plain) => Ok(SecretSource::Sealed(sealer.seal(purpose, &plain))),
            SecretSource::Sealed(_) => Ok(self),
            SecretSource::Hash(_) => Err(SecretError::NeedsPlain),
            SecretSource::FromEnv(_) | SecretSource::FromFile(_) => Err(SecretError::Unread),
        }
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let bytes = text.as_bytes();
    if bytes.len() != 64 || text.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let mut out = [0; 32];
    for (slot, pair) in out.iter_mut().zip(bytes.chunks_exact(2)) {
        let digits = std::str::from_utf8(pair).ok()?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        *slot = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(out)
}
