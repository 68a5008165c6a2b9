use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::MAX_BODY;
use crate::modules::{
    Problem,
    body::{self, BodyError},
};

/// A JSON body, taken strictly.
pub(in crate::modules::zanzibar) struct Json<T>(pub(in crate::modules::zanzibar) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let body = body::read(request, "application/json", MAX_BODY)
            .await
            .map_err(refused)?;
        match serde_json::from_slice(&body) {
            Ok(value) => Ok(Self(value)),
            Err(error) => Err(Problem::bad_request(error.to_string())),
        }
    }
}

/// What is wrong with a body before it is looked into.
pub(super) fn refused(error: BodyError) -> Problem {
    match error {
        BodyError::TooLong(limit) => Problem::too_large(limit),
        _ => Problem::new(error.status(), "bad-request", "Bad request").detail(error.to_string()),
    }
}
