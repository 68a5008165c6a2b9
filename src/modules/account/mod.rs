//! Module `account`: where people look after their own account, at `/auth/account`.
//!
//! The overview is here. What belongs to one way of signing in has its page in the module of that way,
//! a line in [`links`], and asks [`owner`], [`recent_owner`], [`sender`] or [`recent_sender`] whose
//! account it is.

mod email;
mod links;
mod overview;
mod owner;

use axum::{
    Router,
    routing::{get, post},
};

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
        .with_state(context.clone())
        .merge(email::routes(context))
}
