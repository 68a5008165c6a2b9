use std::time::Duration;

use assay_reconciler::spec::oidc_client::{ClientType, GrantType};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{
    super::{
        access_token::AccessToken,
        error::{ErrorCode, OAuthError},
        grant::{self, LiveGrant},
        holder::Holder,
        lifetimes::Lifetimes,
        scope::Scopes,
    },
    TokenRequest, response,
};
use crate::{
    clock::UnixMillis,
    crypto::{Hashed, Secret, token},
    generation::Client,
    modules::{
        Context,
        audit::{self, AuditEvent},
    },
    store::{StoreError, Tx, execute, fetch_optional},
};

/// How long a client that lost the answer may ask again with the old token, and gets the same new one.
const GRACE: Duration = Duration::from_secs(30);

/// What a sealed successor is bound to.
const SUCCESSOR_PURPOSE: &str = "oidc.refresh_token.successor";

/// The first refresh token of a grant; `None` if the client may have none.
pub(super) async fn first(
    asked: &TokenRequest<'_>,
    tx: &mut Tx,
    grant: &LiveGrant,
    now: UnixMillis,
) -> Result<Option<Secret<String>>, OAuthError> {
    let TokenRequest {
        context,
        client,
        holder,
        ..
    } = *asked;
    if !client.spec.grant_types.contains(&GrantType::RefreshToken) {
        return Ok(None);
    }
    // RFC 9449 5, RFC 8705 4: a client that cannot authenticate is known by what it holds alone.
    if client.spec.client_type == ClientType::Public && *holder != Holder::default() {
        grant::bind(tx, &grant.id, holder).await?;
    }
    let token = token::opaque("assay_rt_")?;
    let lifetimes = Lifetimes::of(&context.snapshot, client);
    execute!(
        tx,
        "INSERT INTO oidc_refresh_tokens (token_hash, grant_id, scope, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
        grant::hash_refresh_token(&context.keyring, token.expose()),
        &grant.id,
        &grant.scope,
        now,
        now + lifetimes.refresh_token,
    )?;
    Ok(Some(token))
}

/// `grant_type=refresh_token` (RFC 6749 6): the token is replaced at each use. At most one commit.
pub(super) async fn refresh(asked: &TokenRequest<'_>) -> Result<Response, OAuthError> {
    let TokenRequest {
        context,
        client,
        form,
        holder,
        ..
    } = *asked;
    let Some(presented) = form.get("refresh_token") else {
        let what = "the request has no refresh_token";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, what));
    };
    let now = context.clock.now();
    let hash = grant::hash_refresh_token(&context.keyring, presented);
    let successor = token::opaque("assay_rt_")?;
    let sealed = context
        .keyring
        .seal_bytes(SUCCESSOR_PURPOSE, successor.expose().as_bytes())?;

    let mut tx = context.store.begin().await?;
    let Some(grant_id) = rotate(&mut tx, &hash, &client.uid, &sealed, now).await? else {
        return again(asked, tx, &hash).await;
    };
    let grant = live(&mut tx, &grant_id, client, holder, now).await?;
    let scopes = scopes(&grant, client, form.get("scope"))?;
    let lifetimes = Lifetimes::of(&context.snapshot, client);
    let expires_at = now + lifetimes.refresh_token;
    execute!(
        &mut tx,
        "INSERT INTO oidc_refresh_tokens (token_hash, grant_id, scope, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
        grant::hash_refresh_token(&context.keyring, successor.expose()),
        &grant.id,
        &grant.scope,
        now,
        expires_at,
    )?;
    execute!(
        &mut tx,
        "UPDATE oidc_grants SET expires_at = $2 WHERE id = $1 AND expires_at < $2",
        &grant.id,
        expires_at + lifetimes.access_token,
    )?;
    let access_token = response::access_token(asked, &mut tx, &grant, &scopes).await?;
    tx.commit().await?;
    let tokens = response::of_grant(asked, &grant, &scopes, access_token, Some(successor))?;
    Ok(tokens.into_response())
}

/// Marks the token as replaced, if it is this client's, in use and fresh. Of two at once, one does it.
async fn rotate(
    tx: &mut Tx,
    hash: &Hashed,
    client_uid: &str,
    successor: &[u8],
    now: UnixMillis,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(
        tx,
        (String,),
        "UPDATE oidc_refresh_tokens
            SET rotated_at = $3, successor = $4
          WHERE token_hash = $1 AND rotated_at IS NULL AND expires_at > $3
            AND EXISTS (SELECT 1 FROM oidc_grants g
                         WHERE g.id = oidc_refresh_tokens.grant_id AND g.client_uid = $2)
      RETURNING grant_id",
        hash,
        client_uid,
        now,
        successor,
    )?;
    Ok(row.map(|(grant_id,)| grant_id))
}

