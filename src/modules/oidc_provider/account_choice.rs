//! `/auth/select-account`: the person says which account a client is to see (`prompt=select_account`).

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};

use super::{
    authorize::{
        self,
        answer::redirect,
        interruption::{self, Answered, Interruption},
        step::Step,
    },
    flow::Flow,
};
use crate::modules::{
    Context, Problem,
    form::StrictForm,
    pages::{self, Look, Policy, Reader, languages},
    session::{
        self, Browser, SignedIn, Visitor,
        csrf::{self, Bound},
    },
};

/// The page.
pub(super) const ACCOUNT_CHOICE_PATH: &str = "/auth/select-account";

#[derive(Template)]
#[template(path = "oidc_provider/templates/account_choice.html")]
struct AccountChoicePage<'a> {
    look: &'a Look,
    texts: &'static languages::AccountChoice,
    client: &'a str,
    logo: Option<&'a str>,
    person: &'a SignedIn,
    csrf: &'a str,
    flow: &'a str,
    other_account: &'a str,
}

/// The address of the page for this flow.
pub(super) fn address(context: &Context, flow: &Flow) -> Result<String, Problem> {
    Ok(format!(
        "{ACCOUNT_CHOICE_PATH}?flow={}",
        flow.seal(&context.keyring)?
    ))
}

/// `GET /auth/select-account`
pub(super) async fn show(
    State(context): State<Context>,
    browser: Browser,
    reader: Reader,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let step = Step::ChooseAccount;
    match interruption::at(step, &context, &browser, &reader, visitor, &uri).await? {
        Ok(asked) => ask(&context, &asked),
        Err(answer) => Ok(answer),
    }
}

fn ask(context: &Context, asked: &Interruption) -> Result<Response, Problem> {
    let Interruption {
        look,
        request,
        person,
        flow,
        resume,
    } = asked;
    let logo = request.client.logo();
    let page = AccountChoicePage {
        look,
        texts: &look.language.account_choice,
        client: request.client.shown_name(),
        logo,
        person,
        csrf: &csrf::token(&context.keyring, Bound::Session(person)),
        flow: &flow.seal(&context.keyring)?,
        other_account: &session::with_return_to("/auth/login", resume),
    };
    let policy = Policy::strict()
        .leading_to(&request.recipient.redirect_uri)
        .showing(logo);
    Ok(pages::page(StatusCode::OK, &page, look, &policy))
}

/// `POST /auth/select-account`: the account that is signed in.
pub(super) async fn choose(
    State(context): State<Context>,
    browser: Browser,
    reader: Reader,
    visitor: Visitor,
    headers: HeaderMap,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let answered = interruption::answered(&context, &browser, &reader, visitor, &form);
    let Answered {
        look,
        mut flow,
        person,
    } = match answered {
        Ok(answered) => answered,
        Err(page) => return Ok(*page),
    };
    if let Some(person) = person {
        if !csrf::is_ours(&context, &headers, Bound::Session(&person), &form) {
            return Ok(stale(&look, &address(&context, &flow)?));
        }
        flow.chosen = Some(person.session_id);
    } else {
        // That somebody else is signed in by now is not what was chosen.
        flow.asked_at = context.clock.now();
    }
    let response = redirect(&authorize::resume(&context, &flow)?);
    Ok(browser.kept_with(&context, response))
}

/// The page for a form that no page of ours sent, or that a session no longer has.
fn stale(look: &Look, again: &str) -> Response {
    let texts = &look.language.account_choice;
    interruption::stale(look, texts.stale, texts.stale_message, again)
}
