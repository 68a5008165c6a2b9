//! `/auth/account`: what the signed-in person sees of themselves, and how they leave.

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    ACCOUNT_PATH, ClientAddress, SessionSummary, SignedIn, Visitor,
    csrf::{self, Bound},
    end, record, require_same_origin,
    return_to::with_return_to,
};
use crate::modules::{
    Context, Problem,
    form::StrictForm,
    pages::{self, Link, Policy, Trouble},
};

/// Words of the page.
struct Texts {
    title: &'static str,
    signed_in_as: &'static str,
    sign_out: &'static str,
    sessions: &'static str,
    this_one: &'static str,
    unknown_browser: &'static str,
    last_used: &'static str,
    end: &'static str,
    end_others: &'static str,
    signed_out: &'static str,
    signed_out_message: &'static str,
    sign_in_again: &'static str,
    stale: &'static str,
    stale_message: &'static str,
    back: &'static str,
}

const ENGLISH: Texts = Texts {
    title: "Your account",
    signed_in_as: "You are signed in as",
    sign_out: "Sign out",
    sessions: "Where you are signed in",
    this_one: "This browser",
    unknown_browser: "A browser that did not say its name",
    last_used: "Last used",
    end: "Sign out there",
    end_others: "Sign out everywhere else",
    signed_out: "You are signed out",
    signed_out_message: "Applications you used may keep their own sign-in; sign out there as well.",
    sign_in_again: "Sign in again",
    stale: "That page was too old",
    stale_message: "Nothing was changed. Open your account again and repeat what you wanted to do.",
    back: "Open your account",
};

#[derive(Template)]
#[template(path = "session/templates/account.html")]
struct AccountPage<'a> {
    texts: &'a Texts,
    person: &'a SignedIn,
    sessions: &'a [SessionSummary],
    csrf: &'a str,
}

impl AccountPage<'_> {
    fn browser<'a>(&'a self, session: &'a SessionSummary) -> &'a str {
        session
            .user_agent
            .as_deref()
            .unwrap_or(self.texts.unknown_browser)
    }
}

/// `GET /auth/account`
pub(super) async fn show(
    State(context): State<Context>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let Some(person) = visitor.person else {
        return Ok(Redirect::to(&with_return_to("/auth/login", ACCOUNT_PATH)).into_response());
    };
    let now = context.clock.now();
    let sessions = record::sessions_of(&context.store, &person.user_id, now).await?;
    let page = AccountPage {
        texts: &ENGLISH,
        sessions: &sessions,
        csrf: &csrf::token(&context.keyring, Bound::Session(&person)),
        person: &person,
    };
    Ok(pages::page(StatusCode::OK, &page, &Policy::strict()))
}

/// `POST /auth/account/sign-out`
pub(super) async fn sign_out(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    visitor: Visitor,
    form: StrictForm,
) -> Result<Response, Problem> {
    if let Some(person) = visitor.person {
        if !is_ours(&context, &headers, &person, &form) {
            return Ok(stale());
        }
        let cookie = end::sign_out(&context, &person, &address).await?;
        let mut response = signed_out_page();
        if let Some(cookie) = cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        return Ok(response);
    }
    Ok(signed_out_page())
}

/// `POST /auth/account/sessions/end`: one session (`session`), or every other one.
pub(super) async fn end(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    visitor: Visitor,
    form: StrictForm,
) -> Result<Response, Problem> {
    let Some(person) = visitor.person else {
        return Ok(Redirect::to(&with_return_to("/auth/login", ACCOUNT_PATH)).into_response());
    };
    if !is_ours(&context, &headers, &person, &form) {
        return Ok(stale());
    }
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    match form.0.get("session") {
        Some(id) => {
            end::end_session(&mut tx, &person.user_id, id, now).await?;
        }
        None => {
            end::end_other_sessions(&mut tx, &person, now).await?;
        }
    }
    end::record(&mut tx, &person, "session.end", &address, now).await?;
    tx.commit().await?;
    Ok(Redirect::to(ACCOUNT_PATH).into_response())
}

fn is_ours(context: &Context, headers: &HeaderMap, person: &SignedIn, form: &StrictForm) -> bool {
    let sent = form.0.get(csrf::FIELD);
    require_same_origin(&context.site, headers).is_ok()
        && csrf::is_valid(&context.keyring, Bound::Session(person), sent)
}

fn stale() -> Response {
    Trouble {
        title: ENGLISH.stale,
        message: ENGLISH.stale_message,
        detail: None,
        link: Some(Link {
            href: ACCOUNT_PATH,
            text: ENGLISH.back,
        }),
    }
    .show(StatusCode::FORBIDDEN)
}

/// The page for somebody who has just signed out.
pub fn signed_out_page() -> Response {
    Trouble {
        title: ENGLISH.signed_out,
        message: ENGLISH.signed_out_message,
        detail: None,
        link: Some(Link {
            href: ACCOUNT_PATH,
            text: ENGLISH.sign_in_again,
        }),
    }
    .show(StatusCode::OK)
}
