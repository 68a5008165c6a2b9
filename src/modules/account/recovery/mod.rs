//! `/auth/recover`: the way back for somebody who has lost what they sign in with.
//!
//! Whoever asks is answered in the same way, with the same work, whether or not there is such an
//! account. The letter's link or code is good once and ends all that was begun before: where there are
//! passwords it sets another one; where there are only passkeys it lets its owner in, to make another.

mod ask;
mod regain;
mod shown;

use assay_reconciler::spec::ModuleName;
use axum::{Router, routing::get};

use crate::modules::{Context, Problem, confirmation::Purpose, pages::Language, passkey};

/// Where somebody asks for a letter.
pub const RECOVER_PATH: &str = "/auth/recover";
const CODE_PATH: &str = "/auth/recover/code";

/// What somebody gets in with afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// Another password.
    Password,
    /// Another passkey.
    Passkey,
}

impl Means {
    /// What there is in this generation.
    pub fn of(context: &Context) -> Result<Self, Problem> {
        if context.snapshot.is_on(ModuleName::Password) {
            Ok(Self::Password)
        } else if passkey::can_be_used(context) {
            Ok(Self::Passkey)
        } else {
            Err(Problem::module_disabled(ModuleName::Password))
        }
    }

    /// What the link to the page says.
    pub fn title(self, language: &Language) -> &'static str {
        match self {
            Self::Password => language.recovery.title,
            Self::Passkey => language.recovery.title_passkey,
        }
    }

    /// What the button of the page says.
    pub fn button(self, language: &Language) -> &'static str {
        match self {
            Self::Password => language.recovery.set,
            Self::Passkey => language.recovery.get_in,
        }
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route(RECOVER_PATH, get(ask::open).post(ask::send))
        .route(CODE_PATH, get(shown::code).post(shown::by_code))
        .route(
            Purpose::Recovery.path(),
            get(shown::link).post(shown::by_link),
        )
}
