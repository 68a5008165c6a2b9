//! `/auth/token`: a client gets tokens (RFC 6749 3.2).

mod authorization_code;
mod client_credentials;
mod device_code;
mod refresh_token;
mod response;
mod token_exchange;

use assay_reconciler::spec::oidc_client::GrantType;
use axum::{
    extract::{Request, State},
    response::Response,
};

use super::{
    client_auth,
    error::{ErrorCode, OAuthError},
    supported,
};
use crate::modules::Context;

/// The endpoint.
pub(super) const TOKEN_PATH: &str = "/auth/token";

/// `POST /auth/token`
pub(super) async fn token(
    State(context): State<Context>,
    request: Request,
) -> Result<Response, OAuthError> {
    let (client, form) = client_auth::authenticated_form(&context, request).await?;
    let grant_type = grant_type(form.get("grant_type"))?;
    if !client.spec.grant_types.contains(&grant_type) {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            format!("this client may not use {}", grant_type.name()),
        ));
    }
    if let Some(missing) = supported::missing_for(&client.spec) {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            format!("the client's manifest asks for {missing}"),
        ));
    }
    if form.get("resource").is_some() && grant_type != GrantType::TokenExchange {
        return Err(OAuthError::new(
            ErrorCode::InvalidTarget,
            "resource indicators (RFC 8707) are not available yet",
        ));
    }
    match grant_type {
        GrantType::AuthorizationCode => authorization_code::redeem(&context, &client, &form).await,
        GrantType::RefreshToken => refresh_token::refresh(&context, &client, &form).await,
        GrantType::ClientCredentials => client_credentials::issue(&context, &client, &form),
        GrantType::DeviceCode => device_code::redeem(&context, &client, &form).await,
        GrantType::TokenExchange => token_exchange::exchange(&context, &client, &form).await,
        GrantType::Implicit => Err(unsupported()),
    }
}

fn grant_type(text: Option<&str>) -> Result<GrantType, OAuthError> {
    let Some(text) = text else {
        let what = "the request has no grant_type";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, what));
    };
    supported::GRANT_TYPES
        .into_iter()
        .find(|known| known.name() == text)
        .ok_or_else(unsupported)
}

fn unsupported() -> OAuthError {
    OAuthError::new(
        ErrorCode::UnsupportedGrantType,
        "grant_type is none of grant_types_supported in the discovery document",
    )
}
