//! Bodies of requests, and work that may take long.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::{Biscuits, kept::Opened, problem::Refused, token::TokenError};
use crate::{
    clock::UnixMillis,
    generation::Snapshot,
    modules::{Context, Problem, body},
};

/// Bytes of a body: a token and the Datalog that goes with it.
const MAX_BODY: usize = 128 * 1024;
/// A token up to here is looked at where the request is: it takes less than a millisecond.
pub(super) const SHORT_TOKEN: usize = 2_048;
/// Datalog up to here is read where the request is.
pub(super) const SHORT_SOURCE: usize = 1_024;

/// What work on a token needs, at a server and at the command line.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Keys and settings.
    pub snapshot: Arc<Snapshot>,
    /// Which were revoked.
    pub biscuits: Arc<Biscuits>,
    /// When it is.
    pub now: UnixMillis,
}

impl From<&Context> for Desk {
    fn from(context: &Context) -> Self {
        Self {
            snapshot: Arc::clone(&context.snapshot),
            biscuits: Arc::clone(&context.biscuits),
            now: context.clock.now(),
        }
    }
}

/// A JSON body, taken strictly. What is wrong with it is told without repeating any of it.
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let body = body::read(request, "application/json", MAX_BODY).await;
        let body = body.map_err(Refused::Body)?;
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            // The words of the error repeat values; its class and place do not.
            let what = match error.classify() {
                serde_json::error::Category::Data => {
                    "the body has a member that is missing, unknown or of the wrong type"
                }
                _ => "the body is not JSON",
            };
            let (line, column) = (error.line(), error.column());
            Problem::bad_request(format!("{what} (line {line}, column {column})"))
        })
    }
}

/// Runs what may take long where it keeps nobody waiting; what is short at once.
pub(super) async fn aside<T: Send + 'static>(
    desk: &Desk,
    is_short: bool,
    work: impl FnOnce(&Desk) -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    if is_short {
        return work(desk);
    }
    let own = desk.clone();
    desk.biscuits.cpu.run(move || work(&own)).await??
}

/// The token, if it is one of ours, whether or not it was revoked.
pub(super) fn opened(desk: &Desk, text: &str) -> Result<Arc<Opened>, Refused> {
    let keys = desk.snapshot.root_keys();
    let longest = desk.snapshot.biscuit_settings().max_token_bytes as usize;
    if text.len() > longest {
        return Err(TokenError::TooLong(longest).into());
    }
    if let Some(seen) = desk.biscuits.seen(keys, text) {
        return Ok(seen);
    }
    Ok(desk.biscuits.open(keys, text, longest)?)
}

/// The token, if it is one of ours and was not revoked.
pub(super) fn living(desk: &Desk, text: &str) -> Result<Arc<Opened>, Refused> {
    let opened = opened(desk, text)?;
    if desk.biscuits.revoked.any(&opened.marks) {
        return Err(Refused::Revoked);
    }
    Ok(opened)
}
