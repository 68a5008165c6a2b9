//! The keys that sign tokens (table `jwks_keys`), as a snapshot holds them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use assay_reconciler::spec::{SigningAlgorithm, module::JwtSettings};

use super::documents::Undecodable;
use crate::{
    crypto::{Jwk, Keyring, SigningKey, VerifyingKeys},
    store::{StoreError, Tx, fetch_all, fetch_one},
};

/// The topic under which `revisions` counts changes of the keys.
pub(super) const TOPIC: &str = "keys";

/// What can go wrong with signing keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The private half does not open with this master key.
    #[error(
        "signing key {kid} does not open with this master key; was the database moved without it?"
    )]
    Sealed {
        /// Which key.
        kid: String,
    },
    /// What is stored is no key.
    #[error("signing key {kid} is damaged")]
    Damaged {
        /// Which key.
        kid: String,
    },
    /// No key could be made.
    #[error("no {0} key could be made")]
    Generate(&'static str),
    /// No such algorithm is in use.
    #[error("`Module/jwt` does not list {0} among its `algorithms`, so there is no key to rotate")]
    NotInUse(&'static str),
    /// No such root key.
    #[error("there is no root key {0}; `assay keys list` names those there are")]
    UnknownRootKey(u32),
    /// The root key that signs.
    #[error("root key {0} signs; put another in its place first: `assay keys rotate biscuit`")]
    RootKeySigns(u32),
    /// The settings of `jwt` cannot be read.
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The keys of a snapshot.
#[derive(Debug, Default)]
pub struct SigningKeys {
    active: BTreeMap<SigningAlgorithm, Arc<SigningKey>>,
    verifying: VerifyingKeys,
    jwks: Arc<str>,
}

impl SigningKeys {
    /// The key that signs with `algorithm`.
    pub fn active(&self, algorithm: SigningAlgorithm) -> Option<&Arc<SigningKey>> {
        self.active.get(&algorithm)
    }

    /// All keys, active and retired, to verify with.
    pub fn verifying(&self) -> &VerifyingKeys {
        &self.verifying
    }

    /// The JWK Set (RFC 7517 5) with every key that tokens may be verified with.
    pub fn jwks(&self) -> &Arc<str> {
        &self.jwks
    }

    /// The algorithms that can be signed with.
    pub fn algorithms(&self) -> impl Iterator<Item = SigningAlgorithm> {
        self.active.keys().copied()
    }

    /// Whether exactly these algorithms have an active key.
    pub(super) fn cover(&self, algorithms: &BTreeSet<SigningAlgorithm>) -> bool {
        self.active.keys().eq(algorithms)
    }
}

/// The algorithms that a key is kept for.
pub(super) fn algorithms(settings: &JwtSettings) -> BTreeSet<SigningAlgorithm> {
    let mut algorithms = settings.algorithms.clone();
    // OpenID Connect Core 15.1: every relying party can count on it.
    algorithms.insert(SigningAlgorithm::Rs256);
    algorithms
}

/// How often what this topic is about has changed.
pub(super) async fn revision(tx: &mut Tx, topic: &'static str) -> Result<i64, StoreError> {
    let (value,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COALESCE(MAX(value), 0) FROM revisions WHERE topic = $1",
        topic
    )?;
    Ok(value)
}

#[derive(sqlx::FromRow)]
struct Row {
    kid: String,
    algorithm: String,
    public_jwk: String,
    private_key: Option<Vec<u8>>,
}

/// The keys as they are in the database; those that `before` holds already are not opened again.
pub(super) async fn load(
    tx: &mut Tx,
    keyring: &Keyring,
    before: &SigningKeys,
) -> Result<SigningKeys, KeyError> {
    let rows = fetch_all!(
        tx,
        Row,
        "SELECT kid, algorithm, public_jwk,
                CASE WHEN state = 'active' THEN private_key END AS private_key
           FROM jwks_keys
          ORDER BY state, created_at DESC, kid"
    )?;
    let mut active = BTreeMap::new();
    let mut jwks = Vec::new();
    for row in rows {
        let damaged = || KeyError::Damaged {
            kid: row.kid.clone(),
        };
        let algorithm = SigningAlgorithm::from_name(&row.algorithm).ok_or_else(damaged)?;
        if let Some(sealed) = &row.private_key {
            let key = match before.active.get(&algorithm) {
                Some(key) if key.kid() == row.kid => Arc::clone(key),
                _ => Arc::new(open(keyring, &row.kid, algorithm, sealed)?),
            };
            active.insert(algorithm, key);
        }
        jwks.push(serde_json::from_str::<Jwk>(&row.public_jwk).map_err(|_| damaged())?);
    }
    Ok(SigningKeys {
        active,
        verifying: VerifyingKeys::new(&jwks),
        jwks: serde_json::json!({ "keys": jwks }).to_string().into(),
    })
}

/// What a sealed private key is bound to, so that it cannot pass for another one.
pub(super) fn purpose(kid: &str) -> String {
    format!("jwks_keys.private_key/{kid}")
}

fn open(
    keyring: &Keyring,
    kid: &str,
    algorithm: SigningAlgorithm,
    sealed: &[u8],
) -> Result<SigningKey, KeyError> {
    let pkcs8 = keyring
        .open_bytes(&purpose(kid), sealed)
        .map_err(|_| KeyError::Sealed {
            kid: kid.to_owned(),
        })?;
    SigningKey::from_pkcs8(algorithm, pkcs8.expose()).map_err(|_| KeyError::Damaged {
        kid: kid.to_owned(),
    })
}
