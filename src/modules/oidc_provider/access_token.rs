//! Access tokens: JWTs (RFC 9068), which say everything themselves, or opaque ones, whose claims are a
//! row of `oidc_access_tokens`. Whoever is shown one need not know which it is.

use std::sync::Arc;

use assay_reconciler::spec::oidc_client::AccessTokenFormat;

use super::{
    error::OAuthError,
    grant::{self, LiveGrant},
    presented, signing,
};
use crate::{
    clock::UnixMillis,
    crypto::{Hashed, Keyring, Secret, token},
    generation::Client,
    modules::{
        Context,
        jwt::{self, AccessTokenClaims, verify_access_token},
    },
    store::{StoreError, Tx, execute, fetch_optional},
};

/// How an opaque token begins that speaks for a person. It has a grant.
const OF_PERSON: &str = "assay_at_";
/// How one begins that a client got for itself.
const OF_CLIENT: &str = "assay_ct_";

fn hash(keyring: &Keyring, token: &str) -> Hashed {
    keyring.token_hash("oidc.access_token", token)
}

fn is_opaque(token: &str) -> bool {
    token.starts_with(OF_PERSON) || token.starts_with(OF_CLIENT)
}

/// An access token on its way to its client.
pub(super) enum AccessToken {
    /// Not signed yet: that takes long, and nobody else should wait for it in a transaction.
    Jwt(Box<AccessTokenClaims>),
    /// Kept.
    Opaque(Secret<String>),
}

impl AccessToken {
    /// What the client gets.
    pub(super) fn finish(self, context: &Context, client: &Client) -> Result<String, OAuthError> {
        match self {
            Self::Jwt(claims) => {
                let algorithm = client.spec.id_token_signed_response_alg;
                let snapshot = &context.snapshot;
                Ok(signing::sign(
                    snapshot,
                    algorithm,
                    jwt::ACCESS_TOKEN,
                    &claims,
                )?)
            }
            Self::Opaque(token) => Ok(token.expose().clone()),
        }
    }
}

/// A token with these claims in the form that its client wants. An opaque one is kept in this
/// transaction, so that it costs no commit of its own.
pub(super) async fn make(
    tx: &mut Tx,
    context: &Context,
    client: &Client,
    claims: AccessTokenClaims,
) -> Result<AccessToken, OAuthError> {
    if client.spec.access_token_format == AccessTokenFormat::Jwt {
        return Ok(AccessToken::Jwt(Box::new(claims)));
    }
    let prefix = match claims.gid {
        Some(_) => OF_PERSON,
        None => OF_CLIENT,
    };
    let token = token::opaque(prefix)?;
    let claims = AccessTokenClaims {
        mapped: serde_json::Map::new(),
        ..claims
    };
    let text = serde_json::to_string(&claims).map_err(|error| OAuthError::internal(&error))?;
    execute!(
        tx,
        "INSERT INTO oidc_access_tokens (token_hash, client_uid, grant_id, claims, created_at,
                                         expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        hash(&context.keyring, token.expose()),
        &client.uid,
        claims.gid.as_deref(),
        text,
        context.clock.now(),
        UnixMillis::from_seconds(claims.exp),
    )?;
    Ok(AccessToken::Opaque(token))
}

/// A token of the client itself. Only an opaque one needs the database.
pub(super) async fn make_own(
    context: &Context,
    client: &Client,
    claims: AccessTokenClaims,
) -> Result<AccessToken, OAuthError> {
    if client.spec.access_token_format == AccessTokenFormat::Jwt {
        return Ok(AccessToken::Jwt(Box::new(claims)));
    }
    let mut tx = context.store.begin().await?;
    let token = make(&mut tx, context, client, claims).await?;
    tx.commit().await?;
    Ok(token)
}

/// A token that was shown, with all that it rests on alive.
pub(super) struct Living {
    pub(super) claims: AccessTokenClaims,
    /// Whom it was given to.
    pub(super) client: Arc<Client>,
    /// Where it came from; `None` for a token of the client itself.
    pub(super) grant: Option<LiveGrant>,
}

/// The token, if it is one of ours and everything lives that it rests on: its client, the grant and its
/// person, and for one that was exchanged also the client of the grant and the grants of those who act.
pub(super) async fn living(
    context: &Context,
    token: &str,
    now: UnixMillis,
) -> Result<Option<Living>, StoreError> {
    let found = if token.starts_with(OF_PERSON) {
        kept_of_person(context, token, now).await?
    } else if token.starts_with(OF_CLIENT) {
        kept_of_client(context, token, now).await?
    } else {
        signed(context, token, now).await?
    };
    let Some(found) = found else {
        return Ok(None);
    };
    if let Some(exchange) = &found.claims.exchange {
        for actor in &exchange.actor_gids {
            if presented::living(context, actor, now).await?.is_none() {
                return Ok(None);
            }
        }
    }
    let has_its_client = |grant: &LiveGrant| presented::client_of(context, grant).is_some();
    Ok(found
        .grant
        .as_ref()
        .is_none_or(has_its_client)
        .then_some(found))
}

