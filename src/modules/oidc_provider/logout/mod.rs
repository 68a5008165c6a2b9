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
use crate::{
    generation::Client,
    modules::{
        Context, Problem,
        form::StrictForm,
        pages::{self, Look, Policy, Reader, Trouble, languages},
        parameters::Parameters,
        session::{
            self, ClientAddress, SignedIn, Visitor,
            csrf::{self, Bound},
        },
    },
};

/// The endpoint.
pub(super) const LOGOUT_PATH: &str = "/auth/logout";

/// Longest query: an ID token and an address.
const MAX_REQUEST: usize = 8 * 1024;

#[derive(Template)]
#[template(path = "oidc_provider/templates/logout.html")]
struct LogoutPage<'a> {
    look: &'a Look,
    texts: &'static languages::Logout,
    client: Option<&'a str>,
    person: &'a str,
    csrf: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

/// `GET /auth/logout`
pub(super) async fn get(
    State(context): State<Context>,
    address: ClientAddress,
    reader: Reader,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = uri.query().unwrap_or_default();
    let parameters = match Parameters::parse(query.as_bytes()) {
        Ok(parameters) if query.len() <= MAX_REQUEST => parameters,
        _ => {
            let look = reader.look(None, visitor.person.as_ref());
            let why = "the request is too long or names a parameter twice";
            return Ok(refuse(&look, why));
        }
    };
    let look = reader.look(parameters.get("ui_locales"), visitor.person.as_ref());
    let request = match check(&context, &parameters) {
        Ok(request) => request,
        Err(why) => return Ok(refuse(&look, why)),
    };
    match visitor.person {
        None => Ok(finish(&context, &look, &[], &request)),
        Some(person) if request.is_about(&context, &person).await? => {
            end(&context, &look, &person, &address, &request).await
        }
        Some(person) => Ok(ask(&context, &look, &person, &parameters, &request)),
    }
}

/// `POST /auth/logout`: our own question answered, or a client's request, which goes on as a GET that
/// brings the cookies along.
pub(super) async fn post(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    reader: Reader,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    if form.get(csrf::FIELD).is_none() {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(form.iter());
        return Ok(redirect(&format!("{LOGOUT_PATH}?{}", query.finish())));
    }
    let look = reader.look(form.get("ui_locales"), visitor.person.as_ref());
    let request = match check(&context, &form) {
        Ok(request) => request,
        Err(why) => return Ok(refuse(&look, why)),
    };
    let Some(person) = visitor.person else {
        return Ok(finish(&context, &look, &[], &request));
    };
    let is_ours = csrf::is_ours(&context, &headers, Bound::Session(&person), &form);
    match form.get("decision") {
        Some("sign_out") if is_ours => end(&context, &look, &person, &address, &request).await,
        Some("stay") if is_ours => Ok(redirect(session::ACCOUNT_PATH)),
        _ => Ok(refuse(
            &look,
            "the answer did not come from the page you were shown",
        )),
    }
}

fn ask(
    context: &Context,
    look: &Look,
    person: &SignedIn,
    parameters: &Parameters,
    request: &LogoutRequest,
) -> Response {
    let client = request.client.as_deref();
    let page = LogoutPage {
        look,
        texts: &look.language.logout,
        client: client.map(Client::shown_name),
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
    pages::page(StatusCode::OK, &page, look, &policy)
}

async fn end(
    context: &Context,
    look: &Look,
    person: &SignedIn,
    address: &ClientAddress,
    request: &LogoutRequest,
) -> Result<Response, Problem> {
    let signed_out = session::sign_out(context, person, address).await?;
    let mut response = finish(context, look, &signed_out.pages, request);
    if let Some(cookie) = signed_out.cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

fn finish(
    context: &Context,
    look: &Look,
    loading: &[FrontChannelPage],
    request: &LogoutRequest,
) -> Response {
    match &request.next {
        Some(next) if loading.is_empty() => redirect(next),
        next => session::signed_out_page(&context.site, look, loading, next.as_deref()),
    }
}

fn refuse(look: &Look, why: &str) -> Response {
    let texts = &look.language.logout;
    Trouble {
        look,
        title: texts.refused,
        message: texts.refused_message,
        detail: Some(why),
        link: Some(pages::Link {
            href: session::ACCOUNT_PATH,
            text: look.language.common.open_account,
        }),
    }
    .show(StatusCode::BAD_REQUEST)
}
