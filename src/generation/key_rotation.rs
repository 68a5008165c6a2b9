//! The life of signing keys: made, rotated, retired, gone.
//!
//! Of each algorithm there is one active key, which the database sees to. A retired key stays in the
//! JWKS until the last token it signed has expired; its private half is gone.

use std::{collections::BTreeSet, sync::Arc};

use assay_reconciler::{
    kind::Kind,
    spec::{
        ModuleName, ModuleSettings,
        module::{JwtSettings, SigningAlgorithm},
    },
};
use serde::{Deserialize, Serialize};

use super::{
    Engine, documents,
    record::{self, Actor},
    signing_keys::{KeyError, TOPIC, algorithm, algorithms, of_key, purpose},
};
use crate::{
    clock::UnixMillis,
    crypto::SigningKey,
    store::{StoreError, Tx, execute, fetch_all, fetch_one},
};

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyState {
    /// It signs.
    Active,
    /// It only verifies, until it expires.
    Retired,
}

/// What is known about one signing key.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
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
