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
    pages::{self, Look, Policy, languages},
};

/// Goes on as soon as every page is there.
const LEAD_ON: &str = "addEventListener('load',function(){\
    location.replace(document.getElementById('continue').href)})";

/// Seconds until a browser goes on that runs no script, or that waits for a page that never comes.
const PATIENCE: u32 = 5;

#[derive(Template)]
#[template(path = "session/templates/signed_out.html")]
struct SignedOutPage<'a> {
    look: &'a Look,
    texts: &'static languages::SignedOut,
    frames: Vec<String>,
    next: Option<&'a str>,
    lead_on: &'static str,
    account: &'static str,
}

/// The page, which leads on to `next`, an address that was checked.
pub fn signed_out_page(
    site: &Site,
    look: &Look,
    loading: &[FrontChannelPage],
    next: Option<&str>,
) -> Response {
    let page = SignedOutPage {
        look,
        texts: &look.language.signed_out,
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
    let mut response = pages::page(StatusCode::OK, &page, look, &policy);
    let refresh =
        next.and_then(|next| HeaderValue::try_from(format!("{PATIENCE}; url={next}")).ok());
    if let Some(refresh) = refresh {
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static("refresh"), refresh);
    }
    response
}
