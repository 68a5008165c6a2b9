//! Proof that a form comes from a page of ours, shown to the one who sends it.
//!
//! A form for somebody who is signed in is bound to the session, one for anybody to the browser. The
//! token is a MAC, so nothing is stored.

use axum::http::HeaderMap;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Browser, SignedIn, origin::require_same_origin};
use crate::{
    crypto::Keyring,
    modules::{Context, Site, parameters::Parameters},
};

/// The name of the form's field.
pub const FIELD: &str = "csrf";

/// What a form is bound to.
#[derive(Clone, Copy, Debug)]
pub enum Bound<'a> {
    /// The browser, before sign-in.
    Browser(&'a Browser),
    /// The session.
    Session(&'a SignedIn),
}

/// The token of a form.
pub fn token(keyring: &Keyring, bound: Bound<'_>) -> String {
    let (purpose, content) = bound.content();
    URL_SAFE_NO_PAD.encode(keyring.cookie_tag(purpose, content))
}

impl<'a> Bound<'a> {
    fn content(self) -> (&'static str, &'a [u8]) {
        match self {
            Bound::Browser(browser) => ("csrf.browser", browser.id().as_bytes()),
            Bound::Session(person) => ("csrf.session", person.csrf_secret.as_bytes()),
        }
    }
}

/// Whether the form was sent from a page of ours: from this site, as far as the browser tells, and with
/// the token that the page was given.
pub fn is_ours(
    context: &Context,
    headers: &HeaderMap,
    bound: Bound<'_>,
    form: &Parameters,
) -> bool {
    require_same_origin(&context.site, headers).is_ok()
        && is_valid(&context.keyring, bound, form.get(FIELD))
}

/// Whether a script's request was sent from this site, as far as the browser tells. Enough for a media
/// type that no form has, and for what is bound to the browser in another way.
pub fn is_from_here(site: &Site, headers: &HeaderMap) -> bool {
    require_same_origin(site, headers).is_ok()
}

fn is_valid(keyring: &Keyring, bound: Bound<'_>, sent: Option<&str>) -> bool {
    let (purpose, content) = bound.content();
    sent.and_then(|sent| URL_SAFE_NO_PAD.decode(sent).ok())
        .is_some_and(|sent| keyring.verify_cookie_tag(purpose, content, &sent))
}
