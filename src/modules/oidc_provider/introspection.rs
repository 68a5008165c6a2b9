//! `/auth/oauth2/introspect`: what a token is, asked by the client it was given to or is for (RFC 7662).

use assay_reconciler::spec::oidc_client::ClientType;
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderValue, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    access_token::{self, Living},
    client_auth,
    error::{ErrorCode, OAuthError},
    presented,
    revocation::required_token,
};
use crate::{
    clock::UnixMillis,
    generation::Client,
    modules::{Context, jwt::AccessTokenClaims},
};

/// The endpoint.
pub(super) const INTROSPECTION_PATH: &str = "/auth/oauth2/introspect";

/// `POST /auth/oauth2/introspect`. A token of another client is as unknown as one that never was.
pub(super) async fn introspect(
    State(context): State<Context>,
    request: Request,
) -> Result<Response, OAuthError> {
    let (client, form) = client_auth::authenticated_form(&context, request).await?;
    // RFC 7662 2.1: whoever could be anybody could try tokens out.
    if client.spec.client_type == ClientType::Public {
        let what = "introspection needs a client that can authenticate";
        return Err(OAuthError::new(ErrorCode::InvalidClient, what));
    }
    if client.spec.introspection_signed_response_alg.is_some() {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "the client's manifest asks for introspectionSignedResponseAlg: signed introspection responses (RFC 9701) are not available yet",
        ));
    }
    let token = required_token(&form)?;
    let answer = describe(&context, &client, token, context.clock.now())
        .await?
        .unwrap_or_else(|| json!({ "active": false }));
    let headers = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((headers, Json(answer)).into_response())
}

async fn describe(
    context: &Context,
    client: &Client,
    token: &str,
    now: UnixMillis,
) -> Result<Option<Value>, OAuthError> {
    if let Some(living) = access_token::living(context, token, now).await? {
        return Ok(may_see(client, &living).then(|| of_access_token(living.claims)));
    }
    let Some(row) = presented::refresh_token(context, client, token, now).await? else {
        return Ok(None);
    };
    // One that was replaced gets nobody anything.
    if row.rotated_at.is_some() {
        return Ok(None);
    }
    let grant = presented::live_grant(context, client, &row.grant_id, now).await?;
    Ok(grant.map(|grant| {
        json!({
            "active": true,
            "iss": context.site.issuer,
            "sub": grant.user_id,
            "client_id": client.name,
            "iat": row.created_at.as_seconds(),
            "exp": row.expires_at.as_seconds(),
            "scope": row.scope,
        })
    }))
}

/// Whether the client may know of the token: it is its own, or it is for the client, as what it is called
/// or as the server of a resource. To everybody else it is as unknown as one that never was.
fn may_see(client: &Client, token: &Living) -> bool {
    let aud = &token.claims.aud;
    token.client.uid == client.uid
        || aud.contains(&client.name)
        || aud.contains_any(&client.spec.serves_resources)
}

/// The same for a JWT and for an opaque token.
fn of_access_token(claims: AccessTokenClaims) -> Value {
    let mut answer = json!({
        "active": true,
        "token_type": if claims.cnf.is_some() { "DPoP" } else { "Bearer" },
        "iss": claims.iss,
        "sub": claims.sub,
        "aud": claims.aud,
        "client_id": claims.client_id,
        "iat": claims.iat,
        "exp": claims.exp,
        "jti": claims.jti,
        "scope": claims.scope.unwrap_or_default(),
    });
    if let Some(bound) = claims.cnf {
        answer["cnf"] = json!(bound);
    }
    if let Some(actor) = claims.act {
        answer["act"] = actor;
    }
    answer
}
