//! Module `passkey`: sign-in with a key that never leaves its authenticator (Web Authentication Level 3).
//!
//! Ceremonies, each a `start` that gives a challenge and a `finish` that takes what an authenticator
//! made of it: [`register`] adds a passkey to the account that is signed in, [`authenticate`] signs
//! somebody in, with [`known`] somebody shows one as their second factor, and with [`newcomer`] somebody makes
//! one for the account that they are to have. A challenge stays here, is good once, for a few minutes, in the browser that asked for
//! it. People look after their passkeys at [`PAGE_PATH`].

mod answer;
mod authenticate;
mod body;
mod ceremony;
mod decoy;
mod known;
mod making;
mod names;
mod newcomer;
mod page;
mod reap;
mod record;
mod refusal;
mod register;
mod related;
mod relying_party;

use assay_reconciler::spec::ModuleName;
use axum::{
    Router,
    routing::{get, post},
};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub use self::{
    authenticate::followed_by_script,
    body::Sent,
    known::{Known, NotShown, challenge, shown},
    making::Made,
    newcomer::{challenge_newcomer, keep_first, made_by_newcomer},
    record::{PasskeySummary, passkeys_of, remove},
    relying_party::covers,
};
use super::Context;
use crate::store::StoreError;

/// Where people look after their passkeys.
pub const PAGE_PATH: &str = "/auth/account/passkeys";

/// What runs at the pages that use passkeys; it alone.
pub(super) const SCRIPT: &str = include_str!("script.js");

/// The module's routes.
pub fn routes(context: &Context) -> Router {
    let router = Router::new()
        .route("/auth/passkey/register/start", post(register::start))
        .route("/auth/passkey/register/finish", post(register::finish))
        .route("/auth/passkey/auth/start", post(authenticate::start))
        .route("/auth/passkey/auth/finish", post(authenticate::finish))
        .route(PAGE_PATH, get(page::show))
        .route("/auth/account/passkeys/rename", post(page::rename))
        .route("/auth/account/passkeys/remove", post(page::remove))
        .with_state(context.clone());
    if let Err(misfit) = relying_party::RelyingParty::of(context) {
        tracing::warn!("nobody can use a passkey: {misfit}");
    }
    router.merge(related::routes(context))
}

/// The module's background work.
pub fn tasks(context: &Context, stop: CancellationToken) -> Vec<BoxFuture<'static, ()>> {
    vec![Box::pin(reap::REAPER.run(context.clone(), stop))]
}

/// Seconds after which a challenge that nobody has used yet is asked for anew.
pub(super) fn renew_after(context: &Context) -> u32 {
    let ttl = context.snapshot.passkey_settings().ceremony_ttl.as_secs();
    ttl - ttl / 5
}

/// Whether passkeys can be used in this generation.
pub fn can_be_used(context: &Context) -> bool {
    context.snapshot.is_on(ModuleName::Passkey) && relying_party::RelyingParty::of(context).is_ok()
}

/// Whether somebody can sign in with a passkey: one is there, and can be used.
pub async fn is_a_way(context: &Context) -> Result<bool, StoreError> {
    if can_be_used(context) {
        record::are_any(&context.store).await
    } else {
        Ok(false)
    }
}
