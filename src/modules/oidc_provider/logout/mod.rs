//! `/auth/logout`: a client asks to sign the person out (OpenID Connect RP-Initiated Logout 1.0).

mod delivery;
mod ended;
mod listing;
mod logout_token;
mod notice;
mod request;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header::SET_COOKIE},
    response::Response,
};

pub(super) use self::delivery::run as deliver;
use self::request::{LogoutRequest, PARAMETERS, check};
pub use self::{
    delivery::LogoutNotices,
    ended::{FrontChannelPage, session_ended},
    listing::{LogoutNotice, LogoutNoticesListed, NoticeState, list},
};
use super::authorize::answer::redirect;
use crate::modules::{
    Context, Problem,
    form::StrictForm,
    pages::{self, Policy, Trouble},
    parameters::Parameters,
    session::{
        self, ClientAddress, SignedIn, Visitor,
        csrf::{self, Bound},
    },
};

/// The endpoint.
pub(super) const LOGOUT_PATH: &str = "/auth/logout";

/// Longest query: an ID token and an address.
const MAX_REQUEST: usize = 8 * 1024;

/// Words of the page.
struct Texts {
    title: &'static str,
    asks: &'static str,
    signed_in_as: &'static str,
    yes: &'static str,
    no: &'static str,
}

const ENGLISH: Texts = Texts {
    title: "Sign out?",
    asks: "asks to sign you out here.",
    signed_in_as: "You are signed in as",
    yes: "Sign out",
    no: "Stay signed in",
};

#[derive(Template)]
#[template(path = "oidc_provider/templates/logout.html")]
struct LogoutPage<'a> {
    texts: &'static Texts,
    client: Option<&'a str>,
    person: &'a str,
    csrf: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

/// `GET /auth/logout`
pub(super) async fn get(
    State(context): State<Context>,
    address: ClientAddress,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = uri.query().unwrap_or_default();
    let parameters = match Parameters::parse(query.as_bytes()) {
        Ok(parameters) if query.len() <= MAX_REQUEST => parameters,
        _ => return Ok(refuse("the request is too long or names a parameter twice")),
    };
    let request = match check(&context, &parameters) {
        Ok(request) => request,
        Err(why) => return Ok(refuse(why)),
    };
    match visitor.person {
        None => Ok(finish(&context, &[], &request)),
        Some(person) if request.is_about(&context, &person).await? => {
            end(&context, &person, &address, &request).await
        }
        Some(person) => Ok(ask(&context, &person, &parameters, &request)),
    }
}

/// `POST /auth/logout`: our own question answered, or a client's request, which goes on as a GET that
/// brings the cookies along.
pub(super) async fn post(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    if form.get(csrf::FIELD).is_none() {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(form.iter());
        return Ok(redirect(&format!("{LOGOUT_PATH}?{}", query.finish())));
    }
    let request = match check(&context, &form) {
        Ok(request) => request,
        Err(why) => return Ok(refuse(why)),
    };
    let Some(person) = visitor.person else {
        return Ok(finish(&context, &[], &request));
    };
    let is_ours = session::require_same_origin(&context.site, &headers).is_ok()
        && csrf::is_valid(
            &context.keyring,
            Bound::Session(&person),
            form.get(csrf::FIELD),
        );
    match form.get("decision") {
        Some("sign_out") if is_ours => end(&context, &person, &address, &request).await,
        Some("stay") if is_ours => Ok(redirect(session::ACCOUNT_PATH)),
        _ => Ok(refuse(
            "the answer did not come from the page you were shown",
        )),
    }
}

fn ask(
    context: &Context,
    person: &SignedIn,
    parameters: &Parameters,
    request: &LogoutRequest,
) -> Response {
    let client = request.client.as_deref();
    let page = LogoutPage {
        texts: &ENGLISH,
        client: client.map(|client| client.spec.display_name.as_deref().unwrap_or(&client.name)),
        person: &person.email,
        csrf: &csrf::token(&context.keyring, Bound::Session(person)),
        parameters: parameters
            .iter()
            .filter(|(name, _)| PARAMETERS.contains(name))
            .collect(),
    };
    let policy = match &request.next {
        Some(next) => Policy::strict().leading_to(next),
        None => Policy::strict(),
    };
    pages::page(StatusCode::OK, &page, &policy)
}

async fn end(
    context: &Context,
    person: &SignedIn,
    address: &ClientAddress,
    request: &LogoutRequest,
) -> Result<Response, Problem> {
    let signed_out = session::sign_out(context, person, address).await?;
    let mut response = finish(context, &signed_out.pages, request);
    if let Some(cookie) = signed_out.cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

fn finish(context: &Context, loading: &[FrontChannelPage], request: &LogoutRequest) -> Response {
    match &request.next {
        Some(next) if loading.is_empty() => redirect(next),
        next => session::signed_out_page(&context.site, loading, next.as_deref()),
    }
}

fn refuse(why: &str) -> Response {
    Trouble {
        title: "You were not signed out",
        message: "The application that sent you here made a request that we cannot answer. \
                  You can sign out on the page of your account.",
        detail: Some(why),
        link: Some(pages::Link {
            href: session::ACCOUNT_PATH,
            text: "Open your account",
        }),
    }
    .show(StatusCode::BAD_REQUEST)
}
