use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::refusal::Refusal;
use crate::modules::{
    Context, Problem,
    body::{self, BodyError},
    session::csrf,
};

/// Most bytes of a body: an attestation with its certificates is the longest.
const MAX_BODY: usize = 64 * 1024;

/// JSON that a page of ours has sent. Another site's page cannot send this media type without being
/// asked first (Fetch, CORS-preflight), and says where it is from.
pub struct Sent<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Context> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, context: &Context) -> Result<Self, Problem> {
        if !csrf::is_from_here(&context.site, request.headers()) {
            return Err(Refusal::Foreign.into());
        }
        let body = body::read(request, "application/json", MAX_BODY)
            .await
            .map_err(|error| match error {
                BodyError::TooLong(limit) => Problem::too_large(limit),
                other => Problem::new(other.status(), "bad-request", "Bad request")
                    .detail(other.to_string()),
            })?;
        // The words name a field and a place, never a value that was sent as a string.
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| Problem::bad_request(error.to_string()))
    }
}
