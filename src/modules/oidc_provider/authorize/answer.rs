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

use super::{
    super::error::ErrorCode,
    issue::Issued,
    response_mode::{Carrier, ResponseMode},
    signed_response,
};
use crate::{
    crypto::SigningAlgorithm,
    modules::{
        Context, Problem,
        pages::{self, Look, Policy},
        parameters::{append, append_fragment},
    },
};

/// A verified place to send the browser to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::modules::oidc_provider) struct Recipient {
    pub(in crate::modules::oidc_provider) client_id: String,
    pub(in crate::modules::oidc_provider) redirect_uri: String,
    pub(in crate::modules::oidc_provider) state: Option<String>,
    pub(in crate::modules::oidc_provider) mode: ResponseMode,
    /// What signs the answer, if the mode wants it signed.
    pub(in crate::modules::oidc_provider) algorithm: SigningAlgorithm,
}

/// Sends the page's only form. Without script, a button does.
const SUBMIT: &str = "document.forms[0].submit()";

#[derive(Template)]
#[template(path = "oidc_provider/templates/form_post.html")]
struct FormPostPage<'a> {
    look: &'a Look,
    redirect_uri: &'a str,
    parameters: &'a [(&'a str, Cow<'a, str>)],
    submit: &'static str,
}

impl Recipient {
    /// Sends the browser back with what was granted.
    pub(super) fn grant(&self, context: &Context, look: &Look, issued: Issued) -> Response {
        let issued = issued.0.into_iter();
        let parameters = issued.map(|(name, value)| (name, Cow::Owned(value)));
        self.send(context, look, parameters.collect())
    }

    /// Sends the browser back with a refusal.
    pub(in crate::modules::oidc_provider) fn refuse(
        &self,
        context: &Context,
        look: &Look,
        code: ErrorCode,
        description: &str,
    ) -> Response {
        let parameters = vec![
            ("error", Cow::Borrowed(code.name())),
            ("error_description", Cow::Borrowed(description)),
        ];
        self.send(context, look, parameters)
    }

    fn send<'a>(
        &'a self,
        context: &'a Context,
        look: &Look,
        mut parameters: Vec<(&'a str, Cow<'a, str>)>,
    ) -> Response {
        if let Some(state) = &self.state {
            parameters.push(("state", Cow::Borrowed(state)));
        }
        if self.mode.is_signed {
            match signed_response::make(context, self, &parameters) {
                Ok(response) => parameters = vec![("response", Cow::Owned(response))],
                // Not without its signature: the client would have to take it for forged.
                Err(error) => return Problem::internal(&error).into_response(),
            }
        } else {
            // RFC 9207: tells a client of several providers which one answered.
            parameters.push(("iss", Cow::Borrowed(&context.site.issuer)));
        }
        match self.mode.carrier {
            Carrier::Query => redirect(&append(&self.redirect_uri, &parameters)),
            Carrier::Fragment => redirect(&append_fragment(&self.redirect_uri, &parameters)),
            Carrier::FormPost => pages::page(
                StatusCode::OK,
                &FormPostPage {
                    look,
                    redirect_uri: &self.redirect_uri,
                    parameters: &parameters,
                    submit: SUBMIT,
                },
                look,
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
