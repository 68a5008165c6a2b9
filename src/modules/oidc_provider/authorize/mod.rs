//! `/auth/authorize`: a client asks for a person's sign-in (RFC 6749 4.1, OpenID Connect Core 3.1.2).

pub(super) mod answer;
pub(super) mod asked;
pub(super) mod interruption;
mod issue;
pub(super) mod request;
mod request_object;
pub(super) mod response_mode;
mod signed_response;
pub(super) mod step;
mod step_up;

use axum::{
    body::Bytes,
    extract::{Request, State},
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};

use self::{
    answer::redirect,
    asked::NotTaken,
    request::{AuthorizationRequest, MAX_REQUEST, Refusal, Untrusted},
    step::{Situation, Step},
};
use super::{
    account_choice, consent, consent::Consented, error::ErrorCode, flow::Flow, id_token, subject,
};
use crate::{
    modules::{
        Context, Problem,
        account::registration::REGISTER_PATH,
        body::{self, BodyError},
        form,
        pages::{Link, Look, Reader, Trouble},
        parameters::Parameters,
        second_factor::{self, Standing},
        session::{Acr, Browser, SignedIn, Visitor},
    },
    store::StoreError,
};

pub(super) use self::issue::grant;

/// The endpoint.
pub(super) const AUTHORIZE_PATH: &str = "/auth/authorize";
/// Where a request goes on that had to wait for its person.
pub(super) const RESUME_PATH: &str = "/auth/authorize/resume";

/// `GET /auth/authorize`
pub(super) async fn get(
    State(context): State<Context>,
    browser: Browser,
    reader: Reader,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let encoded = uri.query().unwrap_or_default().as_bytes();
    let asked = match asked::take(&context, encoded).await {
        Ok(asked) => asked,
        Err(NotTaken::Refused(refusal)) => {
            let look = look_for(encoded, &reader, visitor.person.as_ref());
            return Ok(refuse(&context, &look, &refusal));
        }
        Err(NotTaken::Failed(problem)) => return Err(problem),
    };
    let flow = Flow::new(asked, browser.id().to_owned(), context.clock.now());
    proceed(&context, &browser, &reader, &visitor, flow).await
}

/// `POST /auth/authorize`. A form from the client's page brings no `SameSite=Lax` cookies, so it goes
/// on as a GET, which does.
pub(super) async fn post(
    State(context): State<Context>,
    reader: Reader,
    http_request: Request,
) -> Result<Response, Problem> {
    let encoded: Bytes = match body::read(http_request, form::MEDIA_TYPE, MAX_REQUEST).await {
        Ok(encoded) => encoded,
        Err(BodyError::TooLong(_)) => {
            let look = reader.look(None, None);
            return Ok(refuse(&context, &look, &Refusal::Here(Untrusted::TooLong)));
        }
        Err(error) => {
            return Err(Problem::new(error.status(), "bad-request", "Bad request")
                .detail(error.to_string()));
        }
    };
    let asked = match asked::take(&context, &encoded).await {
        Ok(asked) => asked,
        Err(NotTaken::Refused(refusal)) => {
            let look = look_for(&encoded, &reader, None);
            return Ok(refuse(&context, &look, &refusal));
        }
        Err(NotTaken::Failed(problem)) => return Err(problem),
    };
    if let Err(refusal) = request::check(&context.snapshot, &asked) {
        let look = reader.look(asked.ui_locales(), None);
        return Ok(refuse(&context, &look, &refusal));
    }
    let flow = Flow::new(asked, String::new(), context.clock.now());
    Ok(redirect(&resume(&context, &flow)?))
}

/// `GET /auth/authorize/resume`
pub(super) async fn resume_waiting(
    State(context): State<Context>,
    browser: Browser,
    reader: Reader,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let Some(flow) = opened(&context, uri.query().unwrap_or_default()) else {
        return Ok(unreadable(&reader.look(None, visitor.person.as_ref())));
    };
    let flow = flow.continued(browser.id(), context.clock.now());
    proceed(&context, &browser, &reader, &visitor, flow).await
}

/// The address at which the flow goes on.
pub(super) fn resume(context: &Context, flow: &Flow) -> Result<String, Problem> {
    Ok(format!(
        "{RESUME_PATH}?flow={}",
        flow.seal(&context.keyring)?
    ))
}

/// How a page about a request is shown that could not be taken.
fn look_for(encoded: &[u8], reader: &Reader, person: Option<&SignedIn>) -> Look {
    reader.look(Parameters::unambiguous(encoded).get("ui_locales"), person)
}

/// The flow of a query or form.
pub(super) fn opened(context: &Context, query: &str) -> Option<Flow> {
    let parameters = Parameters::parse(query.as_bytes()).ok()?;
    Flow::open(&context.keyring, parameters.get("flow")?)
}

