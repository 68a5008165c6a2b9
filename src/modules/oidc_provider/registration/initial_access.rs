//! Initial access tokens (RFC 7591 3): who may register, as often as the operator says.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::RegistrationError;
use crate::{
    clock::UnixMillis,
    crypto::{CryptoError, Hashed, Keyring, Secret, token},
    modules::Context,
    store::{Store, StoreError, Tx, execute, fetch_all, fetch_optional},
};

/// Longest life of a token.
pub const MAX_LIFE: Duration = Duration::from_hours(24 * 366);

/// A token that is to be made.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewInitialAccess {
    /// What it is for: the clients that come with it carry the name.
    pub name: String,
    /// How many clients may register with it; any number, unless set.
    #[serde(default)]
    pub uses: Option<u32>,
    /// Seconds until it expires.
    pub expires_in: u32,
}

/// A token that lives, without the token.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct InitialAccess {
    /// Made once.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// How many more clients may register with it; any number if it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uses_left: Option<i64>,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it expires.
    pub expires_at: UnixMillis,
}

/// A new token, which is shown this once.
#[derive(Clone, Debug, Serialize)]
pub struct InitialAccessToken {
    /// The token.
    pub token: String,
    /// What it is.
    #[serde(flatten)]
    pub access: InitialAccess,
}

/// The tokens that live.
#[derive(Clone, Debug, Serialize)]
pub struct InitialAccessListed {
    /// The newest first.
    pub tokens: Vec<InitialAccess>,
}

/// What entitles to a registration.
pub(super) struct Invited {
    pub(super) name: String,
    pub(super) hash: Hashed,
}

fn hash(keyring: &Keyring, token: &str) -> Hashed {
    keyring.token_hash("oidc.initial_access", token)
}

/// What the token entitles to, if it does now.
pub(super) async fn find(
    context: &Context,
    token: &str,
    now: UnixMillis,
) -> Result<Option<Invited>, RegistrationError> {
    let hash = hash(&context.keyring, token);
    let row = fetch_optional!(
        &context.store,
        (String,),
        "SELECT name FROM oidc_initial_access_tokens
          WHERE token_hash = $1 AND expires_at > $2 AND (uses_left IS NULL OR uses_left > 0)",
        &hash,
        now,
    )?;
    Ok(row.map(|(name,)| Invited { name, hash }))
}

/// Spends one use; `false` if there is none left.
pub(super) async fn spend(tx: &mut Tx, hash: &Hashed, now: UnixMillis) -> Result<bool, StoreError> {
    let spent = execute!(
        tx,
        "UPDATE oidc_initial_access_tokens SET uses_left = uses_left - 1
          WHERE token_hash = $1 AND expires_at > $2 AND (uses_left IS NULL OR uses_left > 0)",
        hash,
        now,
    )?;
    Ok(spent == 1)
}

impl InitialAccess {
    /// Makes a token.
    pub async fn issue(
        tx: &mut Tx,
        keyring: &Keyring,
        new: &NewInitialAccess,
        now: UnixMillis,
    ) -> Result<InitialAccessToken, StoreError> {
        let (id, token) = made(now)?;
        let access = Self {
            id,
            name: new.name.clone(),
            uses_left: new.uses.map(i64::from),
            created_at: now,
            expires_at: now + Duration::from_secs(u64::from(new.expires_in)),
        };
        execute!(
            tx,
            "INSERT INTO oidc_initial_access_tokens (id, token_hash, name, uses_left, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            &access.id,
            hash(keyring, token.expose()),
            &access.name,
            access.uses_left,
            access.created_at,
            access.expires_at,
        )?;
        Ok(InitialAccessToken {
            token: token.expose().clone(),
            access,
        })
    }

    /// The tokens that can still be used, the newest first.
    pub async fn list(store: &Store, now: UnixMillis) -> Result<InitialAccessListed, StoreError> {
        let tokens = fetch_all!(
            store,
            Self,
            "SELECT id, name, uses_left, created_at, expires_at
               FROM oidc_initial_access_tokens
              WHERE expires_at > $1 AND (uses_left IS NULL OR uses_left > 0)
              ORDER BY id DESC LIMIT 1000",
            now,
        )?;
        Ok(InitialAccessListed { tokens })
    }

    /// Takes a token out of use; `false` if there is none.
    pub async fn revoke(tx: &mut Tx, id: &str) -> Result<bool, StoreError> {
        let gone = execute!(
            tx,
            "DELETE FROM oidc_initial_access_tokens WHERE id = $1",
            id
        )?;
        Ok(gone == 1)
    }
}

fn made(now: UnixMillis) -> Result<(String, Secret<String>), CryptoError> {
    Ok((
        token::uuid_v7(now)?.to_string(),
        token::opaque("assay_iat_")?,
    ))
}
