use std::borrow::Cow;

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::Response,
};

use super::REGISTER_PATH;
use crate::modules::{
    Context, Problem,
    oidc_provider::{self, AskingClient},
    pages::{self, Link, Look, Notice, Policy, Reader, Trouble, languages},
    parameters,
    session::{
        Browser, ReturnTo,
        csrf::{self, Bound},
        with_return_to,
    },
    sign_in::LOGIN_PATH,
};
use crate::store::StoreError;

/// A page of the registration of somebody who wants to go to one place.
pub(super) struct Stage<'a> {
    pub(super) context: &'a Context,
    pub(super) browser: &'a Browser,
    pub(super) place: ReturnTo,
    pub(super) client: Option<AskingClient>,
    pub(super) look: Look,
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        context: &'a Context,
        browser: &'a Browser,
        reader: &Reader,
        place: ReturnTo,
    ) -> Self {
        let client = oidc_provider::asking_client(context, &place);
        let asked = client
            .as_ref()
            .and_then(|client| client.ui_locales.as_deref());
        Self {
            look: reader.look(asked, None),
            context,
            browser,
            place,
            client,
        }
    }

    pub(super) fn texts(&self) -> &'static languages::Registration {
        &self.look.language.registration
    }

    /// What the forms of the page are bound to.
    pub(super) fn csrf(&self) -> String {
        csrf::token(&self.context.keyring, Bound::Browser(self.browser))
    }

    /// The sign-in page, from which the way leads to the same place.
    pub(super) fn sign_in(&self) -> String {
        with_return_to(LOGIN_PATH, self.place.as_str())
    }

    /// The page where it begins, from which the way leads to the same place.
    pub(super) fn begin(&self, invitation: Option<&str>) -> String {
        let address = with_return_to(REGISTER_PATH, self.place.as_str());
        match invitation {
            None => address,
            Some(token) => parameters::append(&address, &[("invitation", Cow::Borrowed(token))]),
        }
    }

    pub(super) fn show(&self, status: StatusCode, page: &impl Template) -> Response {
        self.show_under(Policy::strict(), status, page)
    }

    /// The same, for a page that runs a script of ours.
    pub(super) fn show_running(
        &self,
        status: StatusCode,
        page: &impl Template,
        script: &'static str,
    ) -> Response {
        self.show_under(Policy::strict().running(script).asking_us(), status, page)
    }

    fn show_under(&self, mut policy: Policy, status: StatusCode, page: &impl Template) -> Response {
        // The last form leads on to the client.
        if let Some(client) = &self.client {
            policy = policy
                .leading_to(&client.redirect_uri)
                .showing(client.logo.as_deref());
        }
        let page = pages::page(status, page, &self.look, &policy);
        self.browser.kept_with(self.context, page)
    }

    /// A page that leads nowhere but to the sign-in.
    pub(super) fn trouble(&self, status: StatusCode, title: &str, message: &str) -> Response {
        self.dead_end(
            status,
            title,
            message,
            self.look.language.login.title,
            &self.sign_in(),
        )
    }

    /// The page for a link that was used or is too old.
    pub(super) fn gone(&self) -> Response {
        let texts = self.texts();
        let begin = self.begin(None);
        self.dead_end(
            StatusCode::GONE,
            texts.gone,
            texts.gone_message,
            texts.title,
            &begin,
        )
    }

    fn dead_end(
        &self,
        status: StatusCode,
        title: &str,
        message: &str,
        text: &str,
        href: &str,
    ) -> Response {
        let page = Trouble {
            look: &self.look,
            title,
            message,
            detail: None,
            link: Some(Link { href, text }),
        };
        self.browser.kept_with(self.context, page.show(status))
    }
}

/// `response`, which says that it is worth another try after so many seconds.
pub(super) fn retry_after(mut response: Response, seconds: u32) -> Response {
    let headers = response.headers_mut();
    headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Why a form is not taken.
pub(super) struct NotTaken {
    pub(super) status: StatusCode,
    pub(super) notice: Notice,
    /// After how many seconds it is worth another try.
    pub(super) retry_after: Option<u32>,
}

impl NotTaken {
    /// The form is shown again.
    pub(super) fn new(status: StatusCode, notice: impl Into<Notice>) -> Self {
        Self {
            status,
            notice: notice.into(),
            retry_after: None,
        }
    }

    pub(super) fn wrong(notice: impl Into<Notice>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, notice)
    }

    pub(super) fn after(self, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }
}

/// What ends the handling of a form early.
pub(super) enum Stop {
    /// The form is shown again.
    Again(NotTaken),
    /// Another page is shown.
    Elsewhere(Box<Response>),
    /// It went wrong.
    Failed(Problem),
}

impl From<NotTaken> for Stop {
    fn from(not_taken: NotTaken) -> Self {
        Self::Again(not_taken)
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}
