//! What people see of it.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::Response,
};

use super::LETTERS_BY_ADDRESS;
use crate::modules::{
    Context,
    pages::{self, Link, Look, Policy, Trouble},
    session::{
        Browser,
        csrf::{self, Bound},
    },
};

/// What the person shows that they have read the letter with.
#[derive(Clone, Copy)]
pub enum Shown<'a> {
    /// The token of its link.
    Token(&'a str),
    /// Its code, which they type: what the page knows the letter by.
    Code(&'a str),
}

/// A page with a button: what a link of a letter leads to, or where its code is typed.
pub struct ConfirmPage<'a> {
    /// How it is shown.
    pub look: &'a Look,
    /// The heading.
    pub title: &'a str,
    /// Under it.
    pub message: &'a str,
    /// The address that it is about.
    pub address: Option<&'a str>,
    /// Where the form is sent.
    pub action: &'a str,
    /// What with.
    pub shown: Shown<'a>,
    /// Whether another password is asked for.
    pub wants_password: bool,
    /// What stands on the button.
    pub submit: &'a str,
    /// Why it is shown again.
    pub notice: Option<&'a str>,
    /// Where a further letter is asked for.
    pub again: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "confirmation/templates/confirm.html")]
struct ConfirmTemplate<'a> {
    look: &'a Look,
    title: &'a str,
    message: &'a str,
    address: Option<&'a str>,
    action: &'a str,
    csrf: &'a str,
    token: Option<&'a str>,
    request: Option<&'a str>,
    wants_password: bool,
    submit: &'a str,
    notice: Option<&'a str>,
    again: Option<&'a str>,
}

impl ConfirmPage<'_> {
    /// The page, for this browser.
    pub fn show(&self, context: &Context, browser: &Browser, status: StatusCode) -> Response {
        let (token, request) = match self.shown {
            Shown::Token(token) => (Some(token), None),
            Shown::Code(request) => (None, Some(request)),
        };
        let page = ConfirmTemplate {
            look: self.look,
            title: self.title,
            message: self.message,
            address: self.address,
            action: self.action,
            csrf: &csrf::token(&context.keyring, Bound::Browser(browser)),
            token,
            request,
            wants_password: self.wants_password,
            submit: self.submit,
            notice: self.notice,
            again: self.again,
        };
        let page = pages::page(status, &page, self.look, &Policy::strict());
        browser.kept_with(context, page)
    }
}

/// The answer to a link or a code that confirms nothing any more.
pub fn gone(look: &Look, again: &str) -> Response {
    let texts = &look.language.confirmation;
    Trouble {
        look,
        title: texts.gone,
        message: texts.gone_message,
        detail: None,
        link: Some(Link {
            href: again,
            text: texts.again,
        }),
    }
    .show(StatusCode::GONE)
}

/// The answer to somebody who asks for too much.
pub fn too_many(look: &Look) -> Response {
    let texts = &look.language.confirmation;
    let mut page = Trouble {
        look,
        title: texts.too_many,
        message: texts.too_many_message,
        detail: None,
        link: None,
    }
    .show(StatusCode::TOO_MANY_REQUESTS);
    let seconds = LETTERS_BY_ADDRESS.window.as_secs();
    page.headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from(seconds));
    page
}
