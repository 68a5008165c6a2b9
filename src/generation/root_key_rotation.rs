//! The life of root keys: made, rotated, retired, gone.
//!
//! Verifiers hold copies of the public halves, so nothing here happens on a schedule but forgetting: a key
//! that was rotated out goes once no token that it signed can live. Its private half is gone at once.

use assay_reconciler::spec::{ModuleName, ModuleSettings, module::BiscuitSettings};
use serde::{Deserialize, Serialize};

use super::{
    Engine, KeyState,
    keys::{Expired, settings_of, touch},
    record::{self, Actor},
    root_keys::{TOPIC, name, purpose},
    signing_keys::KeyError,
};
use crate::{
    clock::UnixMillis,
    crypto::RootKey,
    store::{StoreError, Tx, execute, fetch_all, fetch_one, fetch_optional},
};

/// What is known about one root key.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RootKeyRecord {
    /// The number that tokens name (`root_key_id`).
    pub id: u32,
    /// Its algorithm.
    pub algorithm: String,
    /// Where it is in its life: `active` or `retired`.
    pub state: KeyState,
    /// The public half in hex.
    pub public_key: String,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it stopped signing.
    pub retired_at: Option<UnixMillis>,
    /// When it stops verifying.
    pub expires_at: Option<UnixMillis>,
}

/// A key that is made but not stored.
struct Fresh {
    public_key: String,
    sealed: Vec<u8>,
}

impl Engine {
    /// Sees to it that a root key signs. Of servers that do so at once, one wins.
    pub(super) async fn ensure_root_key(&self) -> Result<(), KeyError> {
        let (active,) = fetch_one!(
            &self.store,
            (i64,),
            "SELECT COUNT(*) FROM biscuit_root_keys WHERE state = 'active'"
        )?;
        if active > 0 {
            return Ok(());
        }
        let fresh = self.fresh_root_key()?;
        let mut tx = self.store.begin().await?;
        touch(&mut tx, TOPIC).await?;
        self.add_root_key(&mut tx, &fresh).await?;
        tx.notify_change().await?;
        tx.commit().await?;
        Ok(())
    }

    /// Puts a new root key in the place of the one that signs, which goes on verifying for `maxTokenTtl`.
    /// Gives its number.
    pub async fn rotate_root_key(&self, actor: &Actor) -> Result<u32, KeyError> {
        let fresh = self.fresh_root_key()?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        touch(&mut tx, TOPIC).await?;
        let kept = settings(&mut tx).await?.max_token_ttl.duration();
        execute!(
            &mut tx,
            "UPDATE biscuit_root_keys
                SET state = 'retired', private_key = NULL, retired_at = $1, expires_at = $2
              WHERE state = 'active'",
            now,
            now + kept
        )?;
        let id = self.add_root_key(&mut tx, &fresh).await?;
        self.record_root_key(&mut tx, actor, "keys.rotate", id)
            .await?;
        tx.notify_change().await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Makes every token worthless that a retired root key has signed.
    pub async fn withdraw_root_key(&self, id: u32, actor: &Actor) -> Result<(), KeyError> {
        let mut tx = self.store.begin().await?;
        touch(&mut tx, TOPIC).await?;
        let gone = execute!(
            &mut tx,
            "DELETE FROM biscuit_root_keys WHERE id = $1 AND state = 'retired'",
            i64::from(id)
        )?;
        if gone == 0 {
            let active = fetch_optional!(
                &mut tx,
                (i64,),
                "SELECT id FROM biscuit_root_keys WHERE id = $1",
                i64::from(id)
            )?;
            tx.rollback().await?;
            return Err(match active {
                Some(_) => KeyError::RootKeySigns(id),
                None => KeyError::UnknownRootKey(id),
            });
        }
        self.record_root_key(&mut tx, actor, "keys.withdraw", id)
            .await?;
        tx.notify_change().await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets root keys whose last token has expired; gives how many. To be called now and then.
    pub async fn reap_root_keys(&self) -> Result<u64, KeyError> {
        let expired = Expired {
            topic: TOPIC,
            count: "SELECT COUNT(*) FROM biscuit_root_keys WHERE state = 'retired' AND expires_at <= $1",
            delete: "DELETE FROM biscuit_root_keys WHERE state = 'retired' AND expires_at <= $1",
        };
        Ok(expired.reap(&self.store, self.clock.now()).await?)
    }

    /// Every root key, the newest first: that is the one that signs.
    pub async fn root_key_records(&self) -> Result<Vec<RootKeyRecord>, KeyError> {
        let rows = fetch_all!(
            &self.store,
            (
                i64,
                String,
                String,
                UnixMillis,
                Option<UnixMillis>,
                Option<UnixMillis>
            ),
            "SELECT id, state, public_key, created_at, retired_at, expires_at
               FROM biscuit_root_keys
              ORDER BY id DESC"
        )?;
        rows.into_iter()
            .map(
                |(id, state, public_key, created_at, retired_at, expires_at)| {
                    Ok(RootKeyRecord {
                        id: u32::try_from(id).map_err(|_| KeyError::Damaged { kid: name(id) })?,
                        algorithm: "Ed25519".to_owned(),
                        state: match state.as_str() {
                            "active" => KeyState::Active,
                            _ => KeyState::Retired,
                        },
                        public_key,
                        created_at,
                        retired_at,
                        expires_at,
                    })
                },
            )
            .collect()
    }

    fn fresh_root_key(&self) -> Result<Fresh, KeyError> {
        let failed = |_| KeyError::Generate("Ed25519");
        let (seed, public_key) = RootKey::generate().map_err(failed)?;
        let sealed = self
            .keyring
            .seal_bytes(&purpose(&public_key), seed.expose())
            .map_err(failed)?;
        Ok(Fresh { public_key, sealed })
    }

    /// Stores the key, unless another server's came first; gives the number of the one that signs.
    async fn add_root_key(&self, tx: &mut Tx, fresh: &Fresh) -> Result<u32, KeyError> {
        execute!(
            tx,
            "INSERT INTO biscuit_root_keys (id, state, public_key, private_key, created_at)
             SELECT COALESCE(MAX(id), 0) + 1, 'active', $1, $2, $3
               FROM biscuit_root_keys
              WHERE TRUE
             ON CONFLICT (state) WHERE state = 'active' DO NOTHING",
            &fresh.public_key,
            &fresh.sealed,
            self.clock.now()
        )?;
        let (id,) = fetch_one!(
            tx,
            (i64,),
            "SELECT id FROM biscuit_root_keys WHERE state = 'active'"
        )?;
        u32::try_from(id).map_err(|_| KeyError::Damaged { kid: name(id) })
    }

    async fn record_root_key(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        action: &'static str,
        id: u32,
    ) -> Result<(), StoreError> {
        let detail = serde_json::json!({ "algorithm": "Ed25519" });
        let subject = format!("root-key/{id}");
        record::event(tx, actor, action, &subject, &detail, self.clock.now()).await
    }
}

async fn settings(tx: &mut Tx) -> Result<BiscuitSettings, KeyError> {
    Ok(match settings_of(tx, ModuleName::Biscuit).await? {
        Some(ModuleSettings::Biscuit(settings)) => settings,
        _ => BiscuitSettings::default(),
    })
}
