//! The keys that sign tokens (table `jwks_keys`): made, rotated, retired, and read into the snapshot.
//!
//! Of each algorithm there is one active key, which the database sees to. A retired key stays in the
//! JWKS until the last token it signed has expired; its private half is gone.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use assay_reconciler::{
    kind::Kind,
    spec::{
        ModuleName, ModuleSettings,
        module::{JwtSettings, SigningAlgorithm},
    },
};
use serde::Serialize;

use super::{
    Engine,
    documents::{self, Undecodable},
    record::{self, Actor},
};
use crate::{
    clock::UnixMillis,
    crypto::{self, Jwk, Keyring, SigningKey, VerifyingKeys},
    store::{StoreError, Tx, execute, fetch_all, fetch_one},
};

/// The topic under which `revisions` counts changes of the keys.
const TOPIC: &str = "keys";

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
    /// The settings of `jwt` cannot be read.
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyState {
    /// It signs.
    Active,
    /// It only verifies, until it expires.
    Retired,
}

/// What is known about one signing key.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningKeyRecord {
    /// The `kid` (RFC 7517 4.5).
    pub kid: String,
    /// The `alg`.
    pub algorithm: String,
    /// Where it is in its life.
    pub state: KeyState,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it stopped signing.
    pub retired_at: Option<UnixMillis>,
    /// When it leaves the JWKS.
    pub expires_at: Option<UnixMillis>,
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

