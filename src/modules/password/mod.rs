//! Module `password`: sign-in with e-mail address and password at `/auth/login`.
//!
//! Passwords are kept as Argon2id hashes in PHC form. An unknown address and a wrong password are
//! answered alike and take the same time.

mod accounts;
mod breached;
mod change;
mod guess;
mod login;
mod policy;
mod secret;

use assay_reconciler::spec::module::PasswordSettings;
use axum::{
    Router,
    routing::{get, post},
};

pub use self::{
    accounts::{PasswordError, choose, chosen, set_password},
    breached::BreachedError,
    change::CHANGE_PATH,
    policy::Who,
    secret::{MAX_PASSWORD, Password, PasswordRefused},
};
use super::{Context, sign_in::LOGIN_PATH};
pub use crate::crypto::password::{ForeignHashError, StoredHash};
use crate::crypto::{self, password::PasswordCost};

/// Takes the hash that another system made of somebody's password: bcrypt, scrypt, PBKDF2 or Argon2. It is
/// replaced by one of ours at the next sign-in.
pub fn accept_foreign(text: &str) -> Result<StoredHash, ForeignHashError> {
    crypto::password::accept_foreign(text)
}

/// Whether what the settings name can be used on this machine.
pub fn check_settings(settings: &PasswordSettings) -> Result<(), BreachedError> {
    policy::check(settings)
}

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
    if let Err(error) = check_settings(&context.snapshot.password_settings()) {
        tracing::error!("nobody can choose a password: {error}");
    }
    Router::new()
        .route(LOGIN_PATH, post(login::submit))
        .route(CHANGE_PATH, get(change::open).post(change::submit))
        .with_state(context.clone())
}
