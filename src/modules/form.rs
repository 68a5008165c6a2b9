//! The body of a form.

use axum::{
    extract::{FromRequest, Request},
    http::StatusCode,
};

use super::{
    Problem,
    body::{self, BodyError},
    parameters::{Parameters, ParametersError},
};

/// The media type of forms.
pub const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";
/// Longest form in bytes: a flow that waits for consent is part of one.
pub const MAX_FORM: usize = 64 * 1024;

/// The parameters of a body of `application/x-www-form-urlencoded`, taken strictly.
#[derive(Debug)]
pub struct StrictForm(pub Parameters);

/// Why a body is no form.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// The body as such.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// What is in it.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
}

impl FormError {
    /// The status that says it.
    pub const fn status(&self) -> StatusCode {
        match self {
            FormError::Body(error) => error.status(),
            FormError::Parameters(_) => StatusCode::BAD_REQUEST,
        }
    }
}

impl StrictForm {
    /// Reads the request's body.
    pub async fn read(request: Request) -> Result<Self, FormError> {
        let body = body::read(request, MEDIA_TYPE, MAX_FORM).await?;
        Ok(Self(Parameters::parse(&body)?))
    }
}

impl<S: Send + Sync> FromRequest<S> for StrictForm {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Self::read(request).await.map_err(|error| match error {
            FormError::Body(BodyError::TooLong(limit)) => Problem::too_large(limit),
            other => {
                Problem::new(other.status(), "bad-request", "Bad request").detail(other.to_string())
            }
        })
    }
}
