//! Module `oidc_provider`: assay as an OpenID Provider. Authorization code with PKCE, consent, tokens,
//! userinfo, discovery.
//!
//! A request on its way through sign-in and consent lives in a sealed parameter ([`flow`]), not in a
//! table. What was granted is a row of `oidc_grants`; revoking it ends everything that came from it.

mod access;
mod access_token;
mod account_choice;
mod asking;
mod authorize;
mod bearer;
mod claims;
mod claims_request;
mod client_auth;
mod client_keys;
mod consent;
mod cors;
mod device;
mod discovery;
mod dpop;
mod error;
mod flow;
mod grant;
mod holder;
mod id_token;
mod introspection;
mod lifetimes;
mod logout;
mod pkce;
mod presented;
mod pushed;
mod reap;
mod redirect_uri;
mod registration;
mod resource;
mod revocation;
mod scope;
mod sealed;
mod seen;
mod session_registry;
mod signing;
mod subject;
mod supported;
mod token;
mod userinfo;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub use self::{
    access::{ClientAccess, Withdrawal, access_of, withdraw_access},
    asking::{AskingClient, asking_client, going_on_here},
    bearer::{Bearer, bearer},
    logout::{
        FrontChannelPage, LogoutNotice, LogoutNotices, LogoutNoticesListed, NoticeState,
        list as list_logout_notices, session_ended,
    },
    registration::{
        InitialAccess, InitialAccessListed, InitialAccessToken, MAX_INITIAL_ACCESS_LIFE,
        NewInitialAccess,
    },
};
use super::Context;

/// Where discovery is, under the origin and under the issuer.
const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";
/// Where clients that know nothing of OpenID look (RFC 8414 3): the issuer's path comes after it.
const METADATA_PATH: &str = "/.well-known/oauth-authorization-server";

/// The module's routes.
pub fn routes(context: &Context) -> Router {
    let mut router = Router::new()
        .route(
            authorize::AUTHORIZE_PATH,
            get(authorize::get).post(authorize::post),
        )
        .route(authorize::RESUME_PATH, get(authorize::resume_waiting))
        .route(
            consent::CONSENT_PATH,
            get(consent::show).post(consent::decide),
        )
        .route(
            account_choice::ACCOUNT_CHOICE_PATH,
            get(account_choice::show).post(account_choice::choose),
        )
        .route(
            introspection::INTROSPECTION_PATH,
            post(introspection::introspect),
        )
        .route(device::DEVICE_AUTHORIZATION_PATH, post(device::authorize))
        .route(device::DEVICE_PATH, get(device::show).post(device::submit))
        .route(logout::LOGOUT_PATH, get(logout::get).post(logout::post))
        .with_state(context.clone())
        .merge(for_browser_apps(context))
        .merge(registration::routes(context));
    let discovery = discovery::prepare(context);
    let issuer_path = context.site.issuer_path();
    let mut paths = vec![
        DISCOVERY_PATH.to_owned(),
        format!("{METADATA_PATH}{issuer_path}"),
    ];
    if !issuer_path.is_empty() {
        paths.push(format!("{issuer_path}{DISCOVERY_PATH}"));
    }
    for path in paths {
        let discovery = discovery.clone();
        router = router.route(&path, get(async move |headers| discovery.respond(&headers)));
    }
    router
}

/// The endpoints that applications in a browser call by themselves.
fn for_browser_apps(context: &Context) -> Router {
    let origins = cors::Origins::of(&context.snapshot);
    Router::new()
        .route(
            token::TOKEN_PATH,
            post(token::token).options(cors::preflight),
        )
        .route(
            userinfo::USERINFO_PATH,
            get(userinfo::userinfo)
                .post(userinfo::userinfo)
                .options(cors::preflight),
        )
        .route(
            revocation::REVOCATION_PATH,
            post(revocation::revoke).options(cors::preflight),
        )
        .route(
            pushed::PAR_PATH,
            post(pushed::push).options(cors::preflight),
        )
        .layer(from_fn_with_state(origins, cors::allow))
        .with_state(context.clone())
}

/// The module's background work.
pub fn tasks(context: &Context, stop: CancellationToken) -> Vec<BoxFuture<'static, ()>> {
    vec![
        Box::pin(reap::run(context.clone(), stop.clone())),
        Box::pin(logout::deliver(context.clone(), stop.clone())),
        Box::pin(registration::remove_expired(context.clone(), stop)),
    ]
}
