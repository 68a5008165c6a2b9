//! The rows of `sessions`.

use serde::Serialize;

use crate::{
    clock::UnixMillis,
    crypto::{Hashed, Keyring},
    store::{Store, StoreError, Tx, execute, fetch_all, fetch_optional},
};

pub(super) fn hash(keyring: &Keyring, token: &str) -> Hashed {
    keyring.token_hash("session", token)
}

/// A live session and its person.
#[derive(sqlx::FromRow)]
pub(super) struct SessionRow {
    pub(super) id: String,
    pub(super) user_id: String,
    pub(super) csrf_secret: String,
    pub(super) authenticated_at: UnixMillis,
    pub(super) amr: String,
    pub(super) acr: Option<String>,
    pub(super) seen_at: UnixMillis,
    pub(super) email: String,
    pub(super) email_verified: bool,
    pub(super) is_admin: bool,
    pub(super) attributes: String,
}

pub(super) async fn find(
    store: &Store,
    token_hash: &Hashed,
    now: UnixMillis,
) -> Result<Option<SessionRow>, StoreError> {
    fetch_optional!(
        store,
        SessionRow,
        "SELECT s.id, s.user_id, s.csrf_secret, s.authenticated_at, s.amr, s.acr, s.seen_at,
                u.email, u.email_verified, u.is_admin, u.attributes
           FROM sessions s
           JOIN users u ON u.id = s.user_id
          WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND s.expires_at > $2
            AND u.state = 'active'",
        token_hash,
        now,
    )
}

pub(super) async fn touch(store: &Store, id: &str, now: UnixMillis) -> Result<(), StoreError> {
    execute!(
        store,
        "UPDATE sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2",
        id,
        now,
    )
    .map(drop)
}

pub(super) struct NewSession<'a> {
    pub(super) id: &'a str,
    pub(super) token_hash: &'a Hashed,
    pub(super) user_id: &'a str,
    pub(super) csrf_secret: &'a str,
    pub(super) amr: &'a str,
    pub(super) acr: Option<&'a str>,
    pub(super) ip: Option<&'a str>,
    pub(super) user_agent: Option<&'a str>,
    pub(super) now: UnixMillis,
    pub(super) expires_at: UnixMillis,
}

pub(super) async fn insert(tx: &mut Tx, new: NewSession<'_>) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO sessions (id, token_hash, user_id, csrf_secret, authenticated_at, amr, acr,
                               ip, user_agent, created_at, seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $5, $5, $10)",
        new.id,
        new.token_hash,
        new.user_id,
        new.csrf_secret,
        new.now,
        new.amr,
        new.acr,
        new.ip,
        new.user_agent,
        new.expires_at,
    )
    .map(drop)
}

/// Gives the session another token and makes it fresh, if it is alive and this person's. Gives
/// its id.
pub(super) async fn renew(
    tx: &mut Tx,
    old_token_hash: &Hashed,
    new: &NewSession<'_>,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(
        tx,
        (String,),
        "UPDATE sessions
            SET token_hash = $2, csrf_secret = $4, authenticated_at = $5, amr = $6, acr = $7,
                ip = $8, user_agent = $9, seen_at = $5, expires_at = $10
          WHERE token_hash = $1 AND user_id = $3 AND revoked_at IS NULL AND expires_at > $5
      RETURNING id",
        old_token_hash,
        new.token_hash,
        new.user_id,
        new.csrf_secret,
        new.now,
        new.amr,
        new.acr,
        new.ip,
        new.user_agent,
        new.expires_at,
    )?;
    Ok(row.map(|(id,)| id))
}

/// Gives the session another token, and says what was proved in it by now. It is as old as before: only
/// one of the two proofs is fresh.
pub(super) async fn strengthen(
    tx: &mut Tx,
    session_id: &str,
    old_token_hash: &Hashed,
    new: &NewSession<'_>,
) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "UPDATE sessions
            SET token_hash = $3, csrf_secret = $5, amr = $7, acr = $8, seen_at = $6
          WHERE id = $1 AND token_hash = $2 AND user_id = $4 AND revoked_at IS NULL
            AND expires_at > $6",
        session_id,
        old_token_hash,
        new.token_hash,
        new.user_id,
        new.csrf_secret,
        new.now,
        new.amr,
        new.acr,
    )?;
    Ok(rows == 1)
}

/// A session as its owner sees it.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct SessionSummary {
    /// Its id; not what the cookie holds.
    pub id: String,
    /// The address it was begun from.
    pub ip: Option<String>,
    /// Where that is, if the operator has a database of places.
    #[sqlx(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The browser that began it.
    pub user_agent: Option<String>,
    /// When it was begun.
    pub created_at: UnixMillis,
    /// When it was last used, give or take five minutes.
    pub seen_at: UnixMillis,
    /// When it ends by itself.
    pub expires_at: UnixMillis,
}

/// The person's live sessions, the latest used first; a hundred at most.
pub async fn sessions_of(
    store: &Store,
    user_id: &str,
    now: UnixMillis,
) -> Result<Vec<SessionSummary>, StoreError> {
    fetch_all!(
        store,
        SessionSummary,
        "SELECT id, ip, user_agent, created_at, seen_at, expires_at
           FROM sessions
          WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
          ORDER BY seen_at DESC, id
          LIMIT 100",
        user_id,
        now,
    )
}
