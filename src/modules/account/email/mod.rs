//! The account's e-mail address: shown to be its owner's, and changed.
//!
//! A new address counts once it is confirmed there. The old one is told, and can take it back for a
//! week, which also signs everybody out: whoever changed it may have been in the account.

mod carry_out;
mod confirm;
mod page;
mod verification;

use axum::{
    Router,
    routing::{get, post},
};

pub use self::verification::verify_first;
use crate::modules::{Context, confirmation::Purpose};

/// Where people change their address.
pub(super) const EMAIL_PATH: &str = "/auth/account/email";

/// Where the code of a letter is typed.
fn code_path(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::EmailChange => "/auth/email/code",
        _ => "/auth/verify/code",
    }
}

/// The routes.
pub(super) fn routes(context: &Context) -> Router {
    let mut routes = Router::new()
        .route(EMAIL_PATH, get(page::show).post(page::change))
        .route("/auth/account/email/verify", post(verification::send))
        .with_state(context.clone());
    for purpose in [
        Purpose::Verification,
        Purpose::EmailChange,
        Purpose::EmailUndo,
    ] {
        let confirming = confirm::Confirming {
            context: context.clone(),
            purpose,
        };
        let mut own =
            Router::new().route(purpose.path(), get(confirm::link).post(confirm::by_link));
        // What is taken back is so by the link alone.
        if purpose != Purpose::EmailUndo {
            own = own.route(
                code_path(purpose),
                get(confirm::code).post(confirm::by_code),
            );
        }
        routes = routes.merge(own.with_state(confirming));
    }
    routes
}
