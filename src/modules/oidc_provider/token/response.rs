use axum::{
    Json,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, PRAGMA},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::super::{
    access_token::{self, AccessToken},
    claims,
    error::OAuthError,
    grant::LiveGrant,
    id_token::{self, Beside},
    lifetimes::Lifetimes,
    resource::{self, Resources},
    scope::Scopes,
    subject,
};
use super::TokenRequest;
use crate::{
    crypto::{Secret, token},
    modules::jwt::{AccessTokenClaims, Audience, Confirmation, Exchange},
    store::Tx,
};

/// A token response (RFC 6749 5.1, OpenID Connect Core 3.1.3.3).
#[derive(Serialize)]
pub(super) struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    /// RFC 8693 2.2.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
}

impl IntoResponse for TokenResponse {
    fn into_response(self) -> Response {
        let headers = [
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (PRAGMA, HeaderValue::from_static("no-cache")),
        ];
        (headers, Json(self)).into_response()
    }
}

/// A biscuit for another token. It is no access token, so nobody sends it as one (RFC 8693 2.2.1).
pub(super) fn of_biscuit(token: String, expires_in: u64, scopes: &Scopes) -> TokenResponse {
    TokenResponse {
        access_token: token,
        token_type: "N_A",
        expires_in,
        refresh_token: None,
        id_token: None,
        scope: scopes.to_string(),
        issued_token_type: Some("urn:assay:token-type:biscuit"),
    }
}

impl TokenRequest<'_> {
    /// What the access token is bound to.
    fn confirmation(&self) -> Option<Confirmation> {
        self.holder.confirmation()
    }

    fn token_type(&self) -> &'static str {
        if self.holder.key.is_some() {
            "DPoP"
        } else {
            "Bearer"
        }
    }
}

/// The access token of a grant. An opaque one is kept in this transaction.
pub(super) async fn access_token(
    asked: &TokenRequest<'_>,
    tx: &mut Tx,
    grant: &LiveGrant,
    scopes: &Scopes,
) -> Result<AccessToken, OAuthError> {
    let TokenRequest {
        context,
        client,
        form,
        ..
    } = *asked;
    let issuer = &context.site.issuer;
    let now = context.clock.now();
    let lifetime = Lifetimes::of(&context.snapshot, client).access_token;
    let claims = AccessTokenClaims {
        iss: issuer.clone(),
        sub: subject::of(&context.keyring, client, &grant.user_id),
        aud: resource::narrowed(client, grant.resource.as_deref(), form, issuer)?,
        client_id: client.name.clone(),
        iat: now.as_seconds(),
        exp: (now + lifetime).as_seconds(),
        jti: token::identifier()?,
        scope: Some(scopes.to_string()),
        auth_time: Some(grant.authenticated_at.as_seconds()),
        acr: grant.acr.clone(),
        gid: Some(grant.id.clone()),
        act: None,
        exchange: None,
        cnf: asked.confirmation(),
        mapped: claims::in_access_token(context, grant, scopes)?,
    };
    asked.require_asked(grant)?;
    asked
        .tell(tx, Some(&grant.user_id), &scopes.to_string(), now)
        .await?;
    access_token::make(tx, context, client, claims).await
}

/// Tokens of a grant. All that is kept of them has been committed.
pub(super) fn of_grant(
    asked: &TokenRequest<'_>,
    grant: &LiveGrant,
    scopes: &Scopes,
    access_token: AccessToken,
    refresh_token: Option<Secret<String>>,
) -> Result<TokenResponse, OAuthError> {
    let TokenRequest {
        context, client, ..
    } = *asked;
    let lifetimes = Lifetimes::of(&context.snapshot, client);
    let access_token = access_token.finish(context, client)?;
    let id_token = if scopes.contains("openid") {
        let beside = Beside {
            access_token: Some(&access_token),
            ..Beside::default()
        };
        Some(id_token::make(context, client, grant, scopes, beside)?)
    } else {
        None
    };
    Ok(TokenResponse {
        access_token,
        token_type: asked.token_type(),
        expires_in: lifetimes.access_token.as_secs(),
        refresh_token: refresh_token.map(|token| token.expose().clone()),
        id_token,
        scope: scopes.to_string(),
        issued_token_type: None,
    })
}

