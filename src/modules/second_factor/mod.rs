//! What people prove themselves with beside their password: a code of an authenticator app, a recovery
//! code, or a passkey. Not a module of the product; its settings are `secondFactor` of module `account`.
//!
//! A sign-in of which the second factor is missing waits in a row of `pending_sign_ins`, found by a token
//! in a cookie of its own, and gives no session. [`interrupt`] decides whether it has to, and
//! `/auth/login/second-factor` takes it on. Somebody who is signed in and has to prove more goes to the
//! same page ([`step_up_address`]), and keeps their session under another token.

mod authenticator;
mod by_passkey;
mod claimant;
mod enrolment;
mod factors;
mod manage;
mod pending;
mod policy;
mod prompt;
mod proof;
mod recovery_codes;
mod remembered;

use axum::{
    Router,
    routing::{get, post},
};

pub use self::{
    factors::{Factors, of as factors_of, reset},
    pending::end_all as end_pending,
    policy::{Standing, interrupt, is_on, owes, standing},
    remembered::forget_all,
};
use super::{Context, session::with_return_to};

/// Where the second factor is proved.
const PROMPT_PATH: &str = "/auth/login/second-factor";
/// Where people look after their second factors.
pub const MANAGE_PATH: &str = "/auth/account/second-factors";
const SET_UP_PATH: &str = "/auth/account/second-factors/set-up";

/// Where somebody who is signed in proves more, on the way to `place`.
pub fn step_up_address(place: &str) -> String {
    with_return_to(PROMPT_PATH, place)
}

/// The routes.
pub fn routes(context: &Context) -> Router {
    Router::new()
        .route(PROMPT_PATH, get(prompt::show).post(prompt::submit))
        .route("/auth/login/second-factor/set-up", post(prompt::set_up))
        .route("/auth/login/second-factor/later", post(prompt::later))
        .route(
            "/auth/login/second-factor/passkey/start",
            post(by_passkey::start),
        )
        .route(
            "/auth/login/second-factor/passkey/finish",
            post(by_passkey::finish),
        )
        .route(MANAGE_PATH, get(manage::show))
        .route(SET_UP_PATH, get(manage::ask).post(manage::set_up))
        .route("/auth/account/second-factors/remove", post(manage::remove))
        .route(
            "/auth/account/second-factors/recovery-codes",
            post(manage::renew_recovery_codes),
        )
        .route("/auth/account/second-factors/forget", post(manage::forget))
        .with_state(context.clone())
}
