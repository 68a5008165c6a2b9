//! The page for somebody who has just signed out. It loads the pages of clients that sign people out in
//! their own browser, and then leads on.

use askama::Template;
use axum::{
    http::{HeaderName, HeaderValue, StatusCode},
    response::Response,
};

use super::ACCOUNT_PATH;
use crate::modules::{
    Site,
    oidc_provider::FrontChannelPage,
    pages::{self, Policy},
};

/// Words of the page.
struct Texts {
    title: &'static str,
    message: &'static str,
    going_back: &'static str,
    continue_: &'static str,
    sign_in_again: &'static str,
}

const ENGLISH: Texts = Texts {
    title: "You are signed out",
    message: "Applications you used may keep their own sign-in; sign out there as well.",
    going_back: "You are being signed out of the applications you used, and then sent back.",
    continue_: "Continue",
    sign_in_again: "Sign in again",
};

/// Goes on as soon as every page is there.
const LEAD_ON: &str = "addEventListener('load',function(){\
    location.replace(document.getElementById('continue').href)})";

/// Seconds until a browser goes on that runs no script, or that waits for a page that never comes.
const PATIENCE: u32 = 5;

#[derive(Template)]
#[template(path = "session/templates/signed_out.html")]
struct SignedOutPage<'a> {
    texts: &'static Texts,
    frames: Vec<String>,
    next: Option<&'a str>,
    lead_on: &'static str,
    account: &'static str,
}

/// The page, which leads on to `next`, an address that was checked.
pub fn signed_out_page(site: &Site, loading: &[FrontChannelPage], next: Option<&str>) -> Response {
    let page = SignedOutPage {
        texts: &ENGLISH,
        frames: loading
            .iter()
            .map(|page| page.address(&site.issuer))
            .collect(),
        next,
        lead_on: LEAD_ON,
        account: ACCOUNT_PATH,
    };
    let origins = loading.iter().filter_map(FrontChannelPage::origin);
    let mut policy = Policy::strict().framing(origins);
    if next.is_some() {
        policy = policy.running(LEAD_ON);
    }
    let mut response = pages::page(StatusCode::OK, &page, &policy);
    let refresh =
        next.and_then(|next| HeaderValue::try_from(format!("{PATIENCE}; url={next}")).ok());
    if let Some(refresh) = refresh {
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static("refresh"), refresh);
    }
    response
}
