//! Browsers at which the second factor is not asked for, because their owner said so: a token in a
//! cookie, its keyed hash in the database. It replaces the question, never the proof: a session that
//! begins with it has one factor.

use assay_reconciler::spec::Span;
use axum::http::{HeaderMap, HeaderValue};

use super::policy;
use crate::{
    clock::UnixMillis,
    crypto::{Hashed, Keyring, token},
    modules::{
        Context,
        session::{self, REMEMBERED_DEVICE},
    },
    store::{Store, StoreError, Tx, execute, fetch_all},
};

/// A browser as its owner sees it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Device {
    pub(super) id: String,
    pub(super) user_agent: Option<String>,
    pub(super) used_at: UnixMillis,
}

/// Whether the person said of this browser that they are not to be asked.
pub(super) async fn is_remembered(
    context: &Context,
    headers: &HeaderMap,
    user_id: &str,
) -> Result<bool, StoreError> {
    let Some(token) = REMEMBERED_DEVICE.read(&context.site, headers) else {
        return Ok(false);
    };
    let rows = execute!(
        &context.store,
        "UPDATE remembered_devices SET used_at = $3
          WHERE token_hash = $1 AND user_id = $2 AND expires_at > $3",
        hash(&context.keyring, token),
        user_id,
        context.clock.now(),
    )?;
    Ok(rows == 1)
}

/// Remembers this browser for so long. Gives the `Set-Cookie` header to answer with.
async fn remember(
    tx: &mut Tx,
    context: &Context,
    headers: &HeaderMap,
    user_id: &str,
    span: Span,
) -> Result<Option<HeaderValue>, StoreError> {
    let now = context.clock.now();
    let token = token::opaque("")?;
    execute!(
        tx,
        "INSERT INTO remembered_devices (id, token_hash, user_id, user_agent, created_at, used_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $5, $6)",
        token::uuid_v7(now)?.to_string(),
        hash(&context.keyring, token.expose()),
        user_id,
        session::user_agent(headers),
        now,
        now + span.duration(),
    )?;
    Ok(REMEMBERED_DEVICE.set(&context.site, token.expose(), Some(span.as_secs())))
}

/// Remembers this browser if the person wishes it and the settings let them.
pub(super) async fn if_wished(
    tx: &mut Tx,
    context: &Context,
    headers: &HeaderMap,
    user_id: &str,
    is_wished: bool,
) -> Result<Option<HeaderValue>, StoreError> {
    match policy::settings(context).remember_for {
        Some(span) if is_wished => remember(tx, context, headers, user_id, span).await,
        _ => Ok(None),
    }
}

/// The browsers of the person, the latest used first; a hundred at most.
pub(super) async fn of(
    store: &Store,
    user_id: &str,
    now: UnixMillis,
) -> Result<Vec<Device>, StoreError> {
    fetch_all!(
        store,
        Device,
        "SELECT id, user_agent, used_at FROM remembered_devices
          WHERE user_id = $1 AND expires_at > $2
          ORDER BY used_at DESC, id
          LIMIT 100",
        user_id,
        now,
    )
}

/// Asks again at one browser of the person.
pub(super) async fn forget(tx: &mut Tx, user_id: &str, id: &str) -> Result<(), StoreError> {
    execute!(
        tx,
        "DELETE FROM remembered_devices WHERE user_id = $1 AND id = $2",
        user_id,
        id,
    )
    .map(drop)
}

/// Asks again at every browser of the person.
pub async fn forget_all(tx: &mut Tx, user_id: &str) -> Result<(), StoreError> {
    execute!(
        tx,
        "DELETE FROM remembered_devices WHERE user_id = $1",
        user_id
    )
    .map(drop)
}

fn hash(keyring: &Keyring, token: &str) -> Hashed {
    keyring.token_hash("remembered_device", token)
}
