//! `/auth/device`: the person types the code, signs in if need be, and answers.

use std::time::Duration;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header::RETRY_AFTER},
    response::Response,
};

use super::{
    super::{authorize::answer::redirect, consent},
    DEVICE_PATH,
    decision::{self, Asked, Outcome},
    flow::DeviceFlow,
    guessing::{self, Typed},
    user_code::UserCode,
};
use crate::modules::{
    Context, Problem,
    form::StrictForm,
    pages::{self, Link, Look, Policy, Reader, Trouble, languages},
    parameters::Parameters,
    second_factor::{self, Standing},
    session::{
        self, Acr, Browser, ClientAddress, SignedIn, Visitor,
        csrf::{self, Bound},
    },
};

/// When somebody who typed too many wrong codes may come again.
const COME_AGAIN: Duration = Duration::from_mins(10);

#[derive(Template)]
#[template(path = "oidc_provider/templates/device_code.html")]
struct CodePage<'a> {
    look: &'a Look,
    texts: &'static languages::Device,
    action: &'static str,
    notice: Option<&'static str>,
    user_code: &'a str,
    csrf: &'a str,
}

#[derive(Template)]
#[template(path = "oidc_provider/templates/device_question.html")]
struct QuestionPage<'a> {
    look: &'a Look,
    texts: &'static languages::Device,
    action: &'static str,
    client: &'a str,
    logo: Option<&'a str>,
    user_code: &'a str,
    person: &'a str,
    scopes: Vec<(&'a str, Option<&'a str>)>,
    resources: Vec<&'a str>,
    registered_itself: bool,
    csrf: &'a str,
    flow: &'a str,
    other_account: &'a str,
}

#[derive(Template)]
#[template(path = "oidc_provider/templates/device_done.html")]
struct DonePage<'a> {
    look: &'a Look,
    title: &'static str,
    message: &'static str,
}

/// `GET /auth/device`
pub(in crate::modules::oidc_provider) async fn show(
    State(context): State<Context>,
    browser: Browser,
    reader: Reader,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let look = reader.look(None, visitor.person.as_ref());
    let query = Parameters::parse(uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let Some(sealed) = query.get("flow") else {
        // RFC 8628 3.3.1: a code that came with the address is shown, and never taken unseen.
        let code = query.get("user_code").and_then(UserCode::parse);
        return Ok(ask_for_code(
            &context,
            &look,
            &browser,
            StatusCode::OK,
            None,
            code,
        ));
    };
    let flow = DeviceFlow::open(&context.keyring, sealed)
        // Somebody else typed it: who is here types it themselves, and reads what the page says.
        .filter(|flow| flow.bound_to == browser.id());
    let Some(flow) = flow else {
        return Ok(redirect(DEVICE_PATH));
    };
    let Some(asked) = decision::asked(&context, &flow.user_code).await? else {
        return Ok(wrong(&context, &look, &browser, StatusCode::OK));
    };
    let person = visitor.person.filter(|person| {
        decision::is_recent_enough(person, &asked, flow.typed_at, context.clock.now())
    });
    let here = flow.address(&context.keyring)?;
    match person {
        None => Ok(redirect(&session::with_return_to("/auth/login", &here))),
        Some(person) if !decision::proves_enough(&person, &asked) => {
            let is_fresh = person.authenticated_at >= flow.typed_at;
            prove_more(&context, &look, &person, is_fresh, &here).await
        }
        Some(person) => put_question(&context, &look, &asked, &person, flow, &here),
    }
}

/// The way to a second factor for somebody who has shown one. Where there are none, only another way of
/// signing in can be two, and who has just signed in has not taken it.
async fn prove_more(
    context: &Context,
    look: &Look,
    person: &SignedIn,
    is_fresh: bool,
    here: &str,
) -> Result<Response, Problem> {
    if second_factor::standing(context, person).await? != Standing::Nothing {
        return Ok(redirect(&second_factor::step_up_address(here)));
    }
    let is_reachable = Acr::reachable(&context.snapshot) == Some(Acr::MultiFactor);
    let sign_in = session::with_return_to("/auth/login", here);
    if is_reachable && !is_fresh {
        return Ok(redirect(&sign_in));
    }
    let texts = &look.language.login;
    let trouble = Trouble {
        look,
        title: texts.refused,
        message: texts.refused_message,
        detail: None,
        link: is_reachable.then_some(Link {
            href: &sign_in,
            text: look.language.common.other_account,
        }),
    };
    Ok(trouble.show(StatusCode::FORBIDDEN))
}

fn put_question(
    context: &Context,
    look: &Look,
    asked: &Asked,
    person: &SignedIn,
    flow: DeviceFlow,
    here: &str,
) -> Result<Response, Problem> {
    // From here on it is this person's: another one who signs in here does not find it answered.
    let flow = DeviceFlow {
        bound_to: person.session_id.clone(),
        ..flow
    };
    let logo = asked.client.logo();
    let resources = asked.resources.beyond(&context.site.issuer);
    let page = QuestionPage {
        look,
        texts: &look.language.device,
        action: DEVICE_PATH,
        client: asked.client.shown_name(),
        logo,
        user_code: &flow.user_code.to_string(),
        person: &person.email,
        scopes: consent::of_scopes(&asked.scopes, &context.snapshot, look.language),
        resources: resources.iter().collect(),
        registered_itself: asked.client.registered_itself,
        csrf: &csrf::token(&context.keyring, Bound::Session(person)),
        flow: &flow.seal(&context.keyring)?,
        other_account: &session::with_return_to("/auth/login", here),
    };
    Ok(pages::page(
        StatusCode::OK,
        &page,
        look,
        &Policy::strict().showing(logo),
    ))
}

/// `POST /auth/device`: the code, or the answer.
pub(in crate::modules::oidc_provider) async fn submit(
    State(context): State<Context>,
    browser: Browser,
    reader: Reader,
    visitor: Visitor,
    address: ClientAddress,
    headers: HeaderMap,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let look = reader.look(None, visitor.person.as_ref());
    let sent = Sent {
        address: &address,
        headers: &headers,
        form: &form,
    };
    match form.get("flow") {
        None => take_code(&context, &look, &browser, sent).await,
        Some(sealed) => {
            let Some(flow) = DeviceFlow::open(&context.keyring, sealed) else {
                return Ok(redirect(DEVICE_PATH));
            };
            take_answer(&context, &look, &browser, visitor.person, sent, flow).await
        }
    }
}

async fn take_code(
    context: &Context,
    look: &Look,
    browser: &Browser,
    sent: Sent<'_>,
) -> Result<Response, Problem> {
    let texts = &look.language.device;
    let typed = sent.form.get("user_code").unwrap_or_default();
    let code = UserCode::parse(typed);
    if !sent.is_ours(context, Bound::Browser(browser)) {
        let (status, notice) = (StatusCode::FORBIDDEN, Some(texts.stale));
        return Ok(ask_for_code(context, look, browser, status, notice, code));
    }
    let Some(user_code) = code else {
        return Ok(wrong(context, look, browser, StatusCode::BAD_REQUEST));
    };
    match guessing::look_up(context, browser, sent.address, &user_code).await? {
        Typed::Found => {
            let flow = DeviceFlow {
                user_code,
                typed_at: context.clock.now(),
                bound_to: browser.id().to_owned(),
            };
            Ok(redirect(&flow.address(&context.keyring)?))
        }
        Typed::Wrong => Ok(wrong(context, look, browser, StatusCode::BAD_REQUEST)),
        Typed::TooMany => {
            let (status, notice) = (StatusCode::TOO_MANY_REQUESTS, Some(texts.too_many));
            let mut page = ask_for_code(context, look, browser, status, notice, None);
            let seconds = HeaderValue::from(COME_AGAIN.as_secs());
            page.headers_mut().insert(RETRY_AFTER, seconds);
            Ok(page)
        }
    }
}

/// How the answer came.
struct Sent<'a> {
    address: &'a ClientAddress,
    headers: &'a HeaderMap,
    form: &'a Parameters,
}

