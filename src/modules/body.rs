//! The body of a request, of one media type and not longer than it may be.

use axum::{
    body::Bytes,
    extract::Request,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
};

/// Why a body is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Another content type, or none.
    #[error("the body must be {0}")]
    ContentType(&'static str),
    /// Over the limit, in bytes.
    #[error("the body may have {0} bytes at most")]
    TooLong(usize),
    /// It was cut off.
    #[error("the body could not be read")]
    Unreadable,
}

impl BodyError {
    /// The status that says it.
    pub const fn status(&self) -> StatusCode {
        match self {
            BodyError::ContentType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            BodyError::TooLong(_) => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::Unreadable => StatusCode::BAD_REQUEST,
        }
    }
}

/// The body as it was sent, if it is of this media type, whatever its parameters.
pub async fn read(
    request: Request,
    media_type: &'static str,
    limit: usize,
) -> Result<Bytes, BodyError> {
    if !is_of_type(request.headers(), media_type) {
        return Err(BodyError::ContentType(media_type));
    }
    axum::body::to_bytes(request.into_body(), limit)
        .await
        .map_err(|error| {
            if is_length_limit(&error) {
                BodyError::TooLong(limit)
            } else {
                BodyError::Unreadable
            }
        })
}

/// Whether the body is said to be of this media type, whatever its parameters.
pub fn is_of_type(headers: &HeaderMap, media_type: &str) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case(media_type))
}

/// Whether reading ended because the body is longer than it may be.
pub fn is_length_limit(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}
