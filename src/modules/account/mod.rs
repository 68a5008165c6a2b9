//! Module `account`: where people look after their own account, at `/auth/account`.
//!
//! The overview is here. What belongs to one way of signing in has its page in the module of that way,
//! a line in [`links`], and asks [`owner`], [`recent_owner`], [`sender`] or [`recent_sender`] whose
//! account it is.

mod deletion;
mod email;
mod export;
mod fields;
mod links;
mod overview;
mod owner;
mod profile;
pub mod recovery;
pub mod registration;

use axum::{
    Router,
    routing::{get, post},
};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub use self::email::verify_first;
pub use self::owner::{is_recent, owner, recent_owner, recent_sender, sender, sign_in_first};
use super::{Context, session::ACCOUNT_PATH};

/// The module's routes.
pub fn routes(context: &Context) -> Router {
    Router::new()
        .route(ACCOUNT_PATH, get(overview::show))
        .route("/auth/account/sign-out", post(overview::sign_out))
        .route("/auth/account/access/withdraw", post(overview::withdraw))
        .route("/auth/account/sessions/end", post(overview::end))
        .route(
            profile::PROFILE_PATH,
            get(profile::open).post(profile::submit),
        )
        .route(
            export::EXPORT_PATH,
            get(export::open).post(export::download),
        )
        .merge(deletion::routes())
        .merge(recovery::routes())
        .merge(registration::routes())
        .with_state(context.clone())
        .merge(email::routes(context))
}

/// The module's background work.
pub fn tasks(context: &Context, stop: CancellationToken) -> Vec<BoxFuture<'static, ()>> {
    vec![
        registration::task(context, stop.clone()),
        deletion::task(context, stop),
    ]
}
