//! `/auth/logout`: a client asks to sign the person out (OpenID Connect RP-Initiated Logout 1.0).

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header::SET_COOKIE},
    response::Response,
};

use super::{authorize::answer::redirect, id_token};
use crate::{
    generation::Client,
    modules::{
        Context, Problem,
        form::StrictForm,
        pages::{self, Policy, Trouble},
        parameters::{Parameters, append},
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

/// A logout request, checked.
struct LogoutRequest {
    client: Option<Arc<Client>>,
    /// Whom the hint names.
    subject: Option<String>,
    /// Where the browser goes afterwards: an address that the client registered.
    next: Option<String>,
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
        None => Ok(finish(&request)),
        // Only who shows an ID token of this very person may sign them out without a word.
        Some(person) if request.subject.as_deref() == Some(&*person.user_id) => {
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
        return Ok(finish(&request));
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

fn check(context: &Context, parameters: &Parameters) -> Result<LogoutRequest, &'static str> {
    let hint = match parameters.get("id_token_hint") {
        None => None,
        Some(hint) => Some(
            id_token::hinted(context, hint)
                .ok_or("id_token_hint is not an ID token of this provider")?,
        ),
    };
    let hinted_client = hint.as_ref().map(|hint| hint.aud.as_str());
    let client_id = match (parameters.get("client_id"), hinted_client) {
        (Some(named), Some(hinted)) if named != hinted => {
            return Err("id_token_hint was given to another client than client_id");
        }
        (named, hinted) => named.or(hinted),
    };
    let client = client_id
        .and_then(|client_id| context.snapshot.client(client_id))
        .filter(|client| client.spec.enabled);
    let next = match parameters.get("post_logout_redirect_uri") {
        None => None,
        Some(uri) => {
            let is_registered = client.is_some_and(|client| {
                let mut uris = client.spec.post_logout_redirect_uris.iter();
                uris.any(|registered| registered.as_str() == uri)
            });
            if !is_registered {
                return Err("post_logout_redirect_uri is not one that this client has registered");
            }
            let state = parameters.get("state").unwrap_or_default();
            Some(if state.is_empty() {
                uri.to_owned()
            } else {
                append(uri, &[("state", state.into())])
            })
        }
    };
    Ok(LogoutRequest {
        client: client.cloned(),
        subject: hint.map(|hint| hint.sub),
        next,
    })
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
            .filter(|(name, _)| {
                [
                    "client_id",
                    "post_logout_redirect_uri",
                    "state",
                    "id_token_hint",
                ]
                .contains(name)
            })
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
    let cookie = session::sign_out(context, person, address).await?;
    let mut response = finish(request);
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

fn finish(request: &LogoutRequest) -> Response {
    match &request.next {
        Some(next) => redirect(next),
        None => session::signed_out_page(),
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
