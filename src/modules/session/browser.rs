use axum::{
    extract::FromRequestParts,
    http::{header::SET_COOKIE, request::Parts},
    response::Response,
};

use super::cookie::BROWSER;
use crate::{
    crypto::{CryptoError, token},
    modules::{Context, Problem},
};

/// The browser that asks, known by a random cookie that it keeps until it is closed.
///
/// Forms that a person sees before signing in are bound to it, and so is a flow that waits for the
/// sign-in. It says nothing about who sits there.
#[derive(Clone, Debug)]
pub struct Browser {
    id: String,
    is_new: bool,
}

/// Characters of the cookie's value: 256 bits in base64url.
const LENGTH: usize = 43;

impl Browser {
    fn new() -> Result<Self, CryptoError> {
        Ok(Self {
            id: token::opaque("")?.expose().clone(),
            is_new: true,
        })
    }

    /// What things are bound to.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `response`, with the cookie that makes a new browser known.
    pub fn kept_with(&self, context: &Context, mut response: Response) -> Response {
        if self.is_new
            && let Some(cookie) = BROWSER.set(&context.site, &self.id, None)
        {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

impl FromRequestParts<Context> for Browser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        let is_ours = |value: &&str| {
            value.len() == LENGTH
                && value
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        match BROWSER.read(&context.site, &parts.headers).filter(is_ours) {
            Some(id) => Ok(Self {
                id: id.to_owned(),
                is_new: false,
            }),
            None => Self::new().map_err(Problem::from),
        }
    }
}
