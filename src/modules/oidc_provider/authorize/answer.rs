//! Where an authorization response goes, and how it gets there.

use std::borrow::Cow;

use askama::Template;
use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY},
    },
    response::{IntoResponse, Response},
};

use super::super::error::ErrorCode;
use crate::modules::{
    Problem,
    pages::{self, Policy},
    parameters::append,
};

/// A verified place to send the browser to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::modules::oidc_provider) struct Recipient {
    pub(in crate::modules::oidc_provider) redirect_uri: String,
    pub(in crate::modules::oidc_provider) state: Option<String>,
    pub(in crate::modules::oidc_provider) mode: ResponseMode,
}

/// How the parameters of the response travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::modules::oidc_provider) enum ResponseMode {
    /// In the query of the redirect URI.
    Query,
    /// In a form that the browser posts (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

/// Sends the page's only form. Without script, a button does.
const SUBMIT: &str = "document.forms[0].submit()";

#[derive(Template)]
#[template(path = "oidc_provider/templates/form_post.html")]
struct FormPostPage<'a> {
    redirect_uri: &'a str,
    parameters: &'a [(&'a str, Cow<'a, str>)],
    submit: &'static str,
}

impl Recipient {
    /// Sends the browser back with a code.
    pub(in crate::modules::oidc_provider) fn grant(&self, issuer: &str, code: &str) -> Response {
        self.send(issuer, vec![("code", Cow::Borrowed(code))])
    }

    /// Sends the browser back with a refusal.
    pub(in crate::modules::oidc_provider) fn refuse(
        &self,
        issuer: &str,
        code: ErrorCode,
        description: &str,
    ) -> Response {
        let parameters = vec![
            ("error", Cow::Borrowed(code.name())),
            ("error_description", Cow::Borrowed(description)),
        ];
        self.send(issuer, parameters)
    }

    fn send<'a>(
        &'a self,
        issuer: &'a str,
        mut parameters: Vec<(&'a str, Cow<'a, str>)>,
    ) -> Response {
        if let Some(state) = &self.state {
            parameters.push(("state", Cow::Borrowed(state)));
        }
        // RFC 9207: tells a client of several providers which one answered.
        parameters.push(("iss", Cow::Borrowed(issuer)));
        match self.mode {
            ResponseMode::Query => redirect(&append(&self.redirect_uri, &parameters)),
            ResponseMode::FormPost => pages::page(
                StatusCode::OK,
                &FormPostPage {
                    redirect_uri: &self.redirect_uri,
                    parameters: &parameters,
                    submit: SUBMIT,
                },
                &Policy::strict()
                    .leading_to(&self.redirect_uri)
                    .running(SUBMIT),
            ),
        }
    }
}

/// Sends the browser on with a GET (RFC 9700 4.12: never 307, which would repeat a password).
pub(in crate::modules::oidc_provider) fn redirect(to: &str) -> Response {
    let Ok(location) = HeaderValue::try_from(to) else {
        return Problem::bad_request("the address to return to is not ASCII").into_response();
    };
    let headers = [
        (LOCATION, location),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}
