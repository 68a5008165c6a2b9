//! SCIM 2.0 (RFC 7643, RFC 7644): a company's directory makes, changes and deletes people and groups here.
//!
//! A resource is a JSON object all the way: `schema` says of which attributes, `document` reads what was
//! sent, `filter` and `patch` work on it, and `person` and `group` turn it into rows and back. Not supported,
//! and said so in `/ServiceProviderConfig`: bulk and sorting.

mod answer;
mod attribute;
mod claims;
mod directory;
mod discovery;
mod document;
mod error;
mod filter;
mod group;
mod groups;
mod limits;
mod list;
mod patch;
mod path;
mod person;
mod projection;
mod provision;
mod schema;
mod search;
mod users;

use axum::{Router, http::StatusCode, routing::get};

use self::error::ScimError;
use crate::modules::Context;

/// Where a directory is pointed at.
pub const PATH: &str = "/auth/scim/v2";

/// The routes of SCIM.
pub(super) fn routes() -> Router<Context> {
    Router::new()
        .merge(discovery::routes())
        .merge(users::routes())
        .merge(groups::routes())
        .merge(search::routes())
        // RFC 7644 3.11: keys are no people.
        .route("/auth/scim/v2/Me", get(no_me).fallback(no_me))
        .route("/auth/scim/v2/Bulk", get(no_bulk).fallback(no_bulk))
        .route("/auth/scim/v2", get(nothing).fallback(nothing))
        .route("/auth/scim/v2/{*rest}", get(nothing).fallback(nothing))
        .method_not_allowed_fallback(async || {
            let words = "this resource does not have that method";
            ScimError::plain(StatusCode::METHOD_NOT_ALLOWED, words)
        })
}

async fn no_me() -> ScimError {
    let words = "`/Me` is not supported: an admin key is nobody's account";
    ScimError::plain(StatusCode::NOT_IMPLEMENTED, words)
}

async fn no_bulk() -> ScimError {
    let words = "bulk operations are not supported, as /ServiceProviderConfig says";
    ScimError::plain(StatusCode::NOT_IMPLEMENTED, words)
}

async fn nothing() -> ScimError {
    ScimError::not_found("resource; there are /Users, /Groups, /Schemas and /ResourceTypes")
}
