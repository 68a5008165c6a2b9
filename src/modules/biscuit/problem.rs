//! What is not done, as a problem document. None repeats the token.

use std::{borrow::Cow, time::Duration};

use axum::http::StatusCode;

use super::token::TokenError;
use crate::{
    crypto::{Busy, CryptoError},
    modules::{Problem, body::BodyError},
    store::StoreError,
};

/// Why something is not done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// It was revoked.
    #[error("the token was revoked")]
    Revoked,
    /// A statement that is none.
    #[error("{part}[{index}]: {why}")]
    Statement {
        /// Of which list.
        part: &'static str,
        /// Which, from 0.
        index: usize,
        /// What is wrong with it.
        why: String,
    },
    /// More text than is read.
    #[error("all Datalog of a request may have {0} bytes")]
    TooMuchDatalog(usize),
    /// A value for nothing.
    #[error("parameters: {{{0}}} is used nowhere")]
    UnusedParameter(String),
    /// What is said cannot be a block.
    #[error("{0}")]
    Program(String),
    /// A life that is none, or too long.
    #[error("expires_in: 1 to {} seconds", .0.as_secs())]
    Life(Duration),
    /// A time that is none.
    #[error("the token would end at no time there is")]
    Expiry,
    /// More than the person may have.
    #[error("{0}")]
    NotGranted(String),
    /// Time is not the caller's to tell.
    #[error("facts: `time` is told by this server")]
    Time,
    /// Anything else that is wrong with the request.
    #[error("{0}")]
    Request(Cow<'static, str>),
    /// The body.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The library.
    #[error("the token could not be made")]
    Library,
    /// No root key.
    #[error("there is no root key to sign with")]
    NoRootKey,
    /// Too much to do.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// Our fault.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Token(error) => Problem::new(
                StatusCode::BAD_REQUEST,
                "invalid-biscuit",
                "Invalid biscuit",
            )
            .detail(error.to_string()),
            Refused::Revoked => {
                Problem::new(StatusCode::FORBIDDEN, "revoked-biscuit", "Revoked biscuit")
                    .detail(refused.to_string())
            }
            Refused::NotGranted(why) => Problem::forbidden(why),
            Refused::Body(BodyError::TooLong(limit)) => Problem::too_large(limit),
            Refused::Body(error) => {
                Problem::new(error.status(), "bad-request", "Bad request").detail(error.to_string())
            }
            Refused::Busy(busy) => Problem::unavailable(busy.to_string(), 1),
            Refused::Crypto(error) => error.into(),
            Refused::Store(error) => error.into(),
            Refused::Library | Refused::NoRootKey => Problem::internal(&refused),
            refused => Problem::bad_request(refused.to_string()),
        }
    }
}
