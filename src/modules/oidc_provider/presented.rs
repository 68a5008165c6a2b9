//! Whose a token is that a client shows us, and whether it lives: for revocation and introspection.

use super::grant::{self, LiveGrant};
use crate::{
    clock::UnixMillis,
    generation::Client,
    modules::{
        Context,
        jwt::{AccessTokenClaims, verify_access_token},
    },
    store::{StoreError, fetch_optional},
};

/// A token of this client.
pub(super) enum Presented {
    /// An access token that is signed, fresh and ours. Its grant may have ended.
    Access(Box<AccessTokenClaims>),
    /// A refresh token. It may have been replaced, and its grant may have ended.
    Refresh(RefreshToken),
}

/// A row of `oidc_refresh_tokens`.
#[derive(sqlx::FromRow)]
pub(super) struct RefreshToken {
    pub(super) grant_id: String,
    pub(super) scope: String,
    pub(super) created_at: UnixMillis,
    pub(super) expires_at: UnixMillis,
    pub(super) rotated_at: Option<UnixMillis>,
}

/// Finds the token; `None` if it is none of ours, has expired, or is another client's. The caller
/// cannot tell which, so nobody learns anything about tokens of others.
pub(super) async fn find(
    context: &Context,
    client: &Client,
    token: &str,
    now: UnixMillis,
) -> Result<Option<Presented>, StoreError> {
    let issuer = &context.site.issuer;
    let keys = context.snapshot.signing_keys();
    if let Ok(claims) = verify_access_token(keys, issuer, issuer, token, now) {
        let is_its_own = claims.client_id == client.name;
        return Ok(is_its_own.then(|| Presented::Access(Box::new(claims))));
    }
    let row = fetch_optional!(
        &context.store,
        RefreshToken,
        "SELECT r.grant_id, r.scope, r.created_at, r.expires_at, r.rotated_at
           FROM oidc_refresh_tokens r
           JOIN oidc_grants g ON g.id = r.grant_id
          WHERE r.token_hash = $1 AND r.expires_at > $3 AND g.client_uid = $2",
        grant::hash_refresh_token(&context.keyring, token),
        &client.uid,
        now,
    )?;
    Ok(row.map(Presented::Refresh))
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