impl Sent<'_> {
    fn is_ours(&self, context: &Context, bound: Bound<'_>) -> bool {
        csrf::is_ours(context, self.headers, bound, self.form)
    }
}

async fn take_answer(
    context: &Context,
    look: &Look,
    browser: &Browser,
    person: Option<SignedIn>,
    sent: Sent<'_>,
    flow: DeviceFlow,
) -> Result<Response, Problem> {
    let texts = &look.language.device;
    let again = DeviceFlow {
        user_code: flow.user_code.clone(),
        typed_at: flow.typed_at,
        bound_to: browser.id().to_owned(),
    };
    let again = again.address(&context.keyring)?;
    let Some(person) = person.filter(|person| person.session_id == flow.bound_to) else {
        // Somebody else is signed in by now, or nobody: they type the code themselves.
        return Ok(redirect(DEVICE_PATH));
    };
    if !sent.is_ours(context, Bound::Session(&person)) {
        let (status, notice) = (StatusCode::FORBIDDEN, Some(texts.stale));
        let code = Some(flow.user_code);
        return Ok(ask_for_code(context, look, browser, status, notice, code));
    }
    let outcome = match sent.form.get("decision") {
        Some("allow") => decision::allow(context, &person, &flow, sent.address).await?,
        Some("deny") => decision::deny(context, &person, &flow, sent.address).await?,
        _ => return Ok(redirect(&again)),
    };
    let (title, message) = match outcome {
        Outcome::Allowed => (texts.allowed, texts.go_back),
        Outcome::Denied => (texts.denied, texts.nothing),
        Outcome::SignInAgain => return Ok(redirect(&again)),
        Outcome::Gone => return Ok(wrong(context, look, browser, StatusCode::OK)),
    };
    let page = DonePage {
        look,
        title,
        message,
    };
    Ok(pages::page(StatusCode::OK, &page, look, &Policy::strict()))
}

fn wrong(context: &Context, look: &Look, browser: &Browser, status: StatusCode) -> Response {
    let texts = &look.language.device;
    ask_for_code(context, look, browser, status, Some(texts.wrong), None)
}

fn ask_for_code(
    context: &Context,
    look: &Look,
    browser: &Browser,
    status: StatusCode,
    notice: Option<&'static str>,
    user_code: Option<UserCode>,
) -> Response {
    let page = CodePage {
        look,
        texts: &look.language.device,
        action: DEVICE_PATH,
        notice,
        user_code: &user_code.map(|code| code.to_string()).unwrap_or_default(),
        csrf: &csrf::token(&context.keyring, Bound::Browser(browser)),
    };
    let page = pages::page(status, &page, look, &Policy::strict());
    browser.kept_with(context, page)
}
