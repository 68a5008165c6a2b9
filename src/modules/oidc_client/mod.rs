//! Module `oidc_client`: sign-in with an upstream provider, declared by a manifest of kind
//! `UpstreamProvider`.
//!
//! [`start`] sends the browser to the provider, [`callback`] takes its answer: [`exchange`] turns the code
//! into what the provider says of the person, [`identity`] reads it by the manifest, and [`joining`]
//! decides whose account that is.

mod callback;
mod client_secret;
mod error;
mod exchange;
mod id_token;
mod identity;
mod joining;
mod kept;
mod link;
mod linked;
mod logout;
mod offer;
mod offered;
mod provider;
mod reap;
mod sessions;
mod start;
mod state;
mod trouble;
mod userinfo;

use std::sync::Arc;

use assay_reconciler::spec::ModuleName;
use axum::{
    Router,
    routing::{get, post},
};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub use self::{
    kept::{KeptTokens, KeptTokensError, tokens_of},
    linked::LINKED_PATH,
    provider::is_issuer,
    sessions::began as session_began,
};
use super::Context;
use crate::{
    generation::{Snapshot, Upstream},
    outgoing::Networks,
};

/// What every path of the module but that of the account begins with.
pub const PATH: &str = "/auth/upstream";

/// How a person has proved who they are whom an upstream provider vouches for (`amr`).
pub const FEDERATED: &str = "fed";
/// The same, with two factors there (RFC 8176).
pub const FEDERATED_MULTI_FACTOR: &str = "mfa";

/// The providers that people may sign in with, by name.
pub fn usable(snapshot: &Snapshot) -> Vec<&Arc<Upstream>> {
    if !snapshot.is_on(ModuleName::OidcClient) {
        return Vec::new();
    }
    let mut all = snapshot.upstreams();
    all.retain(|upstream| upstream.spec.enabled);
    all
}

/// Whether two factors that a provider has asked for are believed.
pub fn tells_of_two_factors(snapshot: &Snapshot) -> bool {
    let mut usable = usable(snapshot).into_iter();
    usable.any(|upstream| !upstream.spec.multi_factor.is_empty())
}

/// Where a sign-in with the provider begins.
pub fn start_path(upstream: &Upstream) -> String {
    format!("{PATH}/{}/start", upstream.name)
}

/// What people know the provider by.
pub fn shown_name(upstream: &Upstream) -> &str {
    upstream
        .spec
        .display_name
        .as_deref()
        .unwrap_or(&upstream.name)
}

fn named<'a>(context: &'a Context, name: &str) -> Option<&'a Arc<Upstream>> {
    let upstream = context.snapshot.upstream(name)?;
    upstream.spec.enabled.then_some(upstream)
}

fn allowed_networks(context: &Context) -> Networks {
    let settings = context.snapshot.oidc_client_settings();
    Networks::new(settings.allowed_private_networks.clone())
}

/// The module's routes.
pub fn routes(context: &Context) -> Router {
    Router::new()
        .route("/auth/upstream/{name}/start", get(start::begin))
        .route(
            "/auth/upstream/{name}/callback",
            get(callback::take).post(callback::take_form),
        )
        .route(
            "/auth/upstream/{name}/link",
            get(offered::show).post(offered::decide),
        )
        .route(
            "/auth/upstream/{name}/backchannel-logout",
            post(logout::receive),
        )
        .route(LINKED_PATH, get(linked::show))
        .route("/auth/account/linked/link", post(linked::link))
        .route("/auth/account/linked/unlink", post(linked::unlink))
        .with_state(context.clone())
}

/// The module's background work.
pub fn tasks(context: &Context, stop: CancellationToken) -> Vec<BoxFuture<'static, ()>> {
    vec![Box::pin(reap::REAPER.run(context.clone(), stop))]
}