#[derive(sqlx::FromRow)]
struct Replaced {
    grant_id: String,
    rotated_at: UnixMillis,
    successor: Option<Vec<u8>>,
}

/// A token that was replaced comes again. Within the grace, and as long as nobody has used its
/// successor, that is a lost answer: the same successor is given once more. Otherwise two parties have
/// the token, and the whole family ends (RFC 9700 4.14.2).
async fn again(
    asked: &TokenRequest<'_>,
    mut tx: Tx,
    hash: &Hashed,
) -> Result<Response, OAuthError> {
    let TokenRequest {
        context,
        client,
        form,
        holder,
        ..
    } = *asked;
    let now = context.clock.now();
    let replaced = fetch_optional!(
        &mut tx,
        Replaced,
        "SELECT r.grant_id, r.rotated_at, r.successor
           FROM oidc_refresh_tokens r
           JOIN oidc_grants g ON g.id = r.grant_id
          WHERE r.token_hash = $1 AND r.rotated_at IS NOT NULL AND g.client_uid = $2",
        hash,
        &client.uid,
    )?;
    let Some(replaced) = replaced else {
        tx.rollback().await?;
        return Err(OAuthError::invalid_grant(
            "the refresh token is unknown or expired",
        ));
    };
    let is_recent = now.since(replaced.rotated_at) <= GRACE;
    if is_recent
        && let Some(successor) = successor(context, &replaced)
        && is_unused(context, &mut tx, successor.expose(), now).await?
    {
        let grant = live(&mut tx, &replaced.grant_id, client, holder, now).await?;
        let scopes = scopes(&grant, client, form.get("scope"))?;
        let access_token = response::access_token(asked, &mut tx, &grant, &scopes).await?;
        match access_token {
            AccessToken::Jwt(_) => tx.rollback().await?,
            AccessToken::Opaque(_) => tx.commit().await?,
        }
        let tokens = response::of_grant(asked, &grant, &scopes, access_token, Some(successor))?;
        return Ok(tokens.into_response());
    }
    if grant::revoke(&mut tx, &replaced.grant_id, now).await? {
        let actor = format!("client:{}", client.name);
        let event = AuditEvent {
            actor: &actor,
            action: "oidc.refresh_token_reuse",
            subject: None,
            detail: json!({ "grant": replaced.grant_id }),
            ip: None,
        };
        audit::record(&mut tx, event, now).await?;
        tracing::warn!(client = client.name, "a refresh token was used twice");
    }
    tx.commit().await?;
    Err(OAuthError::invalid_grant(
        "the refresh token was used before",
    ))
}

fn successor(context: &Context, replaced: &Replaced) -> Option<Secret<String>> {
    let sealed = replaced.successor.as_deref()?;
    let opened = context.keyring.open_bytes(SUCCESSOR_PURPOSE, sealed).ok()?;
    String::from_utf8(opened.expose().clone())
        .ok()
        .map(Secret::new)
}

async fn is_unused(
    context: &Context,
    tx: &mut Tx,
    token: &str,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let row = fetch_optional!(
        tx,
        (String,),
        "SELECT grant_id FROM oidc_refresh_tokens
          WHERE token_hash = $1 AND rotated_at IS NULL AND expires_at > $2",
        grant::hash_refresh_token(&context.keyring, token),
        now,
    )?;
    Ok(row.is_some())
}

async fn live(
    tx: &mut Tx,
    grant_id: &str,
    client: &Client,
    holder: &Holder,
    now: UnixMillis,
) -> Result<LiveGrant, OAuthError> {
    let grant = grant::live_in(tx, grant_id, now).await?.ok_or_else(|| {
        OAuthError::invalid_grant("the grant was revoked or its session has ended")
    })?;
    if !grant.is_held_by(holder) {
        let what = "the refresh token is bound to a key that the request does not prove";
        return Err(OAuthError::invalid_grant(what));
    }
    if client.spec.require_second_factor && !grant.has_two_factors() {
        let what = "the client takes only people with two factors by now";
        return Err(OAuthError::invalid_grant(what));
    }
    Ok(grant)
}

/// What the new access token allows: what was granted and the client may still have, or the part of it
/// that was asked for.
fn scopes(grant: &LiveGrant, client: &Client, asked: Option<&str>) -> Result<Scopes, OAuthError> {
    let granted = Scopes::parse(&grant.scope).within(&client.spec.scopes);
    if granted.is_empty() {
        return Err(OAuthError::invalid_grant(
            "the client may no longer have any of the granted scopes",
        ));
    }
    let Some(asked) = asked else {
        return Ok(granted);
    };
    let asked = Scopes::parse(asked);
    // RFC 6749 6: never more than was granted.
    if asked.is_within(&granted) && !asked.is_empty() {
        Ok(asked)
    } else {
        let what = "scope goes beyond what was granted";
        Err(OAuthError::new(ErrorCode::InvalidScope, what))
    }
}
