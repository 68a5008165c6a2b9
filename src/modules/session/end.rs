use axum::http::HeaderValue;
use serde_json::json;

use super::{ClientAddress, SignedIn, cookie::SESSION};
use crate::{
    clock::UnixMillis,
    modules::{
        Context,
        audit::{self, AuditEvent},
    },
    store::{StoreError, Tx, execute},
};

/// Ends the person's session at this browser and gives the `Set-Cookie` header to answer with. What
/// was granted in the session, except for offline use, ends with it.
pub async fn sign_out(
    context: &Context,
    person: &SignedIn,
    address: &ClientAddress,
) -> Result<Option<HeaderValue>, StoreError> {
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    end_session(&mut tx, &person.user_id, &person.session_id, now).await?;
    record(&mut tx, person, "session.sign_out", address, now).await?;
    tx.commit().await?;
    Ok(SESSION.remove(&context.site))
}

/// Ends one session of the person; `false` if they have no such session.
pub async fn end_session(
    tx: &mut Tx,
    user_id: &str,
    session_id: &str,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "UPDATE sessions SET revoked_at = $3
          WHERE id = $2 AND user_id = $1 AND revoked_at IS NULL",
        user_id,
        session_id,
        now,
    )?;
    Ok(rows == 1)
}

/// Ends every session of the person but this one.
pub async fn end_other_sessions(
    tx: &mut Tx,
    person: &SignedIn,
    now: UnixMillis,
) -> Result<u64, StoreError> {
    execute!(
        tx,
        "UPDATE sessions SET revoked_at = $3
          WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL",
        &person.user_id,
        &person.session_id,
        now,
    )
}

pub(super) async fn record(
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
