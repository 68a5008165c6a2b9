//! Whose a token is that a client shows us, and whether it lives: for revocation and introspection.

use std::sync::Arc;

use super::grant::{self, LiveGrant};
use crate::{
    clock::UnixMillis,
    generation::Client,
    modules::Context,
    store::{StoreError, fetch_optional},
};

/// A row of `oidc_refresh_tokens`. It may have been replaced, and its grant may have ended.
#[derive(sqlx::FromRow)]
pub(super) struct RefreshToken {
    pub(super) grant_id: String,
    pub(super) scope: String,
    pub(super) created_at: UnixMillis,
    pub(super) expires_at: UnixMillis,
    pub(super) rotated_at: Option<UnixMillis>,
}

/// Finds the refresh token; `None` if it is none of ours, has expired, or is another client's. The
/// caller cannot tell which, so nobody learns anything about tokens of others.
pub(super) async fn refresh_token(
    context: &Context,
    client: &Client,
    token: &str,
    now: UnixMillis,
) -> Result<Option<RefreshToken>, StoreError> {
    fetch_optional!(
        &context.store,
        RefreshToken,
        "SELECT r.grant_id, r.scope, r.created_at, r.expires_at, r.rotated_at
           FROM oidc_refresh_tokens r
           JOIN oidc_grants g ON g.id = r.grant_id
          WHERE r.token_hash = $1 AND r.expires_at > $3 AND g.client_uid = $2",
        grant::hash_refresh_token(&context.keyring, token),
        &client.uid,
        now,
    )
}

/// The grant, if it lives and is this client's.
pub(super) async fn live_grant(
    context: &Context,
    client: &Client,
    grant_id: &str,
    now: UnixMillis,
) -> Result<Option<LiveGrant>, StoreError> {
    let grant = grant::live(&context.store, grant_id, now).await?;
    Ok(grant.filter(|grant| grant.client_uid == client.uid))
}

/// The client of the grant, if it may still have what it was granted.
pub(super) fn client_of<'a>(context: &'a Context, grant: &LiveGrant) -> Option<&'a Arc<Client>> {
    working_client(context, &grant.client_uid)
}

/// The client that rows name so, if it works.
pub(super) fn working_client<'a>(context: &'a Context, uid: &str) -> Option<&'a Arc<Client>> {
    let client = context.snapshot.client_by_uid(uid);
    client.filter(|client| works(client))
}

/// Whether the client may have anything in this generation.
pub(super) fn works(client: &Client) -> bool {
    client.spec.enabled
}

/// The grant, if it and its client live.
pub(super) async fn living(
    context: &Context,
    grant_id: &str,
    now: UnixMillis,
) -> Result<Option<LiveGrant>, StoreError> {
    let grant = grant::live(&context.store, grant_id, now).await?;
    Ok(grant.filter(|grant| client_of(context, grant).is_some()))
}
