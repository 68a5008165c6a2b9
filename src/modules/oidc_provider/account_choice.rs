//! `/auth/select-account`: the person says which account a client is to see (`prompt=select_account`).

use askama::Template;
use assay_reconciler::spec::WebUri;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header::SET_COOKIE},
    response::Response,
};

use super::{
    authorize::{
        self,
        answer::redirect,
        request::{self, AuthorizationRequest},
        step::Step,
    },
    flow::Flow,
};
use crate::modules::{
    Context, Problem,
    form::StrictForm,
    pages::{self, Link, Look, Policy, Reader, Trouble, languages},
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
    let Some(flow) = authorize::opened(&context, uri.query().unwrap_or_default()) else {
        return Ok(authorize::unreadable(
            &reader.look(None, visitor.person.as_ref()),
        ));
    };
    let look = reader.look(flow.asked.ui_locales(), visitor.person.as_ref());
    let request = match request::check(&context.snapshot, &flow.asked) {
        Ok(request) => request,
        Err(refusal) => return Ok(authorize::refuse(&context, &look, &refusal)),
    };
    let resume = authorize::resume(&context, &flow)?;
    let Some(person) = visitor.person.filter(|_| flow.bound_to == browser.id()) else {
        return Ok(redirect(&resume));
    };
    let step = authorize::next_step(&context, &request, Some(&person), &flow).await?;
    if step != Step::ChooseAccount {
        return Ok(redirect(&resume));
    }
    ask(&context, &look, &request, &person, flow, &resume)
}

fn ask(
    context: &Context,
    look: &Look,
    request: &AuthorizationRequest,
    person: &SignedIn,
    flow: Flow,
    resume: &str,
) -> Result<Response, Problem> {
    // An answer counts for the session that was shown, and for no other that begins meanwhile.
    let flow = Flow {
        bound_to: person.session_id.clone(),
        ..flow
    };
    let spec = &request.client.spec;
    let logo = spec.logo_uri.as_ref().map(WebUri::as_str);
    let page = AccountChoicePage {
        look,
        texts: &look.language.account_choice,
        client: spec.display_name.as_deref().unwrap_or(&request.client.name),
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
    let sealed = form.get("flow").unwrap_or_default();
    let Some(mut flow) = Flow::open(&context.keyring, sealed) else {
        return Ok(authorize::unreadable(
            &reader.look(None, visitor.person.as_ref()),
        ));
    };
    let look = reader.look(flow.asked.ui_locales(), visitor.person.as_ref());
    let shown_to = std::mem::replace(&mut flow.bound_to, browser.id().to_owned());
    if let Some(person) = visitor
        .person
        .filter(|person| person.session_id == shown_to)
    {
        let sent = form.get(csrf::FIELD);
        if session::require_same_origin(&context.site, &headers).is_err()
            || !csrf::is_valid(&context.keyring, Bound::Session(&person), sent)
        {
            return Ok(stale(&look, &address(&context, &flow)?));
        }
        flow.chosen = Some(person.session_id);
    } else {
        // Somebody else is signed in by now: that they are is not what was chosen.
        flow.asked_at = context.clock.now();
    }
    let mut response = redirect(&authorize::resume(&context, &flow)?);
    if let Some(cookie) = browser.set_cookie(&context) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The page for a form that no page of ours sent, or that a session no longer has.
fn stale(look: &Look, again: &str) -> Response {
    let texts = &look.language.account_choice;
    Trouble {
        look,
        title: texts.stale,
        message: texts.stale_message,
        detail: None,
        link: Some(Link {
            href: again,
            text: look.language.consent.again,
        }),
    }
    .show(StatusCode::FORBIDDEN)
}
