//! The keys that sign biscuits (table `biscuit_root_keys`), as a snapshot holds them.

use std::{collections::BTreeMap, sync::Arc};

use biscuit_auth::{PublicKey, builder::Algorithm};
use data_encoding::HEXLOWER;

use super::signing_keys::KeyError;
use crate::{
    crypto::{Keyring, RootKey},
    store::{Tx, fetch_all},
};

/// The topic under which `revisions` counts changes of the root keys.
pub(super) const TOPIC: &str = "biscuit-keys";

/// A key that tokens may be verified with.
#[derive(Clone, Copy, Debug)]
pub struct PublishedRootKey {
    /// The number that tokens name.
    pub id: u32,
    /// What verifies.
    pub public: PublicKey,
    /// Whether it signs.
    pub is_active: bool,
}

/// The root keys of a snapshot.
#[derive(Debug, Default)]
pub struct RootKeys {
    active: Option<Arc<RootKey>>,
    published: BTreeMap<u32, PublishedRootKey>,
}

impl RootKeys {
    /// The key that signs.
    pub fn active(&self) -> Option<&Arc<RootKey>> {
        self.active.as_ref()
    }

    /// The key of this number, active or retired.
    pub fn get(&self, id: u32) -> Option<&PublishedRootKey> {
        self.published.get(&id)
    }

    /// All keys, the oldest first.
    pub fn published(&self) -> impl Iterator<Item = &PublishedRootKey> {
        self.published.values()
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    public_key: String,
    private_key: Option<Vec<u8>>,
}

/// The keys as they are in the database; the one that `before` signs with is not opened again.
pub(super) async fn load(
    tx: &mut Tx,
    keyring: &Keyring,
    before: &RootKeys,
) -> Result<RootKeys, KeyError> {
    let rows = fetch_all!(
        tx,
        Row,
        "SELECT id, public_key, CASE WHEN state = 'active' THEN private_key END AS private_key
           FROM biscuit_root_keys"
    )?;
    let mut keys = RootKeys::default();
    for row in rows {
        let kid = || name(row.id);
        let damaged = || KeyError::Damaged { kid: kid() };
        let id = u32::try_from(row.id).map_err(|_| damaged())?;
        let public = PublicKey::from_bytes_hex(&row.public_key, Algorithm::Ed25519)
            .map_err(|_| damaged())?;
        if let Some(sealed) = &row.private_key {
            keys.active = match &before.active {
                Some(key) if key.id() == id && key.public() == public => Some(Arc::clone(key)),
                _ => {
                    let seed = keyring
                        .open_bytes(&purpose(&row.public_key), sealed)
                        .map_err(|_| KeyError::Sealed { kid: kid() })?;
                    let key = RootKey::from_seed(id, seed.expose()).map_err(|_| damaged())?;
                    if HEXLOWER.encode(&key.public().to_bytes()) != row.public_key {
                        return Err(damaged());
                    }
                    Some(Arc::new(key))
                }
            };
        }
        keys.published.insert(
            id,
            PublishedRootKey {
                id,
                public,
                is_active: row.private_key.is_some(),
            },
        );
    }
    Ok(keys)
}

/// What messages call a root key.
pub(super) fn name(id: impl std::fmt::Display) -> String {
    format!("biscuit/{id}")
}

/// What a sealed seed is bound to, so that it cannot pass for another one.
pub(super) fn purpose(public_key: &str) -> String {
    format!("biscuit_root_keys.private_key/{public_key}")
}
