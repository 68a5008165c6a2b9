//! Whose account a page is of.

use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};

use crate::modules::{
    Context,
    pages::{Link, Look, Reader, Trouble},
    parameters::Parameters,
    session::{
        ACCOUNT_PATH, SignedIn, Visitor,
        csrf::{self, Bound},
        with_return_to,
    },
    sign_in::LOGIN_PATH,
};

/// The way to `path` for somebody who has to sign in, or sign in again, before.
pub fn sign_in_first(path: &str) -> Response {
    Redirect::to(&with_return_to(LOGIN_PATH, path)).into_response()
}

/// The person whom a page at `path` is shown to; else where they go first.
pub fn owner(visitor: Visitor, path: &str) -> Result<SignedIn, Box<Response>> {
    visitor.person.ok_or_else(|| Box::new(sign_in_first(path)))
}

/// Like [`owner`], for a page that changes how the account is got into: whoever found a browser that
/// somebody left signed in must not come by. The person has proved who they are not long ago.
pub fn recent_owner(
    context: &Context,
    visitor: Visitor,
    path: &str,
) -> Result<SignedIn, Box<Response>> {
    let person = owner(visitor, path)?;
    if is_recent(context, &person) {
        Ok(person)
    } else {
        Err(Box::new(sign_in_first(path)))
    }
}

/// The person who sent a form of ours from the page at `path`; else what they are shown.
pub fn sender(
    context: &Context,
    headers: &HeaderMap,
    reader: &Reader,
    visitor: Visitor,
    form: &Parameters,
    path: &str,
) -> Result<SignedIn, Box<Response>> {
    let person = owner(visitor, path)?;
    if csrf::is_ours(context, headers, Bound::Session(&person), form) {
        Ok(person)
    } else {
        Err(Box::new(stale(&reader.look(None, Some(&person)))))
    }
}

/// Like [`sender`], for a form of a page that [`recent_owner`] guards.
pub fn recent_sender(
    context: &Context,
    headers: &HeaderMap,
    reader: &Reader,
    visitor: Visitor,
    form: &Parameters,
    path: &str,
) -> Result<SignedIn, Box<Response>> {
    let person = sender(context, headers, reader, visitor, form, path)?;
    if is_recent(context, &person) {
        Ok(person)
    } else {
        Err(Box::new(sign_in_first(path)))
    }
}

/// Whether the person has proved who they are not long ago.
pub fn is_recent(context: &Context, person: &SignedIn) -> bool {
    let within = context
        .snapshot
        .session_settings()
        .recent_sign_in
        .duration();
    context.clock.now().since(person.authenticated_at) <= within
}

/// The answer to a form that is not ours, or was not shown in this session.
pub(super) fn stale(look: &Look) -> Response {
    let texts = &look.language.account;
    Trouble {
        look,
        title: texts.stale,
        message: texts.stale_message,
        detail: None,
        link: Some(Link {
            href: ACCOUNT_PATH,
            text: look.language.common.open_account,
        }),
    }
    .show(StatusCode::FORBIDDEN)
}
