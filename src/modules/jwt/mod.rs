//! Module `jwt`: signed tokens and the keys to check them with.
//!
//! Keys sign by themselves ([`SigningKey::sign_jwt`]); here are the kinds of token, the check of our
//! own access tokens, and the public keys at `/.well-known/jwks.json`.
//!
//! [`SigningKey::sign_jwt`]: crate::crypto::SigningKey::sign_jwt

mod access_token;
mod jwks;
mod rotation;

use axum::{Router, http::HeaderMap, routing::get};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub use self::access_token::{
    AccessTokenClaims, Audience, Confirmation, Exchange, verify_access_token,
};
use super::Context;

/// Where the public keys are.
pub const JWKS_PATH: &str = "/.well-known/jwks.json";

/// `typ` of a JWT access token (RFC 9068 2.1).
pub const ACCESS_TOKEN: &str = "at+jwt";
/// `typ` of an ID token.
pub const ID_TOKEN: &str = "JWT";
/// `typ` of a signed authorization response. JARM gives it none of its own; without a `sub` it is no ID
/// token.
pub const AUTHORIZATION_RESPONSE: &str = "JWT";
/// `typ` of a signed userinfo response, for which OpenID Connect has none of its own. It never expires,
/// and so is no ID token.
pub const USERINFO: &str = "JWT";
/// `typ` of a signed introspection response (RFC 9701 5).
pub const TOKEN_INTROSPECTION: &str = "token-introspection+jwt";
/// `typ` of a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.4).
pub const LOGOUT_TOKEN: &str = "logout+jwt";

/// The module's routes.
pub fn routes(context: &Context) -> Router {
    let jwks = jwks::prepare(context);
    Router::new().route(
        JWKS_PATH,
        get(async move |headers: HeaderMap| jwks.respond(&headers)),
    )
}

/// The module's background work.
pub fn tasks(context: &Context, stop: CancellationToken) -> Vec<BoxFuture<'static, ()>> {
    vec![Box::pin(rotation::run(context.engine.clone(), stop))]
}
