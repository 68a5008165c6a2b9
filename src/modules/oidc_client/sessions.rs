//! Which of our sessions came from which session at an upstream: the rows of `oidc_upstream_sessions`.
//!
//! Between the upstream's answer and our session may lie further steps, so a row is made for the browser
//! and finds its session when that begins.

use std::time::Duration;

use super::{identity::Identity, state};
use crate::{
    clock::UnixMillis,
    crypto::{Keyring, token},
    generation::Upstream,
    modules::{Context, session},
    store::{StoreError, Tx, execute, fetch_all},
};

/// How long further steps of a sign-in may take.
const LIFETIME: Duration = Duration::from_hours(1);

/// A session of this person, at this browser, will have come from the upstream.
pub(super) async fn expect(
    tx: &mut Tx,
    context: &Context,
    upstream: &Upstream,
    identity: &Identity,
    user_id: &str,
    browser: &str,
) -> Result<(), StoreError> {
    let now = context.clock.now();
    execute!(
        tx,
        "INSERT INTO oidc_upstream_sessions (id, browser_hash, user_id, upstream_id, issuer, subject,
                                             sid, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        token::uuid_v7(now)?.to_string(),
        state::browser_hash(&context.keyring, browser),
        user_id,
        &upstream.uid,
        &identity.issuer,
        identity.sub.as_deref().unwrap_or(&identity.subject),
        &identity.sid,
        now + LIFETIME,
    )
    .map(drop)
}

/// The session has begun at the browser; what was expected there is now about it.
pub async fn began(
    tx: &mut Tx,
    keyring: &Keyring,
    browser: &str,
    user_id: &str,
    session_id: &str,
    now: UnixMillis,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE oidc_upstream_sessions SET session_id = $3, browser_hash = NULL, expires_at = NULL
          WHERE browser_hash = $1 AND user_id = $2 AND expires_at > $4",
        state::browser_hash(keyring, browser),
        user_id,
        session_id,
        now,
    )
    .map(drop)
}

/// Ends the sessions that came from one there: of this `sid`, of this subject, or of both. Gives how many.
pub(super) async fn end(
    tx: &mut Tx,
    upstream: &Upstream,
    issuer: &str,
    subject: Option<&str>,
    sid: Option<&str>,
    now: UnixMillis,
) -> Result<usize, StoreError> {
    let ended = fetch_all!(
        tx,
        (Option<String>,),
        "DELETE FROM oidc_upstream_sessions
          WHERE upstream_id = $1 AND issuer = $2
            AND subject = COALESCE($3, subject) AND COALESCE(sid, '') = COALESCE($4, sid, '')
      RETURNING session_id",
        &upstream.uid,
        issuer,
        subject,
        sid,
    )?;
    let mut count = 0;
    for (session_id,) in ended {
        if let Some(id) = session_id
            && session::revoke(tx, &id, now).await?.is_some()
        {
            count += 1;
        }
    }
    Ok(count)
}