async fn signed(
    context: &Context,
    token: &str,
    now: UnixMillis,
) -> Result<Option<Living>, StoreError> {
    let keys = context.snapshot.signing_keys();
    let Ok(claims) = verify_access_token(keys, &context.site.issuer, token, now) else {
        return Ok(None);
    };
    let Some(grant_id) = &claims.gid else {
        let client = context.snapshot.client(&claims.client_id);
        return Ok(client
            .filter(|client| presented::works(client))
            .map(|client| Living {
                client: Arc::clone(client),
                claims,
                grant: None,
            }));
    };
    let Some(grant) = grant::live(&context.store, grant_id, now).await? else {
        return Ok(None);
    };
    let holder = claims.exchange.as_ref().map(|exchange| &exchange.by);
    let holder = holder.unwrap_or(&grant.client_uid);
    Ok(presented::working_client(context, holder)
        .cloned()
        .map(|client| Living {
            claims,
            client,
            grant: Some(grant),
        }))
}

#[derive(sqlx::FromRow)]
struct OfPerson {
    token_claims: String,
    holder_uid: String,
    #[sqlx(flatten)]
    grant: LiveGrant,
}

async fn kept_of_person(
    context: &Context,
    token: &str,
    now: UnixMillis,
) -> Result<Option<Living>, StoreError> {
    let row = fetch_optional!(
        &context.store,
        OfPerson,
        grant::live_grant!(
            "a.claims AS token_claims, a.client_uid AS holder_uid, ",
            "JOIN oidc_access_tokens a ON a.grant_id = g.id",
            "a.token_hash = $1 AND a.expires_at > $2"
        ),
        hash(&context.keyring, token),
        now,
    )?;
    Ok(row.and_then(|row| {
        Some(Living {
            claims: claims(context, &row.token_claims)?,
            client: presented::working_client(context, &row.holder_uid)?.clone(),
            grant: Some(row.grant),
        })
    }))
}

async fn kept_of_client(
    context: &Context,
    token: &str,
    now: UnixMillis,
) -> Result<Option<Living>, StoreError> {
    let row = fetch_optional!(
        &context.store,
        (String, String),
        "SELECT claims, client_uid FROM oidc_access_tokens
          WHERE token_hash = $1 AND expires_at > $2 AND grant_id IS NULL",
        hash(&context.keyring, token),
        now,
    )?;
    Ok(row.and_then(|(text, uid)| {
        Some(Living {
            claims: claims(context, &text)?,
            client: presented::working_client(context, &uid)?.clone(),
            grant: None,
        })
    }))
}

/// Those of another issuer were given before this one had its name.
fn claims(context: &Context, text: &str) -> Option<AccessTokenClaims> {
    let claims: AccessTokenClaims = serde_json::from_str(text).ok()?;
    (claims.iss == context.site.issuer).then_some(claims)
}

/// A token that its own client shows to be rid of it. What it rests on may have ended.
pub(super) enum Own {
    Jwt(Box<AccessTokenClaims>),
    Opaque(Box<AccessTokenClaims>),
}

/// The token, if it was given to this client and has not expired.
pub(super) async fn of_client(
    context: &Context,
    client: &Client,
    token: &str,
    now: UnixMillis,
) -> Result<Option<Own>, StoreError> {
    if is_opaque(token) {
        let row = fetch_optional!(
            &context.store,
            (String,),
            "SELECT claims FROM oidc_access_tokens
              WHERE token_hash = $1 AND client_uid = $2 AND expires_at > $3",
            hash(&context.keyring, token),
            &client.uid,
            now,
        )?;
        let own = row.and_then(|(text,)| claims(context, &text));
        return Ok(own.map(|claims| Own::Opaque(Box::new(claims))));
    }
    let keys = context.snapshot.signing_keys();
    let claims = verify_access_token(keys, &context.site.issuer, token, now).ok();
    let is_its_own = |claims: &AccessTokenClaims| match &claims.exchange {
        None => claims.client_id == client.name,
        Some(exchange) => exchange.by == client.uid,
    };
    Ok(claims
        .filter(is_its_own)
        .map(|claims| Own::Jwt(Box::new(claims))))
}

/// Ends an opaque token, and nothing else.
pub(super) async fn forget(tx: &mut Tx, context: &Context, token: &str) -> Result<(), StoreError> {
    execute!(
        tx,
        "DELETE FROM oidc_access_tokens WHERE token_hash = $1",
        hash(&context.keyring, token),
    )
    .map(drop)
}
