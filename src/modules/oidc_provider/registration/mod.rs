//! Dynamic registration (RFC 7591, OpenID Connect Registration 1.0) and its management (RFC 7592).
//!
//! A registered client is an object like any other, on the same way and under the same rules as one
//! from a manifest; its owner is `registration`, and what it may be is the operator's to say, in
//! `clientRegistration` of the module's settings.

mod error;
mod expiry;
mod initial_access;
mod manage;
mod metadata;
mod policy;
mod record;
mod register;
mod sector;

use assay_reconciler::spec::oidc_client::ClientRegistration;
use axum::{
    Router,
    http::HeaderMap,
    middleware::from_fn,
    routing::{get, post},
};

use self::error::RegistrationError;
pub(super) use self::expiry::run as remove_expired;
pub use self::initial_access::{
    InitialAccess, InitialAccessListed, InitialAccessToken, MAX_LIFE as MAX_INITIAL_ACCESS_LIFE,
    NewInitialAccess,
};
use super::cors;
use crate::modules::{Context, authorization::Credentials};

/// Where clients register.
pub(super) const REGISTRATION_PATH: &str = "/auth/oauth2/register";
/// Where a client reads, changes and deletes its registration.
const CLIENT_PATH: &str = "/auth/oauth2/register/{client_id}";
/// Longest description of a client, in bytes: many redirect URIs, or a set of keys.
const MAX_METADATA: usize = 64 * 1024;

/// The endpoints, if the settings of this generation turn registration on.
pub(super) fn routes(context: &Context) -> Router {
    if settings(context).is_none() {
        return Router::new();
    }
    Router::new()
        .route(
            REGISTRATION_PATH,
            post(register::register).options(cors::preflight),
        )
        .route(
            CLIENT_PATH,
            get(manage::read)
                .put(manage::update)
                .delete(manage::delete)
                .options(cors::preflight),
        )
        .layer(from_fn(cors::allow_all))
        .with_state(context.clone())
}

/// What registered clients may be; `None` if no client may register.
fn settings(context: &Context) -> Option<&ClientRegistration> {
    let settings = context.snapshot.oidc_provider_settings();
    settings.client_registration.as_ref()
}

/// The bearer token of the request (RFC 6750 2.1), if it has one. Nowhere else: URLs are logged.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, RegistrationError> {
    match Credentials::of(headers) {
        Ok(None) => Ok(None),
        Ok(Some(credentials)) if credentials.is("bearer") => Ok(Some(credentials.shown)),
        Ok(Some(_)) | Err(_) => Err(RegistrationError::Token),
    }
}
