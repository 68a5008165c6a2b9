//! Module `session`: who is signed in at this browser.
//!
//! The cookie carries a random token and the database its keyed hash. Other modules ask with the
//! extractor [`Visitor`], begin a session with [`sign_in`], end it with [`sign_out`], and guard their
//! forms with [`csrf`]. The module's own page is `/auth/account`.

mod account;
mod acr;
mod address;
mod browser;
mod cookie;
pub mod csrf;
mod end;
mod origin;
mod reap;
mod record;
mod return_to;
mod sign_in;
mod signed_out;
mod visitor;

use axum::{
    Router,
    routing::{get, post},
};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub(in crate::modules) use self::return_to::with_return_to;
pub use self::{
    acr::Acr,
    address::ClientAddress,
    browser::Browser,
    end::{SignedOut, end_session, end_sessions_of, revoke, sign_out},
    record::{SessionSummary, sessions_of},
    return_to::ReturnTo,
    sign_in::{Authentication, sign_in},
    signed_out::signed_out_page,
    visitor::{SignedIn, Visitor},
};
use super::Context;

/// Where the signed-in person sees what is known about them.
pub const ACCOUNT_PATH: &str = "/auth/account";

/// The module's routes.
pub fn routes(context: &Context) -> Router {
    Router::new()
        .route(ACCOUNT_PATH, get(account::show))
        .route("/auth/account/sign-out", post(account::sign_out))
        .route("/auth/account/access/withdraw", post(account::withdraw))
        .route("/auth/account/sessions/end", post(account::end))
        .with_state(context.clone())
}

/// The module's background work.
pub fn tasks(context: &Context, stop: CancellationToken) -> Vec<BoxFuture<'static, ()>> {
    vec![Box::pin(reap::run(context.clone(), stop))]
}
