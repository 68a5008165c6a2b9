use serde::{Deserialize, Serialize};

use crate::{
    clock::UnixMillis,
    store::{Store, StoreError, fetch_all, fetch_one},
};

/// What has become of a notice that its client has not taken.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum NoticeState {
    /// It is still tried.
    Pending,
    /// It was given up.
    Failed,
}

/// A client that has not been told of a logout, as an operator sees it.
#[derive(Clone, Debug, Deserialize, Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct LogoutNotice {
    /// Its name.
    pub id: String,
    /// The client.
    pub client: String,
    /// Whose session ended.
    pub user: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next.
    pub next_attempt_at: UnixMillis,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When the session ended.
    pub created_at: UnixMillis,
    /// When it is, or was, given up.
    pub expires_at: UnixMillis,
}

/// Notices of one state, and how many there are of each.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct LogoutNoticesListed {
    /// How many are still tried.
    pub pending: i64,
    /// How many were given up in the last day.
    pub failed: i64,
    /// The newest first.
    pub notices: Vec<LogoutNotice>,
}

/// At most `limit` notices that were not delivered, the newest first.
pub async fn list(
    store: &Store,
    state: NoticeState,
    limit: u32,
    now: UnixMillis,
) -> Result<LogoutNoticesListed, StoreError> {
    let (pending, failed) = fetch_one!(
        store,
        (i64, i64),
        "SELECT COUNT(CASE WHEN expires_at > $1 THEN 1 END),
                COUNT(CASE WHEN expires_at <= $1 THEN 1 END)
           FROM oidc_logout_notices
          WHERE delivered_at IS NULL",
        now,
    )?;
    let notices = fetch_all!(
        store,
        LogoutNotice,
        "SELECT n.id, c.name AS client, n.sub AS \"user\", n.attempts, n.next_attempt_at,
                n.last_error, n.created_at, n.expires_at
           FROM oidc_logout_notices n
           JOIN oidc_clients c ON c.id = n.client_uid
          WHERE n.delivered_at IS NULL AND (n.expires_at > $1) = $2
          ORDER BY n.created_at DESC, n.id DESC
          LIMIT $3",
        now,
        state == NoticeState::Pending,
        i64::from(limit),
    )?;
    Ok(LogoutNoticesListed {
        pending,
        failed,
        notices,
    })
}
