//! `/auth/account/delete`: people delete their account, at once or after a while in which they can change
//! their mind.

mod ask;
mod keep;
mod reap;
mod record;

use axum::{
    Router,
    routing::{get, post},
};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::modules::Context;

/// The page.
pub(super) const DELETE_PATH: &str = "/auth/account/delete";
/// Where somebody who is signed in keeps the account.
const KEEP_PATH: &str = "/auth/account/delete/keep";
/// Where the link of the letter leads.
const KEEP_LINK_PATH: &str = "/auth/keep-account";

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route(DELETE_PATH, get(ask::open).post(ask::submit))
        .route(KEEP_PATH, post(keep::by_session))
        .route(KEEP_LINK_PATH, get(keep::open).post(keep::by_link))
}

pub(super) fn task(context: &Context, stop: CancellationToken) -> BoxFuture<'static, ()> {
    Box::pin(reap::run(context.clone(), stop))
}
