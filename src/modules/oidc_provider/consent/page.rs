use askama::Template;
use assay_reconciler::spec::WebUri;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header::SET_COOKIE},
    response::Response,
};
use url::Url;

use super::{
    super::{
        authorize::{
            self,
            answer::redirect,
            request::{self, AuthorizationRequest},
            step::Step,
        },
        error::ErrorCode,
        flow::Flow,
    },
    address, meaning,
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
    if step != Step::Consent {
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
    // From here on it is this person's: another one who signs in here does not find it answered.
    let flow = Flow {
        bound_to: person.session_id.clone(),
        ..flow
    };
    let spec = &request.client.spec;
    let needed = request.needed(&context.site.issuer);
    let logo = spec.logo_uri.as_ref().map(WebUri::as_str);
    let registered_itself = request.client.registered_itself;
    let sent_to = registered_itself
        .then(|| destination(&request.recipient.redirect_uri))
        .flatten();
    let page = ConsentPage {
        look,
        texts: &look.language.consent,
        client: spec.display_name.as_deref().unwrap_or(&request.client.name),
        logo,
        policy: spec.policy_uri.as_ref().map(WebUri::as_str),
        terms: spec.tos_uri.as_ref().map(WebUri::as_str),
        person: &person.email,
        scopes: meaning::in_words(&needed, &context.snapshot, look.language),
        resources: needed.resources.iter().collect(),
        registered_itself,
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
    let sealed = form.get("flow").unwrap_or_default();
    let Some(mut flow) = Flow::open(&context.keyring, sealed) else {
        return Ok(authorize::unreadable(
            &reader.look(None, visitor.person.as_ref()),
        ));
    };
    let look = reader.look(flow.asked.ui_locales(), visitor.person.as_ref());
    let asked_in = std::mem::replace(&mut flow.bound_to, browser.id().to_owned());
    let Some(person) = visitor
        .person
        .filter(|person| person.session_id == asked_in)
    else {
        // Somebody else is signed in by now, or nobody: they are asked for themselves.
        let mut response = redirect(&authorize::resume(&context, &flow)?);
        if let Some(cookie) = browser.set_cookie(&context) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        return Ok(response);
    };
    let sent = form.get(csrf::FIELD);
    if session::require_same_origin(&context.site, &headers).is_err()
        || !csrf::is_valid(&context.keyring, Bound::Session(&person), sent)
    {
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
                Step::SignIn | Step::ChooseAccount | Step::Refuse(..) => {
                    Ok(redirect(&authorize::resume(&context, &flow)?))
                }
            }
        }
        _ => Ok(foreign(&look, &address(&context, &flow)?)),
    }
}

/// The page for a form that no page of ours sent, or that a session no longer has.
fn foreign(look: &Look, again: &str) -> Response {
    let texts = &look.language.consent;
    Trouble {
        look,
        title: texts.stale,
        message: texts.stale_message,
        detail: None,
        link: Some(Link {
            href: again,
            text: texts.again,
        }),
    }
    .show(StatusCode::FORBIDDEN)
}
