//! The rows of `passkeys`.

use serde::Serialize;
use webauthn_rs_core::proto::{
    AttestationMetadata, AuthenticationResult, Credential, ParsedAttestation, ParsedAttestationData,
};

use super::refusal::{MAX_PASSKEYS, Refusal};
use crate::{
    clock::UnixMillis,
    crypto::token,
    store::{Store, StoreError, Tx, execute, fetch_all, fetch_optional},
};

/// A passkey as its owner and operators see it.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct PasskeySummary {
    /// Its id.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// The model of the authenticator; all zeroes if it does not tell.
    pub aaguid: String,
    /// Whether a copy of it lies in somebody's cloud.
    pub backed_up: bool,
    /// When it was added.
    pub created_at: UnixMillis,
    /// When it last signed its owner in.
    pub last_used_at: Option<UnixMillis>,
    /// Since when there may be a second one like it, which makes it useless.
    pub suspected_at: Option<UnixMillis>,
}

/// A passkey that is being used.
#[derive(sqlx::FromRow)]
pub(super) struct Passkey {
    pub(super) id: String,
    pub(super) user_id: String,
    pub(super) name: String,
    credential: String,
    pub(super) sign_count: i64,
    backed_up: bool,
    pub(super) suspected_at: Option<UnixMillis>,
}

impl Passkey {
    /// What its signatures are checked with.
    pub(super) fn credential(&self) -> Result<Credential, Refusal> {
        let mut credential: Credential =
            serde_json::from_str(&self.credential).map_err(Refusal::Unreadable)?;
        credential.counter = u32::try_from(self.sign_count).unwrap_or(u32::MAX);
        credential.backup_state = self.backed_up;
        Ok(credential)
    }
}

/// The one that its authenticator calls this.
pub(super) async fn find(
    store: &Store,
    credential_id: &[u8],
) -> Result<Option<Passkey>, StoreError> {
    fetch_optional!(
        store,
        Passkey,
        "SELECT id, user_id, name, credential, sign_count, backed_up, suspected_at
           FROM passkeys WHERE credential_id = $1",
        credential_id,
    )
}

/// Whether anybody has one.
pub(super) async fn are_any(store: &Store) -> Result<bool, StoreError> {
    let row = fetch_optional!(
        store,
        (i64,),
        "SELECT CAST(1 AS BIGINT) FROM passkeys LIMIT 1"
    )?;
    Ok(row.is_some())
}

/// What the authenticators of the person with this address call their passkeys.
pub(super) async fn credential_ids_at(
    store: &Store,
    email: &str,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let rows = fetch_all!(
        store,
        (Vec<u8>,),
        "SELECT p.credential_id
           FROM passkeys p
           JOIN users u ON u.id = p.user_id
          WHERE u.email = $1 AND u.state = 'active' AND p.suspected_at IS NULL
          ORDER BY p.created_at, p.id",
        email,
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// What the person's authenticators call their passkeys.
pub(super) async fn credential_ids_of(
    store: &Store,
    user_id: &str,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let rows = fetch_all!(
        store,
        (Vec<u8>,),
        "SELECT credential_id FROM passkeys WHERE user_id = $1 ORDER BY created_at, id",
        user_id,
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The same, without those that may have been copied.
pub(super) async fn usable_credential_ids_of(
    store: &Store,
    user_id: &str,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let rows = fetch_all!(
        store,
        (Vec<u8>,),
        "SELECT credential_id FROM passkeys
          WHERE user_id = $1 AND suspected_at IS NULL ORDER BY created_at, id",
        user_id,
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// A passkey that has just been made.
pub(super) struct NewPasskey<'a> {
    pub(super) user_id: &'a str,
    pub(super) name: &'a str,
    pub(super) aaguid: &'a str,
    pub(super) credential: Credential,
}

/// Keeps it, and gives its id.
pub(super) async fn insert(
    tx: &mut Tx,
    new: NewPasskey<'_>,
    now: UnixMillis,
) -> Result<String, Refusal> {
    let id = token::uuid_v7(now).map_err(StoreError::from)?.to_string();
    let mut credential = new.credential;
    let credential_id = credential.cred_id.clone();
    let (sign_count, backed_up) = (i64::from(credential.counter), credential.backup_state);
    // The certificate of one device tells its owner apart everywhere; its model is all that is kept.
    credential.attestation = ParsedAttestation {
        data: ParsedAttestationData::None,
        metadata: AttestationMetadata::None,
    };
    let credential = serde_json::to_string(&credential).map_err(Refusal::Unreadable)?;
    let rows = execute!(
        tx,
        "INSERT INTO passkeys (id, user_id, credential_id, credential, name, aaguid, sign_count,
                               backed_up, created_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
          WHERE (SELECT COUNT(*) FROM passkeys WHERE user_id = $2) < $10
         ON CONFLICT (credential_id) DO NOTHING",
        &id,
        new.user_id,
        &credential_id,
        credential,
        new.name,
        new.aaguid,
        sign_count,
        backed_up,
        now,
        MAX_PASSKEYS,
    )?;
    if rows == 1 {
        return Ok(id);
    }
    let other = fetch_optional!(
        tx,
        (String,),
        "SELECT id FROM passkeys WHERE credential_id = $1",
        &credential_id,
    )?;
    Err(if other.is_some() {
        Refusal::Registered
    } else {
        Refusal::Full
    })
}

/// Records a use. `false` if its counter has not moved on: then two of them were used at once. A counter
/// that stays at 0 counts nothing.
pub(super) async fn used(
    tx: &mut Tx,
    id: &str,
    result: &AuthenticationResult,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "UPDATE passkeys
            SET sign_count = $2, backed_up = $3, last_used_at = $4
          WHERE id = $1 AND suspected_at IS NULL
            AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0))",
        id,
        i64::from(result.counter()),
        result.backup_state(),
        now,
    )?;
    Ok(rows == 1)
}

/// Marks it as copied. `false` if it was marked before.
pub(super) async fn suspect(tx: &mut Tx, id: &str, now: UnixMillis) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "UPDATE passkeys SET suspected_at = $2 WHERE id = $1 AND suspected_at IS NULL",
        id,
        now,
    )?;
    Ok(rows == 1)
}

/// The person's passkeys, the oldest first.
pub async fn passkeys_of(store: &Store, user_id: &str) -> Result<Vec<PasskeySummary>, StoreError> {
    fetch_all!(
        store,
        PasskeySummary,
        "SELECT id, name, aaguid, backed_up, created_at, last_used_at, suspected_at
           FROM passkeys
          WHERE user_id = $1
          ORDER BY created_at, id",
        user_id,
    )
}

/// Gives one of the person's passkeys another name. `false` if they have no such passkey.
pub(super) async fn rename(
    tx: &mut Tx,
    user_id: &str,
    id: &str,
    name: &str,
) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "UPDATE passkeys SET name = $3 WHERE id = $2 AND user_id = $1",
        user_id,
        id,
        name,
    )?;
    Ok(rows == 1)
}

/// Removes one of the person's passkeys, and gives its name; `None` if they have no such passkey.
pub async fn remove(tx: &mut Tx, user_id: &str, id: &str) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(
        tx,
        (String,),
        "DELETE FROM passkeys WHERE id = $2 AND user_id = $1 RETURNING name",
        user_id,
        id,
    )?;
    Ok(row.map(|(name,)| name))
}
