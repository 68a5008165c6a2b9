use askama::Template;
use assay_reconciler::spec::WebUri;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};
use url::Url;

use super::{
    super::{
        authorize::{
            self,
            answer::redirect,
            interruption::{self, Answered, Interruption},
            request,
            step::Step,
        },
        error::ErrorCode,
    },
    address, meaning,
};
use crate::modules::{
    Context, Problem,
    form::StrictForm,
    pages::{self, Look, Policy, Reader, languages},
    session::{
        self, Browser, Visitor,
        csrf::{self, Bound},
    },
};

#[derive(Template)]
#[template(path = "oidc_provider/templates/consent.html")]
struct ConsentPage<'a> {
    look: &'a Look,
    texts: &'static languages::Consent,
    client: &'a str,
    logo: Option<&'a str>,
    policy: Option<&'a str>,
    terms: Option<&'a str>,
    person: &'a str,
    scopes: Vec<(&'a str, Option<&'a str>)>,
    resources: Vec<&'a str>,
    registered_itself: bool,
    /// The host that comes next, where nobody vouches for the client.
    sent_to: Option<&'a str>,
    csrf: &'a str,
    flow: &'a str,
    other_account: &'a str,
}

/// `GET /auth/consent`
pub(in crate::modules::oidc_provider) async fn show(
    State(context): State<Context>,
    browser: Browser,
    reader: Reader,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let step = Step::Consent;
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
    let client = &request.client;
    let needed = request.needed(&context.site.issuer);
    let logo = client.logo();
    let sent_to = client
        .registered_itself
        .then(|| destination(&request.recipient.redirect_uri))
        .flatten();
    let page = ConsentPage {
        look,
        texts: &look.language.consent,
        client: client.shown_name(),
        logo,
        policy: client.spec.policy_uri.as_ref().map(WebUri::as_str),
        terms: client.spec.tos_uri.as_ref().map(WebUri::as_str),
        person: &person.email,
        scopes: meaning::in_words(&needed, &context.snapshot, look.language),
        resources: needed.resources.iter().collect(),
        registered_itself: client.registered_itself,
        sent_to: sent_to.as_deref(),
        csrf: &csrf::token(&context.keyring, Bound::Session(person)),
        flow: &flow.seal(&context.keyring)?,
        other_account: &session::with_return_to("/auth/login", resume),
    };
    let policy = Policy::strict()
        .leading_to(&request.recipient.redirect_uri)
        .showing(logo);
    Ok(pages::page(StatusCode::OK, &page, look, &policy))
}

/// Where the person is sent, in short: the host, or the scheme of an app on their device.
fn destination(redirect_uri: &str) -> Option<String> {
    let uri = Url::parse(redirect_uri).ok()?;
    Some(uri.host_str().unwrap_or(uri.scheme()).to_owned())
}

/// `POST /auth/consent`
pub(in crate::modules::oidc_provider) async fn decide(
    State(context): State<Context>,
    browser: Browser,
    reader: Reader,
    visitor: Visitor,
    headers: HeaderMap,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let answered = interruption::answered(&context, &browser, &reader, visitor, &form);
    let Answered { look, flow, person } = match answered {
        Ok(answered) => answered,
        Err(page) => return Ok(*page),
    };
    let Some(person) = person else {
        // Whoever is signed in by now is asked for themselves.
        let response = redirect(&authorize::resume(&context, &flow)?);
        return Ok(browser.kept_with(&context, response));
    };
    if !csrf::is_ours(&context, &headers, Bound::Session(&person), &form) {
        return Ok(foreign(&look, &address(&context, &flow)?));
    }
    let request = match request::check(&context.snapshot, &flow.asked) {
        Ok(request) => request,
        Err(refusal) => return Ok(authorize::refuse(&context, &look, &refusal)),
    };
    match form.get("decision") {
        Some("deny") => Ok(request.recipient.refuse(
            &context,
            &look,
            ErrorCode::AccessDenied,
            "the person did not consent",
        )),
        Some("allow") => {
            // The sign-in may have grown too old while the page was open.
            match authorize::next_step(&context, &request, Some(&person), &flow).await? {
                Step::Consent | Step::Grant => {
                    let allowed = request.needed(&context.site.issuer);
                    authorize::grant(&context, &look, &request, &person, Some(&allowed)).await
                }
                Step::SignIn
                | Step::Register
                | Step::SecondFactor
                | Step::ChooseAccount
                | Step::Refuse(..) => Ok(redirect(&authorize::resume(&context, &flow)?)),
            }
        }
        _ => Ok(foreign(&look, &address(&context, &flow)?)),
    }
}

/// The page for a form that no page of ours sent, or that a session no longer has.
fn foreign(look: &Look, again: &str) -> Response {
    let texts = &look.language.consent;
    interruption::stale(look, texts.stale, texts.stale_message, again)
}
