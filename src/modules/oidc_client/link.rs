//! Which identity at an upstream is which account: the rows of `user_upstream`.

use serde_json::{Map, Value, json};

use super::{exchange::UpstreamTokens, identity::Identity};
use crate::{
    clock::UnixMillis,
    crypto::{Keyring, token},
    generation::Upstream,
    modules::audit::{self, AuditEvent},
    store::{Store, StoreError, Tx, execute, fetch_all, fetch_optional},
};

/// What kept tokens are bound to.
pub(super) const TOKENS_PURPOSE: &str = "user_upstream.tokens";

/// An identity that is linked, as its owner sees it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Linked {
    pub(super) id: String,
    pub(super) upstream_id: String,
    /// What the person knows it by.
    pub(super) shown: String,
    pub(super) created_at: UnixMillis,
}

/// Whose account the identity is linked to.
pub(super) async fn owner(
    store: &Store,
    upstream: &Upstream,
    identity: &Identity,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(
        store,
        (String,),
        "SELECT user_id FROM user_upstream
          WHERE upstream_id = $1 AND issuer = $2 AND subject = $3",
        &upstream.uid,
        &identity.issuer,
        &identity.subject,
    )?;
    Ok(row.map(|(user_id,)| user_id))
}

/// Links the identity to the account. `false` if it is linked already.
pub(super) async fn insert(
    tx: &mut Tx,
    upstream: &Upstream,
    identity: &Identity,
    user_id: &str,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "INSERT INTO user_upstream (id, user_id, upstream_id, issuer, subject, shown, claims,
                                    created_at, used_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         ON CONFLICT (upstream_id, issuer, subject) DO NOTHING",
        token::uuid_v7(now)?.to_string(),
        user_id,
        &upstream.uid,
        &identity.issuer,
        &identity.subject,
        identity.shown(),
        json!(identity.claims).to_string(),
        now,
    )?;
    Ok(rows == 1)
}

/// Notes that the identity was used, and what was told with it.
pub(super) async fn touch(
    tx: &mut Tx,
    upstream: &Upstream,
    identity: &Identity,
    now: UnixMillis,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE user_upstream SET shown = $4, claims = $5, used_at = $6
          WHERE upstream_id = $1 AND issuer = $2 AND subject = $3",
        &upstream.uid,
        &identity.issuer,
        &identity.subject,
        identity.shown(),
        json!(identity.claims).to_string(),
        now,
    )
    .map(drop)
}

/// Keeps the tokens that came with the identity, or none any more.
pub(super) async fn keep_tokens(
    tx: &mut Tx,
    keyring: &Keyring,
    upstream: &Upstream,
    identity: &Identity,
    tokens: &UpstreamTokens,
) -> Result<(), StoreError> {
    let sealed = if upstream.spec.keep_tokens {
        Some(keyring.seal_json(TOKENS_PURPOSE, tokens)?)
    } else {
        None
    };
    execute!(
        tx,
        "UPDATE user_upstream SET tokens = $4
          WHERE upstream_id = $1 AND issuer = $2 AND subject = $3",
        &upstream.uid,
        &identity.issuer,
        &identity.subject,
        sealed,
    )
    .map(drop)
}

/// What is linked to the account; a hundred at most.
pub(super) async fn all_of(store: &Store, user_id: &str) -> Result<Vec<Linked>, StoreError> {
    fetch_all!(
        store,
        Linked,
        "SELECT id, upstream_id, shown, created_at
           FROM user_upstream WHERE user_id = $1 ORDER BY created_at, id LIMIT 100",
        user_id,
    )
}

/// Takes a link away, and gives the upstream it was to.
pub(super) async fn delete(
    tx: &mut Tx,
    user_id: &str,
    id: &str,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(
        tx,
        (String,),
        "DELETE FROM user_upstream WHERE id = $1 AND user_id = $2 RETURNING upstream_id",
        id,
        user_id,
    )?;
    Ok(row.map(|(upstream,)| upstream))
}

/// Records what became of a link.
pub(super) async fn record(
    tx: &mut Tx,
    action: &'static str,
    user_id: &str,
    detail: Map<String, Value>,
    ip: Option<&str>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let person = format!("user:{user_id}");
    let event = AuditEvent {
        actor: &person,
        action,
        subject: Some(&person),
        detail: detail.into(),
        ip,
    };
    audit::record(tx, event, now).await
}