async fn proceed(
    context: &Context,
    browser: &Browser,
    reader: &Reader,
    visitor: &Visitor,
    flow: Flow,
) -> Result<Response, Problem> {
    let person = visitor.person.as_ref();
    let look = reader.look(flow.asked.ui_locales(), person);
    let request = match request::check(&context.snapshot, &flow.asked) {
        Ok(request) => request,
        Err(refusal) => return Ok(refuse(context, &look, &refusal)),
    };
    let response = match next_step(context, &request, person, &flow).await? {
        Step::Refuse(code, why) => request.recipient.refuse(context, &look, code, why),
        Step::SignIn => redirect(&crate::modules::session::with_return_to(
            "/auth/login",
            &resume(context, &flow)?,
        )),
        Step::SecondFactor => redirect(&second_factor::step_up_address(&resume(context, &flow)?)),
        Step::Register => redirect(&crate::modules::session::with_return_to(
            REGISTER_PATH,
            &resume(context, &flow)?,
        )),
        Step::ChooseAccount => redirect(&account_choice::address(context, &flow)?),
        Step::Consent => redirect(&consent::address(context, &flow)?),
        Step::Grant => match person {
            Some(person) => grant(context, &look, &request, person, None).await?,
            None => Problem::internal(&NobodyToGrant).into_response(),
        },
    };
    Ok(browser.kept_with(context, response))
}

/// A step was decided that the situation rules out.
#[derive(Debug, thiserror::Error)]
#[error("a code was to be granted, but nobody is signed in")]
struct NobodyToGrant;

/// What comes next for this request and person.
pub(super) async fn next_step(
    context: &Context,
    request: &AuthorizationRequest,
    person: Option<&SignedIn>,
    flow: &Flow,
) -> Result<Step, StoreError> {
    let hinted = match hinted_person(context, request) {
        Ok(hinted) => hinted,
        Err((code, why)) => return Ok(Step::Refuse(code, why)),
    };
    let consented = match person {
        None => Consented::default(),
        Some(person) => {
            consent::recorded(&context.store, &person.user_id, &request.client.uid).await?
        }
    };
    let reachable = Acr::reachable(&context.snapshot);
    let second_factor = match person {
        Some(person) if step::proves_too_little(request, Some(person), reachable) => {
            second_factor::standing(context, person).await?
        }
        _ => Standing::Nothing,
    };
    let subject = person
        .map(|person| subject::of(&context.keyring, &request.client, &person.user_id))
        .unwrap_or_default();
    Ok(step::next(
        request,
        &Situation {
            person,
            subject: &subject,
            second_factor,
            reachable,
            asked_at: flow.asked_at,
            chosen: flow.chosen.as_deref(),
            now: context.clock.now(),
            hinted: hinted.as_deref(),
            issuer: &context.site.issuer,
            consented: &consented,
        },
    ))
}

/// The person that the `id_token_hint` names, if there is one: as the client calls them.
pub(super) fn hinted_person(
    context: &Context,
    request: &AuthorizationRequest,
) -> Result<Option<String>, (ErrorCode, &'static str)> {
    let Some(hint) = &request.id_token_hint else {
        return Ok(None);
    };
    match id_token::hinted(context, hint) {
        Some(hint) if hint.aud == request.client.name => Ok(Some(hint.sub)),
        _ => Err((
            ErrorCode::InvalidRequest,
            "id_token_hint is not an ID token of this provider for this client",
        )),
    }
}

/// Says no: to the client where its address is verified, and to the person otherwise.
pub(super) fn refuse(context: &Context, look: &Look, refusal: &Refusal) -> Response {
    match refusal {
        Refusal::There(recipient, code, description) => {
            recipient.refuse(context, look, *code, description)
        }
        Refusal::Here(why) => Trouble {
            link: way_back(why).map(|href| Link {
                href,
                text: look.language.authorize.way_back,
            }),
            look,
            title: look.language.authorize.refused,
            message: look.language.authorize.refused_message,
            detail: Some(&why.to_string()),
        }
        .show(StatusCode::BAD_REQUEST),
    }
}

/// Where the person goes from a page that leads nowhere else.
fn way_back(why: &Untrusted) -> Option<&str> {
    match why {
        Untrusted::NotPushed { start_again } => start_again.as_deref(),
        _ => None,
    }
}

/// The page for a flow that is not ours, or that an older key sealed.
pub(super) fn unreadable(look: &Look) -> Response {
    Trouble {
        look,
        title: look.language.authorize.unreadable,
        message: look.language.authorize.unreadable_message,
        detail: None,
        link: None,
    }
    .show(StatusCode::BAD_REQUEST)
}
