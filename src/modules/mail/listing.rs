//! Letters as an operator sees them: what became of each, and nothing of what it says.

use serde::{Deserialize, Serialize};

use crate::{
    clock::UnixMillis,
    store::{Store, StoreError, Tx, execute, fetch_all, fetch_one},
};

use super::outbox::RESENT_FOR;

/// What has become of a letter.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum MailState {
    /// It is still tried.
    Pending,
    /// It was handed over.
    Delivered,
    /// It was given up.
    Failed,
}

/// A letter.
#[derive(Clone, Debug, Deserialize, Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct MailListed {
    /// Its name.
    pub id: String,
    /// Whose account it is about.
    pub user: Option<String>,
    /// Where it goes.
    pub recipient: String,
    /// Which letter it is.
    pub kind: String,
    /// What it is written in.
    pub language: String,
    /// What has become of it.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next.
    pub next_attempt_at: UnixMillis,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was written.
    pub created_at: UnixMillis,
    /// When it was handed over.
    pub delivered_at: Option<UnixMillis>,
    /// When it is, or was, given up.
    pub expires_at: UnixMillis,
}

/// Letters, and how many there are that were not handed over.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct MailsListed {
    /// How many are still tried.
    pub pending: i64,
    /// How many were given up lately.
    pub failed: i64,
    /// The newest first.
    pub mails: Vec<MailListed>,
}

/// At most `limit` letters, of one state or of any, the newest first. What was never to be sent
/// ([`super::queue_nothing`]) is none.
pub async fn list(
    store: &Store,
    state: Option<MailState>,
    limit: u32,
    now: UnixMillis,
) -> Result<MailsListed, StoreError> {
    let (pending, failed) = fetch_one!(
        store,
        (i64, i64),
        "SELECT COUNT(CASE WHEN expires_at > $1 THEN 1 END),
                COUNT(CASE WHEN expires_at <= $1 THEN 1 END)
           FROM mails
          WHERE delivered_at IS NULL AND expires_at > created_at",
        now,
    )?;
    let state = state.map(|state| match state {
        MailState::Pending => "pending",
        MailState::Delivered => "delivered",
        MailState::Failed => "failed",
    });
    let mails = fetch_all!(
        store,
        MailListed,
        "SELECT * FROM (
           SELECT id, user_id AS \"user\", recipient, kind, language,
                  CASE WHEN delivered_at IS NOT NULL THEN 'delivered'
                       WHEN expires_at > $1 THEN 'pending'
                       ELSE 'failed' END AS state,
                  attempts, next_attempt_at, last_error, created_at, delivered_at, expires_at
             FROM mails
            WHERE delivered_at IS NOT NULL OR expires_at > created_at) AS listed
          WHERE state = COALESCE($2, state)
          ORDER BY created_at DESC, id DESC
          LIMIT $3",
        now,
        state,
        i64::from(limit),
    )?;
    Ok(MailsListed {
        pending,
        failed,
        mails,
    })
}

/// Puts a letter back into the outbox, whatever became of it. `None` if there is none, else to whom it
/// goes.
pub async fn resend(
    tx: &mut Tx,
    id: &str,
    now: UnixMillis,
) -> Result<Option<Option<String>>, StoreError> {
    let rows = execute!(
        tx,
        "UPDATE mails
            SET delivered_at = NULL, attempts = 0, next_attempt_at = $2, last_error = NULL,
                expires_at = $3
          WHERE id = $1 AND (delivered_at IS NOT NULL OR expires_at > created_at)",
        id,
        now,
        now + RESENT_FOR,
    )?;
    if rows == 0 {
        return Ok(None);
    }
    let (user,) = fetch_one!(
        tx,
        (Option<String>,),
        "SELECT user_id FROM mails WHERE id = $1",
        id,
    )?;
    Ok(Some(user))
}
