//! The rows of `oidc_logout_notices`: what clients are still to be told. One replica at a time has a
//! notice, because it moves the next attempt on before it makes one.

use std::time::Duration;

use crate::{
    clock::UnixMillis,
    store::{Store, StoreError, execute, fetch_all},
};

/// For how long a notice is left to the process that took it: longer than one attempt can take. After a
/// crash it is due again.
const TAKEN_FOR: Duration = Duration::from_secs(15);
/// Notices that one client is told at once.
const AT_ONCE: i64 = 8;

/// A notice that this process has taken.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Notice {
    pub(super) id: String,
    /// Whose session ended.
    pub(super) user_id: String,
    /// Which one, as the client knows it.
    pub(super) sid: Option<String>,
    /// How often it was tried, this time included.
    pub(super) attempts: i64,
    /// When it is given up.
    pub(super) expires_at: UnixMillis,
}

/// The clients for which a notice is due.
pub(super) async fn due_clients(store: &Store, now: UnixMillis) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        store,
        (String,),
        "SELECT client_uid
           FROM oidc_logout_notices
          WHERE delivered_at IS NULL AND next_attempt_at <= $1 AND expires_at > $1
          GROUP BY client_uid
          ORDER BY MIN(next_attempt_at)",
        now,
    )?;
    Ok(rows.into_iter().map(|(uid,)| uid).collect())
}

/// Takes what is due for the client, the longest due first.
pub(super) async fn take(
    store: &Store,
    client_uid: &str,
    now: UnixMillis,
) -> Result<Vec<Notice>, StoreError> {
    let mut tx = store.begin().await?;
    // What is due is asked twice: a replica that waited for another one's update sees it only outside
    // the subselect.
    let taken = fetch_all!(
        &mut tx,
        Notice,
        "UPDATE oidc_logout_notices
            SET attempts = attempts + 1, next_attempt_at = $3
          WHERE id IN (SELECT id FROM oidc_logout_notices
                        WHERE client_uid = $1 AND delivered_at IS NULL
                          AND next_attempt_at <= $2 AND expires_at > $2
                        ORDER BY next_attempt_at LIMIT $4)
            AND delivered_at IS NULL AND next_attempt_at <= $2
      RETURNING id, sub AS user_id, sid, attempts, expires_at",
        client_uid,
        now,
        now + TAKEN_FOR,
        AT_ONCE,
    )?;
    tx.commit().await?;
    Ok(taken)
}

/// The client has been told.
pub(super) async fn delivered(store: &Store, id: &str, now: UnixMillis) -> Result<(), StoreError> {
    execute!(
        store,
        "UPDATE oidc_logout_notices SET delivered_at = $2, last_error = NULL WHERE id = $1",
        id,
        now,
    )
    .map(drop)
}

/// The client has not been told, and is asked again at `next_attempt_at`.
pub(super) async fn failed(
    store: &Store,
    id: &str,
    error: &str,
    next_attempt_at: UnixMillis,
) -> Result<(), StoreError> {
    execute!(
        store,
        "UPDATE oidc_logout_notices SET next_attempt_at = $2, last_error = $3
          WHERE id = $1 AND delivered_at IS NULL",
        id,
        next_attempt_at,
        error,
    )
    .map(drop)
}

/// Nothing of the client's is tried before `until`: it does not answer.
pub(super) async fn rest(
    store: &Store,
    client_uid: &str,
    until: UnixMillis,
) -> Result<(), StoreError> {
    execute!(
        store,
        "UPDATE oidc_logout_notices SET next_attempt_at = $2
          WHERE client_uid = $1 AND delivered_at IS NULL AND next_attempt_at < $2",
        client_uid,
        until,
    )
    .map(drop)
}

/// The client does not want to be told any more.
pub(super) async fn drop_all(store: &Store, client_uid: &str) -> Result<(), StoreError> {
    execute!(
        store,
        "DELETE FROM oidc_logout_notices WHERE client_uid = $1 AND delivered_at IS NULL",
        client_uid,
    )
    .map(drop)
}