/// How often the keys have changed.
pub(super) async fn revision(tx: &mut Tx) -> Result<i64, StoreError> {
    let (value,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COALESCE(MAX(value), 0) FROM revisions WHERE topic = $1",
        TOPIC
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
        let algorithm = algorithm(&row.algorithm).ok_or_else(damaged)?;
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

fn algorithm(name: &str) -> Option<SigningAlgorithm> {
    [
        SigningAlgorithm::Rs256,
        SigningAlgorithm::Es256,
        SigningAlgorithm::EdDsa,
    ]
    .into_iter()
    .find(|algorithm| algorithm.name() == name)
}

/// The algorithm as the keys know it.
const fn of_key(algorithm: SigningAlgorithm) -> crypto::SigningAlgorithm {
    match algorithm {
        SigningAlgorithm::Rs256 => crypto::SigningAlgorithm::Rs256,
        SigningAlgorithm::Es256 => crypto::SigningAlgorithm::Es256,
        SigningAlgorithm::EdDsa => crypto::SigningAlgorithm::EdDsa,
    }
}

/// A key that is made but not stored.
struct Fresh {
    kid: String,
    algorithm: SigningAlgorithm,
    public_jwk: String,
    sealed: Vec<u8>,
}

impl Engine {
    /// Sees to it that exactly these algorithms have an active key: makes those that are missing and
    /// retires those that are no longer wanted. Of servers that do so at once, one wins.
    pub(super) async fn ensure_signing_keys(
        &self,
        algorithms: &BTreeSet<SigningAlgorithm>,
    ) -> Result<(), KeyError> {
        let active = fetch_all!(
            &self.store,
            (String,),
            "SELECT algorithm FROM jwks_keys WHERE state = 'active'"
        )?;
        let active: BTreeSet<SigningAlgorithm> = active
            .iter()
            .filter_map(|(name,)| algorithm(name))
            .collect();
        // Outside the transaction: an RSA key takes a tenth of a second or more.
        let mut fresh = Vec::new();
        for missing in algorithms.difference(&active) {
            fresh.push(self.generate(*missing).await?);
        }
        let unwanted: Vec<SigningAlgorithm> = active.difference(algorithms).copied().collect();
        if fresh.is_empty() && unwanted.is_empty() {
            return Ok(());
        }

        let mut tx = self.store.begin().await?;
        touch(&mut tx).await?;
        let settings = jwt_settings(&mut tx).await?;
        for algorithm in unwanted {
            self.retire(&mut tx, algorithm, &settings).await?;
        }
        for key in &fresh {
            self.activate(&mut tx, key).await?;
        }
        tx.notify_change().await?;
        tx.commit().await?;
        Ok(())
    }

    /// Puts a new key in the place of the active one, which goes on verifying for
    /// `retiredKeyTtl`. Gives the new key's `kid`.
    pub async fn rotate_signing_key(
        &self,
        algorithm: SigningAlgorithm,
        actor: &Actor,
    ) -> Result<String, KeyError> {
        let key = self.generate(algorithm).await?;
        let mut tx = self.store.begin().await?;
        touch(&mut tx).await?;
        let settings = jwt_settings(&mut tx).await?;
        if !algorithms(&settings).contains(&algorithm) {
            tx.rollback().await?;
            return Err(KeyError::NotInUse(algorithm.name()));
        }
        self.retire(&mut tx, algorithm, &settings).await?;
        self.activate(&mut tx, &key).await?;
        let detail = serde_json::json!({ "algorithm": algorithm.name() });
        record::event(
            &mut tx,
            actor,
            "keys.rotate",
            &format!("signing-key/{}", key.kid),
            &detail,
            self.clock.now(),
        )
        .await?;
        tx.notify_change().await?;
        tx.commit().await?;
        Ok(key.kid)
    }

    /// Takes keys out of the JWKS whose last token has expired; gives how many. To be called now and
    /// then.
    pub async fn reap_signing_keys(&self) -> Result<u64, KeyError> {
        let now = self.clock.now();
        let (expired,) = fetch_one!(
            &self.store,
            (i64,),
            "SELECT COUNT(*) FROM jwks_keys WHERE state = 'retired' AND expires_at <= $1",
            now
        )?;
        if expired == 0 {
            return Ok(0);
        }
        let mut tx = self.store.begin().await?;
        touch(&mut tx).await?;
        let gone = execute!(
            &mut tx,
            "DELETE FROM jwks_keys WHERE state = 'retired' AND expires_at <= $1",
            now
        )?;
        tx.notify_change().await?;
        tx.commit().await?;
        Ok(gone)
    }

    /// Every signing key, active ones first.
    pub async fn signing_key_records(&self) -> Result<Vec<SigningKeyRecord>, KeyError> {
        let rows = fetch_all!(
            &self.store,
            (
                String,
                String,
                bool,
                UnixMillis,
                Option<UnixMillis>,
                Option<UnixMillis>
            ),
            "SELECT kid, algorithm, state = 'active', created_at, retired_at, expires_at
               FROM jwks_keys
              ORDER BY state, created_at DESC, kid"
        )?;
        let record =
            |(kid, algorithm, is_active, created_at, retired_at, expires_at)| SigningKeyRecord {
                kid,
                algorithm,
                state: if is_active {
                    KeyState::Active
                } else {
                    KeyState::Retired
                },
                created_at,
                retired_at,
                expires_at,
            };
        Ok(rows.into_iter().map(record).collect())
    }

    async fn generate(&self, algorithm: SigningAlgorithm) -> Result<Fresh, KeyError> {
        let failed = || KeyError::Generate(algorithm.name());
        let keyring = Arc::clone(&self.keyring);
        let make = move || {
            let (key, pkcs8) = SigningKey::generate(of_key(algorithm)).ok()?;
            let sealed = keyring
                .seal_bytes(&purpose(key.kid()), pkcs8.expose())
                .ok()?;
            Some(Fresh {
                kid: key.kid().to_owned(),
                algorithm,
                public_jwk: serde_json::to_string(key.public_jwk()).ok()?,
                sealed,
            })
        };
        tokio::task::spawn_blocking(make)
            .await
            .ok()
            .flatten()
            .ok_or_else(failed)
    }

    async fn retire(
        &self,
        tx: &mut Tx,
        algorithm: SigningAlgorithm,
        settings: &JwtSettings,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        execute!(
            tx,
            "UPDATE jwks_keys
                SET state = 'retired', private_key = NULL, retired_at = $2, expires_at = $3
              WHERE algorithm = $1 AND state = 'active'",
            algorithm.name(),
            now,
            now + settings.retired_key_ttl.duration()
        )
        .map(drop)
    }

    /// Stores the key, unless another server's came first.
    async fn activate(&self, tx: &mut Tx, key: &Fresh) -> Result<(), StoreError> {
        execute!(
            tx,
            "INSERT INTO jwks_keys (kid, algorithm, state, public_jwk, private_key, created_at, activated_at)
             VALUES ($1, $2, 'active', $3, $4, $5, $5)
             ON CONFLICT (algorithm) WHERE state = 'active' DO NOTHING",
            &key.kid,
            key.algorithm.name(),
            &key.public_jwk,
            &key.sealed,
            self.clock.now()
        )
        .map(drop)
    }
}

/// Counts a change of the keys. Comes first in a transaction: whoever holds this row has its turn.
async fn touch(tx: &mut Tx) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO revisions (topic, value) VALUES ($1, 1)
         ON CONFLICT (topic) DO UPDATE SET value = revisions.value + 1",
        TOPIC
    )
    .map(drop)
}

async fn jwt_settings(tx: &mut Tx) -> Result<JwtSettings, KeyError> {
    let documents = documents::named(tx, Kind::Module, &[ModuleName::Jwt.name()]).await?;
    let Some(document) = documents.first() else {
        return Ok(JwtSettings::default());
    };
    Ok(match document.module()?.1.settings {
        ModuleSettings::Jwt(settings) => settings,
        _ => JwtSettings::default(),
    })
}

/// What a sealed private key is bound to, so that it cannot pass for another one.
fn purpose(kid: &str) -> String {
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
    SigningKey::from_pkcs8(of_key(algorithm), pkcs8.expose()).map_err(|_| KeyError::Damaged {
        kid: kid.to_owned(),
    })
}
