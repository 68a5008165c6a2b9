//! Module `biscuit`: capability tokens that whoever holds one can narrow, and nobody can widen.
//!
//! Root keys sign the first block of a token; each token names the key that did (`root_key_id`), so a
//! verifier tries one. The public halves are at [`KEYS_PATH`]. Tokens are read, signed and sealed by the
//! authors' library; what they say is evaluated by [`datalog`], whose limits hold.

mod attenuate;
mod block;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod conformance;
mod datalog;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::format_push_string)]
mod differential;
mod grants;
mod inspect;
mod issue;
mod kept;
mod keys;
mod problem;
mod request;
mod revoke;
mod revoked;
mod said;
mod token;
mod verify;

use axum::{
    Router,
    http::HeaderMap,
    routing::{get, post},
};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub use self::{
    attenuate::{AttenuateError, attenuated_offline},
    inspect::{Inspected, InspectedBlock, inspected},
    issue::{IssueRequest, Issued},
    kept::Biscuits,
    problem::Refused,
    request::Desk,
    revoke::{RevokeReply, RevokeRequest},
    token::TokenError,
    verify::{FailedCheck, MatchedPolicy, Verdict, VerifyRequest},
};
pub(in crate::modules) use self::{
    grants::{Person, made_in_exchange},
    issue::{made, note},
    revoke::revoke_ids,
    verify::decided,
};
use super::Context;

/// What lies under it belongs to this module.
pub const PATH: &str = "/auth/biscuit";
/// Where the public root keys are, as JSON.
pub const KEYS_PATH: &str = "/auth/biscuit/keys";
/// Where they are as PEM.
pub const PEM_PATH: &str = "/auth/biscuit/keys.pem";

/// The module's routes.
pub fn routes(context: &Context) -> Router {
    let keys = keys::json(context.snapshot.root_keys());
    let pem = keys::pem(context.snapshot.root_keys());
    Router::new()
        .route(issue::ISSUE_PATH, post(issue::issue))
        .route("/auth/biscuit/attenuate", post(attenuate::attenuate))
        .route("/auth/biscuit/seal", post(attenuate::seal))
        .route(
            "/auth/biscuit/third-party/request",
            post(attenuate::third_party_request),
        )
        .route(
            "/auth/biscuit/third-party/append",
            post(attenuate::append_third_party),
        )
        .route("/auth/biscuit/verify", post(verify::verify))
        .route("/auth/biscuit/inspect", post(inspect::inspect))
        .route("/auth/biscuit/revoke", post(revoke::revoke))
        .route("/auth/biscuit/revocations", get(revoke::list))
        .with_state(context.clone())
        .route(
            KEYS_PATH,
            get(async move |headers: HeaderMap| keys.respond(&headers)),
        )
        .route(
            PEM_PATH,
            get(async move |headers: HeaderMap| pem.respond(&headers)),
        )
}

/// The module's background work.
pub fn tasks(context: &Context, stop: CancellationToken) -> Vec<BoxFuture<'static, ()>> {
    vec![Box::pin(keys::forget_expired(context.engine.clone(), stop))]
}
