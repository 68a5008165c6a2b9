use axum::http::HeaderValue;
use serde_json::json;

use super::{ClientAddress, SignedIn, cookie::SESSION};
use crate::{
    clock::UnixMillis,
    crypto::Hashed,
    modules::{
        Context,
        audit::{self, AuditEvent},
        oidc_provider::{self, FrontChannelPage},
    },
    store::{StoreError, Tx, fetch_all},
};

/// What is left to do for a browser whose session has ended.
#[derive(Debug, Default)]
pub struct SignedOut {
    /// The `Set-Cookie` header to answer with.
    pub cookie: Option<HeaderValue>,
    /// Pages of clients to load.
    pub pages: Vec<FrontChannelPage>,
}

/// Ends the person's session at this browser. What was granted in it, except for offline use, ends with
/// it, and its clients are told.
pub async fn sign_out(
    context: &Context,
    person: &SignedIn,
    address: &ClientAddress,
) -> Result<SignedOut, StoreError> {
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    let pages = end_session(&mut tx, &person.user_id, &person.session_id, now).await?;
    record(&mut tx, person, "session.sign_out", address, now).await?;
    tx.commit().await?;
    context.logout_notices.wake();
    Ok(SignedOut {
        cookie: SESSION.remove(&context.site),
        pages,
    })
}

/// Ends one session of the person, if they have it.
pub async fn end_session(
    tx: &mut Tx,
    user_id: &str,
    session_id: &str,
    now: UnixMillis,
) -> Result<Vec<FrontChannelPage>, StoreError> {
    let ended = fetch_all!(
        tx,
        Ended,
        "UPDATE sessions SET revoked_at = $3
          WHERE id = $2 AND user_id = $1 AND revoked_at IS NULL
      RETURNING id, user_id",
        user_id,
        session_id,
        now,
    )?;
    follow(tx, ended, now).await
}

/// Ends a session, whosever it is, and gives the id of the person; `None` if there is no such session
/// or it has ended.
pub async fn revoke(
    tx: &mut Tx,
    session_id: &str,
    now: UnixMillis,
) -> Result<Option<String>, StoreError> {
    let ended = fetch_all!(
        tx,
        Ended,
        "UPDATE sessions SET revoked_at = $2
          WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2
      RETURNING id, user_id",
        session_id,
        now,
    )?;
    let user_id = ended.first().map(|session| session.user_id.clone());
    follow(tx, ended, now).await?;
    Ok(user_id)
}

/// Ends every session of the person but `keep`.
pub async fn end_sessions_of(
    tx: &mut Tx,
    user_id: &str,
    keep: Option<&str>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let ended = fetch_all!(
        tx,
        Ended,
        "UPDATE sessions SET revoked_at = $3
          WHERE user_id = $1 AND revoked_at IS NULL AND id <> COALESCE($2, '')
      RETURNING id, user_id",
        user_id,
        keep,
        now,
    )?;
    follow(tx, ended, now).await.map(drop)
}

/// Ends the session that this token belongs to.
pub(super) async fn end_by_token(
    tx: &mut Tx,
    token_hash: &Hashed,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let ended = fetch_all!(
        tx,
        Ended,
        "UPDATE sessions SET revoked_at = $2 WHERE token_hash = $1 AND revoked_at IS NULL
      RETURNING id, user_id",
        token_hash,
        now,
    )?;
    follow(tx, ended, now).await.map(drop)
}

#[derive(sqlx::FromRow)]
struct Ended {
    id: String,
    user_id: String,
}

/// Every end of a session comes here.
async fn follow(
    tx: &mut Tx,
    ended: Vec<Ended>,
    now: UnixMillis,
) -> Result<Vec<FrontChannelPage>, StoreError> {
    let mut pages = Vec::new();
    for session in ended {
        pages.extend(oidc_provider::session_ended(tx, &session.id, &session.user_id, now).await?);
    }
    Ok(pages)
}

/// Records what a person did with their sessions.
pub async fn record(
    tx: &mut Tx,
    person: &SignedIn,
    action: &'static str,
    address: &ClientAddress,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let actor = format!("user:{}", person.user_id);
    let event = AuditEvent {
        actor: &actor,
        action,
        subject: Some(&actor),
        detail: json!({}),
        ip: address.text(),
    };
    audit::record(tx, event, now).await
}
