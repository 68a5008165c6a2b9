//! The life of signing keys: made, rotated, retired, gone.
//!
//! Of each algorithm there is one active key, which the database sees to. The next one stands in the
//! JWKS before it signs. A retired key stays there until the last token it signed has expired; its
//! private half is gone.

use std::{collections::BTreeSet, sync::Arc};

use assay_reconciler::spec::{ModuleName, ModuleSettings, SigningAlgorithm, module::JwtSettings};
use serde::{Deserialize, Serialize};

use super::{
    Engine,
    keys::{Expired, settings_of, touch},
    record::{self, Actor},
    signing_keys::{KeyError, TOPIC, algorithms, purpose},
};
use crate::{
    clock::UnixMillis,
    crypto::SigningKey,
    store::{StoreError, Tx, execute, fetch_all, fetch_optional},
};

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyState {
    /// It is published, and signs from the next rotation on.
    Next,
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
            .filter_map(|(name,)| SigningAlgorithm::from_name(name))
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
        touch(&mut tx, TOPIC).await?;
        let settings = jwt_settings(&mut tx).await?;
        for algorithm in unwanted {
            self.retire(&mut tx, algorithm, &settings).await?;
            execute!(
                &mut tx,
                "DELETE FROM jwks_keys WHERE algorithm = $1 AND state = 'next'",
                algorithm.name()
            )?;
        }
        for key in &fresh {
            self.activate(&mut tx, key).await?;
        }
        tx.notify_change().await?;
        tx.commit().await?;
        Ok(())
    }

    /// Puts the next key in the place of the active one, which goes on verifying for
    /// `retiredKeyTtl`. Where no next key is published yet, a new one signs at once. Gives the `kid`.
    pub async fn rotate_signing_key(
        &self,
        algorithm: SigningAlgorithm,
        actor: &Actor,
    ) -> Result<String, KeyError> {
        let spare = self.generate(algorithm).await?;
        let mut tx = self.store.begin().await?;
        touch(&mut tx, TOPIC).await?;
        let settings = jwt_settings(&mut tx).await?;
        if !algorithms(&settings).contains(&algorithm) {
            tx.rollback().await?;
            return Err(KeyError::NotInUse(algorithm.name()));
        }
        let kid = self
            .replace(&mut tx, algorithm, Some(&spare), &settings, actor)
            .await?;
        tx.notify_change().await?;
        tx.commit().await?;
        Ok(kid)
    }

    async fn replace(
        &self,
        tx: &mut Tx,
        algorithm: SigningAlgorithm,
        spare: Option<&Fresh>,
        settings: &JwtSettings,
        actor: &Actor,
    ) -> Result<String, KeyError> {
        let now = self.clock.now();
        self.retire(tx, algorithm, settings).await?;
        let promoted = fetch_optional!(
            tx,
            (String,),
            "UPDATE jwks_keys SET state = 'active', activated_at = $2
              WHERE algorithm = $1 AND state = 'next'
          RETURNING kid",
            algorithm.name(),
            now
        )?;
        let kid = match (promoted, spare) {
            (Some((kid,)), _) => kid,
            (None, Some(spare)) => {
                self.activate(tx, spare).await?;
                spare.kid.clone()
            }
            (None, None) => return Err(KeyError::NotInUse(algorithm.name())),
        };
        let detail = serde_json::json!({ "algorithm": algorithm.name() });
        let subject = format!("signing-key/{kid}");
        record::event(tx, actor, "keys.rotate", &subject, &detail, now).await?;
        Ok(kid)
    }

    /// Does what is due: publishes the next key of each algorithm `publishAhead` before its turn, lets
    /// it take its turn, and takes keys out of the JWKS whose last token has expired. To be called now
    /// and then, on any number of servers.
    pub async fn tend_signing_keys(&self) -> Result<(), KeyError> {
        self.reap_signing_keys().await?;
        let now = self.clock.now();
        let mut reading = self.store.begin_read().await?;
        let settings = jwt_settings(&mut reading).await?;
        let due = due(&mut reading, &settings, now).await?;
        reading.rollback().await?;
        for (algorithm, step) in due {
            let fresh = match step {
                Step::Publish => Some(self.generate(algorithm).await?),
                Step::Replace => None,
            };
            let mut tx = self.store.begin().await?;
            touch(&mut tx, TOPIC).await?;
            // Another server may have done it meanwhile.
            let still_due = self::due(&mut tx, &settings, now).await?;
            if !still_due.contains(&(algorithm, step)) {
                tx.rollback().await?;
                continue;
            }
            if let Some(key) = &fresh {
                self.publish(&mut tx, key).await?;
            } else {
                let actor = Actor::new("schedule");
                self.replace(&mut tx, algorithm, None, &settings, &actor)
                    .await?;
            }
            tx.notify_change().await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Takes keys out of the JWKS whose last token has expired; gives how many. To be called now and
    /// then.
    pub async fn reap_signing_keys(&self) -> Result<u64, KeyError> {
        let expired = Expired {
            topic: TOPIC,
            count: "SELECT COUNT(*) FROM jwks_keys WHERE state = 'retired' AND expires_at <= $1",
            delete: "DELETE FROM jwks_keys WHERE state = 'retired' AND expires_at <= $1",
        };
        Ok(expired.reap(&self.store, self.clock.now()).await?)
    }

    /// Every signing key, active ones first.
    pub async fn signing_key_records(&self) -> Result<Vec<SigningKeyRecord>, KeyError> {
        let rows = fetch_all!(
            &self.store,
            (
                String,
                String,
                String,
                UnixMillis,
                Option<UnixMillis>,
                Option<UnixMillis>
            ),
            "SELECT kid, algorithm, state, created_at, retired_at, expires_at
               FROM jwks_keys
              ORDER BY state, created_at DESC, kid"
        )?;
        let record = |(kid, algorithm, state, created_at, retired_at, expires_at): (
            _,
            _,
            String,
            _,
            _,
            _,
        )| SigningKeyRecord {
            kid,
            algorithm,
            state: match state.as_str() {
                "next" => KeyState::Next,
                "active" => KeyState::Active,
                _ => KeyState::Retired,
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
            let (key, pkcs8) = SigningKey::generate(algorithm).ok()?;
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

    /// Stores the key to sign later, unless another server's came first.
    async fn publish(&self, tx: &mut Tx, key: &Fresh) -> Result<(), StoreError> {
        execute!(
            tx,
            "INSERT INTO jwks_keys (kid, algorithm, state, public_jwk, private_key, created_at)
             VALUES ($1, $2, 'next', $3, $4, $5)
             ON CONFLICT (algorithm) WHERE state = 'next' DO NOTHING",
            &key.kid,
            key.algorithm.name(),
            &key.public_jwk,
            &key.sealed,
            self.clock.now()
        )
        .map(drop)
    }
}

/// What is to be done for an algorithm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    /// A key that signs later.
    Publish,
    /// The next key in the place of the active one.
    Replace,
}

/// What is due now.
async fn due(
    tx: &mut Tx,
    settings: &JwtSettings,
    now: UnixMillis,
) -> Result<Vec<(SigningAlgorithm, Step)>, StoreError> {
    let rows = fetch_all!(
        tx,
        (String, Option<UnixMillis>, Option<UnixMillis>),
        "SELECT active.algorithm, active.activated_at, following.created_at
           FROM jwks_keys AS active
           LEFT JOIN jwks_keys AS following
             ON following.algorithm = active.algorithm AND following.state = 'next'
          WHERE active.state = 'active'"
    )?;
    let ahead = settings.publish_ahead.duration();
    let step = |activated_at: UnixMillis, published_at: Option<UnixMillis>| {
        let turn = activated_at + settings.rotate_every.duration();
        match published_at {
            None if now + ahead >= turn => Some(Step::Publish),
            Some(published_at) if now >= turn && now >= published_at + ahead => Some(Step::Replace),
            _ => None,
        }
    };
    Ok(rows
        .into_iter()
        .filter_map(|(algorithm, activated_at, published_at)| {
            let algorithm = SigningAlgorithm::from_name(&algorithm)?;
            Some((algorithm, step(activated_at?, published_at)?))
        })
        .collect())
}

async fn jwt_settings(tx: &mut Tx) -> Result<JwtSettings, KeyError> {
    Ok(match settings_of(tx, ModuleName::Jwt).await? {
        Some(ModuleSettings::Jwt(settings)) => settings,
        _ => JwtSettings::default(),
    })
}
