//! `/auth/login`: the page where people sign in.

use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{Ways, ways::UpstreamWay};
use crate::modules::{
    Context, Problem,
    account::{
        recovery::{self, RECOVER_PATH},
        registration::{self, REGISTER_PATH},
    },
    oidc_provider::{self, AskingClient},
    pages::{self, Look, Policy, Reader, languages},
    passkey,
    session::{
        ACCOUNT_PATH, Browser, ReturnTo, SignedIn, Visitor,
        csrf::{self, Bound},
        with_return_to,
    },
};

#[derive(Template)]
#[template(path = "sign_in/templates/login.html")]
struct LoginPage<'a> {
    look: &'a Look,
    texts: &'static languages::Login,
    ways: &'a Ways,
    passkeys: &'static languages::Passkeys,
    script: &'static str,
    renew_after: u32,
    client: Option<&'a AskingClient>,
    signed_in_as: Option<&'a str>,
    notice: Option<&'a str>,
    email: &'a str,
    csrf: &'a str,
    return_to: &'a str,
    /// Where somebody goes who has lost what they sign in with.
    recover: &'a str,
    /// What the link there says, if there is a way back.
    recover_title: Option<&'static str>,
    /// Where an account is created, if anybody can.
    register: Option<String>,
}

impl LoginPage<'_> {
    fn start(&self, way: &UpstreamWay) -> String {
        with_return_to(&way.start, self.return_to)
    }
}

/// Where to go afterwards.
#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    return_to: String,
}

/// `GET /auth/login`
pub(super) async fn open(
    State(context): State<Context>,
    browser: Browser,
    reader: Reader,
    visitor: Visitor,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let place = ReturnTo::wished(&context.site, Some(&wish.return_to));
    if visitor.person.is_some() && place.as_str() == ACCOUNT_PATH {
        return Ok(Redirect::to(ACCOUNT_PATH).into_response());
    }
    let page = SignInPage::new(&context, &browser, &reader, &place, visitor.person.as_ref());
    page.show(StatusCode::OK, "", None).await
}

/// The sign-in page for one person who wants to go to one place.
pub struct SignInPage<'a> {
    context: &'a Context,
    browser: &'a Browser,
    place: &'a ReturnTo,
    person: Option<&'a SignedIn>,
    client: Option<AskingClient>,
    look: Look,
}

impl<'a> SignInPage<'a> {
    /// The page, in the language of whoever reads it. `person` is signed in already.
    pub fn new(
        context: &'a Context,
        browser: &'a Browser,
        reader: &Reader,
        place: &'a ReturnTo,
        person: Option<&'a SignedIn>,
    ) -> Self {
        let client = oidc_provider::asking_client(context, place);
        let asked = client
            .as_ref()
            .and_then(|client| client.ui_locales.as_deref());
        Self {
            look: reader.look(asked, person),
            context,
            browser,
            place,
            person,
            client,
        }
    }

    /// How it is shown.
    pub fn look(&self) -> &Look {
        &self.look
    }

    /// What it can say.
    pub fn texts(&self) -> &'static languages::Login {
        &self.look.language.login
    }

    /// The page, with what was entered in the field of the address and why it is shown again.
    pub async fn show(
        &self,
        status: StatusCode,
        entered: &str,
        notice: Option<&str>,
    ) -> Result<Response, Problem> {
        let ways = Ways::of(self.context).await?;
        let can_register = registration::is_open(&self.context.snapshot);
        // Where people make passkeys and nothing else, the first one is yet to come.
        if !can_register {
            ways.require_one()?;
        }
        let client = self.client.as_ref();
        let signed_in_as = self.person.map(|person| person.email.as_str());
        let hint = client.and_then(|client| client.login_hint.as_deref());
        let known = signed_in_as.or(hint).unwrap_or_default();
        let page = LoginPage {
            look: &self.look,
            texts: self.texts(),
            ways: &ways,
            passkeys: &self.look.language.passkeys,
            script: passkey::SCRIPT,
            renew_after: passkey::renew_after(self.context),
            client,
            signed_in_as,
            notice,
            email: if entered.is_empty() { known } else { entered },
            csrf: &csrf::token(&self.context.keyring, Bound::Browser(self.browser)),
            return_to: self.place.as_str(),
            recover: &with_return_to(RECOVER_PATH, self.place.as_str()),
            recover_title: recovery::Means::of(self.context)
                .ok()
                .map(|means| means.title(self.look.language)),
            register: can_register.then(|| with_return_to(REGISTER_PATH, self.place.as_str())),
        };
        let mut policy = Policy::strict();
        if ways.passkey {
            policy = policy.running(passkey::SCRIPT).asking_us();
        }
        if let Some(client) = client {
            policy = policy
                .leading_to(&client.redirect_uri)
                .showing(client.logo.as_deref());
        }
        let page = pages::page(status, &page, &self.look, &policy);
        Ok(self.browser.kept_with(self.context, page))
    }
}
