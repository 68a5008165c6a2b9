//! `/auth/token`: a client gets tokens (RFC 6749 3.2).

mod authorization_code;
mod client_credentials;
mod device_code;
pub(super) mod front_channel;
pub(super) mod hooks;
mod refresh_token;
mod response;
mod token_exchange;

use assay_reconciler::spec::{oidc_client::GrantType, webhook::WebhookEvent};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method},
    response::{IntoResponse, Response},
};

use super::{
    client_auth, dpop,
    error::{ErrorCode, OAuthError},
    holder::Holder,
    supported,
};
use crate::{
    generation::Client,
    modules::{ClientCertificate, Context, hooks as webhooks, parameters::Parameters},
};

/// The endpoint.
pub(super) const TOKEN_PATH: &str = "/auth/token";

/// A request whose client has authenticated.
#[derive(Clone, Copy)]
struct TokenRequest<'a> {
    context: &'a Context,
    client: &'a Client,
    form: &'a Parameters,
    /// What the request proves to hold, and the tokens are bound to.
    holder: &'a Holder,
    /// The grant that webhooks were asked about, if any wants to be asked.
    asked_about: Option<&'a str>,
}

/// `POST /auth/token`
pub(super) async fn token(State(context): State<Context>, request: Request) -> Response {
    let headers = request.headers().clone();
    let response = answer(&context, &headers, request)
        .await
        .unwrap_or_else(IntoResponse::into_response);
    dpop::with_nonce(&context, &headers, response)
}

async fn answer(
    context: &Context,
    headers: &HeaderMap,
    request: Request,
) -> Result<Response, OAuthError> {
    let certificate = request.extensions().get::<ClientCertificate>().cloned();
    let (client, form) = client_auth::authenticated_form(context, request).await?;
    let grant_type = grant_type(form.get("grant_type"))?;
    if !client.spec.grant_types.contains(&grant_type) {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            format!("this client may not use {}", grant_type.name()),
        ));
    }
    let key = dpop::proven(context, headers, &Method::POST, TOKEN_PATH, None).await?;
    if key.is_none() && client.spec.dpop_bound_access_tokens {
        return Err(OAuthError::new(
            ErrorCode::InvalidDpopProof,
            "this client's tokens are bound to its key: the request needs a DPoP proof",
        ));
    }
    let certificate = certificate
        .filter(|_| client.spec.tls_client_certificate_bound_access_tokens)
        .map(|shown| shown.certificate.thumbprint());
    if certificate.is_none() && client.spec.tls_client_certificate_bound_access_tokens {
        return Err(OAuthError::new(
            ErrorCode::InvalidRequest,
            "this client's tokens are bound to its certificate, and the request comes with none",
        ));
    }
    let holder = Holder { key, certificate };
    let asked_about = hooks::ask(context, &client, grant_type, &form).await?;
    let asked = TokenRequest {
        context,
        client: &client,
        form: &form,
        holder: &holder,
        asked_about: asked_about.as_deref(),
    };
    let response = match grant_type {
        GrantType::AuthorizationCode => authorization_code::redeem(&asked).await,
        GrantType::RefreshToken => refresh_token::refresh(&asked).await,
        GrantType::ClientCredentials => client_credentials::issue(&asked).await,
        GrantType::DeviceCode => device_code::redeem(&asked).await,
        GrantType::TokenExchange => token_exchange::exchange(&asked).await,
        GrantType::Implicit => Err(unsupported()),
    };
    webhooks::committed(context, WebhookEvent::AfterToken);
    response
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
