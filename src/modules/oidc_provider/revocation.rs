//! `/auth/oauth2/revoke`: a client gives a token back (RFC 7009).

use axum::{
    extract::{Request, State},
    http::StatusCode,
};

use super::{
    access_token::{self, Own},
    client_auth,
    error::{ErrorCode, OAuthError},
    grant, presented,
};
use crate::modules::{Context, jwt::AccessTokenClaims, parameters::Parameters};

/// The endpoint.
pub(super) const REVOCATION_PATH: &str = "/auth/oauth2/revoke";

/// `POST /auth/oauth2/revoke`. A refresh token and an access token of a person each end the grant they
/// came from, and with it every other token of it (RFC 7009 2.1). An opaque token of the client itself,
/// or one that it got by an exchange, ends alone. What is not, or no longer, a token of this client is
/// answered alike.
pub(super) async fn revoke(
    State(context): State<Context>,
    request: Request,
) -> Result<StatusCode, OAuthError> {
    let (client, form) = client_auth::authenticated_form(&context, request).await?;
    let token = required_token(&form)?;
    let now = context.clock.now();
    let own = access_token::of_client(&context, &client, token, now).await?;
    let ends = match own {
        Some(Own::Jwt(claims)) => signed(*claims)?,
        Some(Own::Opaque(claims)) => match (claims.gid, claims.exchange) {
            (Some(grant_id), None) => Ends::Grant(grant_id),
            // The grant is not this client's to end.
            (Some(_), Some(_)) | (None, _) => Ends::Token,
        },
        None => match presented::refresh_token(&context, &client, token, now).await? {
            Some(row) => Ends::Grant(row.grant_id),
            None => return Ok(StatusCode::OK),
        },
    };
    let mut tx = context.store.begin().await?;
    match ends {
        Ends::Grant(grant_id) => drop(grant::revoke(&mut tx, &grant_id, now).await?),
        Ends::Token => access_token::forget(&mut tx, &context, token).await?,
    }
    tx.commit().await?;
    Ok(StatusCode::OK)
}

/// What ends with a token.
enum Ends {
    /// The grant it came from, and all that came from it.
    Grant(String),
    /// The token alone.
    Token,
}

fn signed(claims: AccessTokenClaims) -> Result<Ends, OAuthError> {
    let refused = |what: &'static str| Err(OAuthError::new(ErrorCode::UnsupportedTokenType, what));
    match claims.gid {
        // The grant is not this client's to end.
        Some(_) if claims.exchange.is_some() => refused(
            "an exchanged JWT cannot be revoked; it ends with the grant of the token it was given for",
        ),
        Some(grant_id) => Ok(Ends::Grant(grant_id)),
        // RFC 7009 2.2.1: to say that it was revoked would be a lie.
        None => refused("a JWT that a client got for itself cannot be revoked; it expires soon"),
    }
}

/// The parameter that both endpoints need.
pub(super) fn required_token(form: &Parameters) -> Result<&str, OAuthError> {
    form.get("token")
        .ok_or_else(|| OAuthError::new(ErrorCode::InvalidRequest, "the request has no token"))
}
