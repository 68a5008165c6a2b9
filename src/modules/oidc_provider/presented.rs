//! Whose a token is that a client shows us, and whether it lives: for revocation and introspection.

use std::sync::Arc;

use super::{
    grant::{self, LiveGrant},
    supported,
};
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
    if let Ok(claims) = verify_access_token(keys, issuer, None, token, now) {
        let is_its_own = match &claims.exchange {
            None => claims.client_id == client.name,
            Some(exchange) => exchange.by == client.uid,
        };
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

/// The client of the grant, if it may still have what it was granted.
pub(super) fn client_of<'a>(context: &'a Context, grant: &LiveGrant) -> Option<&'a Arc<Client>> {
    working_client(context, &grant.client_uid)
}

fn working_client<'a>(context: &'a Context, uid: &str) -> Option<&'a Arc<Client>> {
    context
        .snapshot
        .client_by_uid(uid)
        .filter(|client| client.spec.enabled && supported::missing_for(&client.spec).is_none())
}

/// The grant that an access token came from, if everything lives that the token rests on: the grant and
/// its client, and for a token that was exchanged also the client that asked for it and the grant of
/// the person who acts. `None` for a token of the client itself.
pub(super) async fn grant_of(
    context: &Context,
    claims: &AccessTokenClaims,
    now: UnixMillis,
) -> Result<Option<LiveGrant>, StoreError> {
    let Some(grant_id) = &claims.gid else {
        return Ok(None);
    };
    if let Some(exchange) = &claims.exchange {
        if working_client(context, &exchange.by).is_none() {
            return Ok(None);
        }
        for actor in &exchange.actor_gids {
            if living(context, actor, now).await?.is_none() {
                return Ok(None);
            }
        }
    }
    living(context, grant_id, now).await
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
