//! `/auth/oauth2/revoke`: a client gives a token back (RFC 7009).

use axum::{
    extract::{Request, State},
    http::StatusCode,
};

use super::{
    client_auth,
    error::{ErrorCode, OAuthError},
    grant,
    presented::{self, Presented},
};
use crate::modules::{Context, parameters::Parameters};

/// The endpoint.
pub(super) const REVOCATION_PATH: &str = "/auth/oauth2/revoke";

/// `POST /auth/oauth2/revoke`. A refresh token and an access token of a person each end the grant they
/// came from, and with it every other token of it (RFC 7009 2.1). What is not, or no longer, a token
/// of this client is answered alike.
pub(super) async fn revoke(
    State(context): State<Context>,
    request: Request,
) -> Result<StatusCode, OAuthError> {
    let (client, form) = client_auth::authenticated_form(&context, request).await?;
    let token = required_token(&form)?;
    let now = context.clock.now();
    let grant_id = match presented::find(&context, &client, token, now).await? {
        None => return Ok(StatusCode::OK),
        Some(Presented::Refresh(row)) => row.grant_id,
        Some(Presented::Access(claims)) => match claims.gid {
            // The grant is not this client's to end.
            Some(_) if claims.exchange.is_some() => {
                return Err(OAuthError::new(
                    ErrorCode::UnsupportedTokenType,
                    "an exchanged token cannot be revoked; it ends with the grant of the token it was given for",
                ));
            }
            Some(grant_id) => grant_id,
            // RFC 7009 2.2.1: to say that it was revoked would be a lie.
            None => {
                return Err(OAuthError::new(
                    ErrorCode::UnsupportedTokenType,
                    "a token that a client got for itself cannot be revoked; it expires soon",
                ));
            }
        },
    };
    let mut tx = context.store.begin().await?;
    grant::revoke(&mut tx, &grant_id, now).await?;
    tx.commit().await?;
    Ok(StatusCode::OK)
}

/// The parameter that both endpoints need.
pub(super) fn required_token(form: &Parameters) -> Result<&str, OAuthError> {
    form.get("token")
        .ok_or_else(|| OAuthError::new(ErrorCode::InvalidRequest, "the request has no token"))
}