/// A token of the client itself. A JWT needs nothing but the snapshot.
pub(super) async fn of_client(
    asked: &TokenRequest<'_>,
    scopes: &Scopes,
    resources: Resources,
) -> Result<TokenResponse, OAuthError> {
    let TokenRequest {
        context, client, ..
    } = *asked;
    let lifetimes = Lifetimes::of(&context.snapshot, client);
    let now = context.clock.now();
    let scope = scopes.to_string();
    let claims = AccessTokenClaims {
        iss: context.site.issuer.clone(),
        sub: client.name.clone(),
        aud: resources.audience(&context.site.issuer),
        client_id: client.name.clone(),
        iat: now.as_seconds(),
        exp: (now + lifetimes.access_token).as_seconds(),
        jti: token::identifier()?,
        scope: (!scope.is_empty()).then(|| scope.clone()),
        auth_time: None,
        acr: None,
        gid: None,
        act: None,
        exchange: None,
        cnf: asked.confirmation(),
        // They are about people.
        mapped: Map::new(),
    };
    let access_token = access_token::make_own(context, client, claims).await?;
    asked.tell_alone(&scope).await?;
    Ok(TokenResponse {
        access_token: access_token.finish(context, client)?,
        token_type: asked.token_type(),
        expires_in: lifetimes.access_token.as_secs(),
        refresh_token: None,
        id_token: None,
        scope,
        issued_token_type: None,
    })
}

/// A token given for another one.
pub(super) struct Exchanged<'a> {
    pub(super) grant: &'a LiveGrant,
    pub(super) audience: Audience,
    pub(super) scopes: &'a Scopes,
    pub(super) act: Option<Value>,
    pub(super) actor_gids: Vec<String>,
    /// Seconds since 1970: when the first of the tokens ends that were shown.
    pub(super) ends_at: i64,
}

/// The claims of a token that is given for another one. It rests on the grant of that one.
pub(super) fn exchanged_claims(
    asked: &TokenRequest<'_>,
    exchanged: Exchanged<'_>,
) -> Result<AccessTokenClaims, OAuthError> {
    let TokenRequest {
        context, client, ..
    } = *asked;
    let now = context.clock.now();
    let lifetime = Lifetimes::of(&context.snapshot, client).access_token;
    let scope = exchanged.scopes.to_string();
    Ok(AccessTokenClaims {
        iss: context.site.issuer.clone(),
        // To the client that asks, whatever the one calls them whose token was shown.
        sub: subject::of(&context.keyring, client, &exchanged.grant.user_id),
        aud: exchanged.audience,
        client_id: client.name.clone(),
        iat: now.as_seconds(),
        exp: exchanged.ends_at.min((now + lifetime).as_seconds()),
        jti: token::identifier()?,
        scope: (!scope.is_empty()).then_some(scope),
        auth_time: Some(exchanged.grant.authenticated_at.as_seconds()),
        acr: exchanged.grant.acr.clone(),
        gid: Some(exchanged.grant.id.clone()),
        act: exchanged.act,
        exchange: Some(Exchange {
            by: client.uid.clone(),
            actor_gids: exchanged.actor_gids,
        }),
        cnf: asked.confirmation(),
        mapped: claims::in_access_token(context, exchanged.grant, exchanged.scopes)?,
    })
}

/// The answer to an exchange (RFC 8693 2.2).
pub(super) fn of_exchange(
    asked: &TokenRequest<'_>,
    access_token: AccessToken,
    scopes: &Scopes,
    expires_at: i64,
) -> Result<TokenResponse, OAuthError> {
    let TokenRequest {
        context, client, ..
    } = *asked;
    let lifetime = expires_at - context.clock.now().as_seconds();
    Ok(TokenResponse {
        access_token: access_token.finish(context, client)?,
        token_type: asked.token_type(),
        expires_in: u64::try_from(lifetime).unwrap_or_default(),
        refresh_token: None,
        id_token: None,
        scope: scopes.to_string(),
        issued_token_type: Some(super::token_exchange::ACCESS_TOKEN_TYPE),
    })
}
