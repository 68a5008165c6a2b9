//! The HTTP API. All of it is JSON; what is wrong is told in problem documents.

mod alone;
pub(super) mod asked;
pub(super) mod body;
mod bulk;
mod check;
pub(super) mod evaluate;
mod expand;
mod explain;
pub(super) mod listing;
mod lookup_resources;
mod lookup_subjects;
mod problem;
pub(super) mod read;
mod watch;
mod write;

use axum::Router;

pub(super) use self::alone::alone;
use crate::modules::Context;

/// Bytes of a body: ten thousand updates fit.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// What lines of JSON are called.
const LINES: &str = "application/x-ndjson";

/// The response header that has the revision, where the body is lines.
const REVISION_HEADER: &str = "zanzibar-revision";

pub(super) fn router() -> Router<Context> {
    Router::new()
        .merge(check::routes())
        .merge(expand::routes())
        .merge(explain::routes())
        .merge(lookup_resources::routes())
        .merge(lookup_subjects::routes())
        .merge(write::routes())
        .merge(read::routes())
        .merge(bulk::routes())
        .merge(watch::routes())
}
