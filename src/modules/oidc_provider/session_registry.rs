//! Which clients a session has signed its person in at, and the `sid` by which each of them knows it
//! (OpenID Connect Front-Channel Logout 1.0, section 3): the rows of `oidc_sessions`.

use crate::{
    clock::UnixMillis,
    crypto::token,
    store::{Store, StoreError, Tx, fetch_one, fetch_optional},
};

/// The session's `sid` at this client, which stays the same for as long as the session lasts.
pub(super) async fn register(
    tx: &mut Tx,
    session_id: &str,
    client_uid: &str,
    now: UnixMillis,
) -> Result<String, StoreError> {
    let (sid,) = fetch_one!(
        tx,
        (String,),
        "INSERT INTO oidc_sessions (session_id, client_uid, sid, created_at, seen_at)
         VALUES ($1, $2, $3, $4, $4)
         ON CONFLICT (session_id, client_uid) DO UPDATE SET seen_at = excluded.seen_at
         RETURNING sid",
        session_id,
        client_uid,
        token::identifier()?,
        now,
    )?;
    Ok(sid)
}

/// The session's `sid` at this client, if it has signed its person in there.
pub(super) async fn sid(
    store: &Store,
    session_id: &str,
    client_uid: &str,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(
        store,
        (String,),
        "SELECT sid FROM oidc_sessions WHERE session_id = $1 AND client_uid = $2",
        session_id,
        client_uid,
    )?;
    Ok(row.map(|(sid,)| sid))
}
