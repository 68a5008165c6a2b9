//! The body of a form.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header::CONTENT_TYPE},
};

use super::{
    Problem,
    parameters::{Parameters, ParametersError},
};

/// Longest form in bytes: a flow that waits for consent is part of one.
pub const MAX_FORM: usize = 64 * 1024;

/// The parameters of a body of `application/x-www-form-urlencoded`, taken strictly.
#[derive(Debug)]
pub struct StrictForm(pub Parameters);

/// Why a body is no form.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// Another content type, or none.
    #[error("the body must be application/x-www-form-urlencoded")]
    ContentType,
    /// Over [`MAX_FORM`].
    #[error("the body may have {MAX_FORM} bytes at most")]
    TooLong,
    /// It was cut off.
    #[error("the body could not be read")]
    Unreadable,
    /// What is in it.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
}

impl FormError {
    /// The status that says it.
    pub const fn status(&self) -> StatusCode {
        match self {
            FormError::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            FormError::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            FormError::Unreadable | FormError::Parameters(_) => StatusCode::BAD_REQUEST,
        }
    }
}

impl StrictForm {
    /// Reads the request's body.
    pub async fn read(request: Request) -> Result<Self, FormError> {
        let body = read_encoded(request, MAX_FORM).await?;
        Ok(Self(Parameters::parse(&body)?))
    }
}

/// The body of a form as it was sent, of at most `limit` bytes.
pub async fn read_encoded(request: Request, limit: usize) -> Result<Bytes, FormError> {
    let is_form = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|value| {
            value
                .trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
    if !is_form {
        return Err(FormError::ContentType);
    }
    axum::body::to_bytes(request.into_body(), limit)
        .await
        .map_err(|error| {
            if is_length_limit(&error) {
                FormError::TooLong
            } else {
                FormError::Unreadable
            }
        })
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

impl<S: Send + Sync> FromRequest<S> for StrictForm {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Self::read(request).await.map_err(|error| match error {
            FormError::TooLong => Problem::too_large(MAX_FORM),
            other => {
                Problem::new(other.status(), "bad-request", "Bad request").detail(other.to_string())
            }
        })
    }
}
