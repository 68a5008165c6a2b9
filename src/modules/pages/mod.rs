//! The look of every page a person sees while signing in: one layout, one stylesheet, one policy of
//! what a browser may do with it. Not a module of the product.

pub mod languages;
mod look;
mod notice;
mod policy;
mod theme;
mod trouble;

use askama::Template;
use axum::{
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
            REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
};

pub use self::{
    languages::Language,
    look::{Look, Reader},
    notice::Notice,
    policy::Policy,
    theme::Theme,
    trouble::{Link, Trouble},
};
use super::problem::Problem;

/// A page with the headers that all of them carry.
pub fn page(
    status: StatusCode,
    template: &impl Template,
    look: &Look,
    policy: &Policy,
) -> Response {
    match template.render() {
        Ok(html) => (status, headers(look, policy), html).into_response(),
        Err(error) => Problem::internal(&error).into_response(),
    }
}

fn headers(look: &Look, policy: &Policy) -> [(HeaderName, HeaderValue); 10] {
    let fixed = HeaderValue::from_static;
    [
        (CONTENT_TYPE, fixed("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, policy.header(&look.theme)),
        (CONTENT_LANGUAGE, fixed(look.language.tag)),
        // The cookie tells the person, and the person the language.
        (VARY, fixed("Accept-Language, Cookie")),
        (X_FRAME_OPTIONS, fixed("DENY")),
        (X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        // Not `no-referrer`: with it a browser posts our own forms with `Origin: null`. And not more
        // than the origin: the address may hold a flow.
        (REFERRER_POLICY, fixed("strict-origin")),
        (CACHE_CONTROL, fixed("no-store")),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            fixed("same-origin"),
        ),
        (
            HeaderName::from_static("permissions-policy"),
            fixed("camera=(), geolocation=(), microphone=()"),
        ),
    ]
}
