//! Sign-ins of which one thing is proved and the second is not: the rows of `pending_sign_ins`.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use serde_json::json;

use crate::{
    clock::UnixMillis,
    crypto::{Hashed, token},
    modules::{
        Context,
        session::{PENDING_SIGN_IN, ReturnTo},
    },
    store::{StoreError, Tx, execute, fetch_optional},
};

/// Long enough to find the telephone, or to set up an app.
const LIFETIME: Duration = Duration::from_mins(15);
/// Longest token worth looking up.
const MAX_TOKEN: usize = 64;

/// A sign-in that waits.
#[derive(sqlx::FromRow)]
pub(super) struct PendingSignIn {
    pub(super) user_id: String,
    /// JSON array of RFC 8176 values.
    pub(super) amr: String,
    pub(super) return_to: String,
}

/// Lets a sign-in wait. Gives the `Set-Cookie` header to answer with: its token is new, whatever the
/// browser brought, so that nobody can go on with it who only planted a cookie there.
pub(super) async fn begin(
    context: &Context,
    user_id: &str,
    amr: &[&str],
    place: &ReturnTo,
) -> Result<Option<HeaderValue>, StoreError> {
    let now = context.clock.now();
    let token = token::opaque("")?;
    execute!(
        &context.store,
        "INSERT INTO pending_sign_ins (token_hash, user_id, amr, return_to, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        hash(context, token.expose()),
        user_id,
        json!(amr).to_string(),
        place.as_str(),
        now,
        now + LIFETIME,
    )?;
    Ok(PENDING_SIGN_IN.set(&context.site, token.expose(), None))
}

/// What the browser's cookie is looked up by.
pub(super) fn presented(context: &Context, headers: &HeaderMap) -> Option<Hashed> {
    let token = PENDING_SIGN_IN.read(&context.site, headers)?;
    (token.len() <= MAX_TOKEN).then(|| hash(context, token))
}

/// The sign-in that waits under this token.
pub(super) async fn find(
    context: &Context,
    token_hash: &Hashed,
) -> Result<Option<PendingSignIn>, StoreError> {
    fetch_optional!(
        &context.store,
        PendingSignIn,
        "SELECT user_id, amr, return_to FROM pending_sign_ins
          WHERE token_hash = $1 AND expires_at > $2",
        token_hash,
        context.clock.now(),
    )
}

/// Takes the sign-in out of its waiting. Of two at once, one does it.
pub(super) async fn end(
    tx: &mut Tx,
    token_hash: &Hashed,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "DELETE FROM pending_sign_ins WHERE token_hash = $1 AND expires_at > $2",
        token_hash,
        now,
    )?;
    Ok(rows == 1)
}

/// Ends all that wait for the person: what they proved first may not hold any more.
pub async fn end_all(tx: &mut Tx, user_id: &str) -> Result<(), StoreError> {
    execute!(
        tx,
        "DELETE FROM pending_sign_ins WHERE user_id = $1",
        user_id
    )
    .map(drop)
}

fn hash(context: &Context, token: &str) -> Hashed {
    context.keyring.token_hash("pending_sign_in", token)
}
