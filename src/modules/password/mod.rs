//! Module `password`: sign-in with e-mail address and password at `/auth/login`.
//!
//! Passwords are kept as Argon2id hashes in PHC form. An unknown address and a wrong password are
//! answered alike and take the same time.

mod accounts;
mod change;
mod guess;
mod login;
mod recovery;
mod secret;

use assay_reconciler::spec::module::PasswordSettings;
use axum::{
    Router,
    routing::{get, post},
};

pub use self::{
    accounts::{PasswordError, create_user, hash, set_password},
    change::CHANGE_PATH,
    recovery::RECOVER_PATH,
    secret::{MAX_PASSWORD, Password, PasswordRefused},
};
use super::{Context, sign_in::LOGIN_PATH};
use crate::crypto::password::PasswordCost;

/// What a hash costs by the module's settings.
fn cost(settings: &PasswordSettings) -> PasswordCost {
    PasswordCost {
        memory_kib: settings.memory_kib,
        passes: settings.iterations,
        lanes: settings.parallelism,
    }
}

/// The module's routes.
pub fn routes(context: &Context) -> Router {
    Router::new()
        .route(LOGIN_PATH, post(login::submit))
        .merge(recovery::routes())
        .route(CHANGE_PATH, get(change::open).post(change::submit))
        .with_state(context.clone())
}
