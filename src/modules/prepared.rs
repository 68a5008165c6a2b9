//! Public documents whose bytes are made once a generation and served many times.

use axum::{
    body::Bytes,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    },
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// How long others may keep a copy. A new signing key is published for longer than this before it
/// signs, and a client that meets an unknown `kid` asks again.
const CACHE_FOR: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// JSON that anybody may read, from any origin.
#[derive(Clone, Debug)]
pub struct PreparedJson {
    body: Bytes,
    etag: HeaderValue,
    content_type: HeaderValue,
}

impl PreparedJson {
    /// Prepares `body`, whose media type is `content_type`.
    pub fn new(body: impl Into<Bytes>, content_type: &'static str) -> Self {
        let body = body.into();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &body);
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16]));
        Self {
            body,
            // Base64url between quotes is always a header value.
            etag: HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\"")),
            content_type: HeaderValue::from_static(content_type),
        }
    }

    /// The document, or 304 if the caller has it already (RFC 9110 13.1.2).
    pub fn respond(&self, request: &HeaderMap) -> Response {
        let headers = [
            (ETAG, self.etag.clone()),
            (CACHE_CONTROL, CACHE_FOR),
            (ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        ];
        let is_known = request
            .get(IF_NONE_MATCH)
            .and_then(|tags| tags.to_str().ok())
            .is_some_and(|tags| {
                tags.split(',')
                    .map(|tag| tag.trim().trim_start_matches("W/"))
                    .any(|tag| tag == "*" || tag.as_bytes() == self.etag.as_bytes())
            });
        if is_known {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let content_type = [(CONTENT_TYPE, self.content_type.clone())];
        (headers, content_type, self.body.clone()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_is_fresh_is_not_sent_again() {
        let document = PreparedJson::new("{}", "application/json");
        let first = document.respond(&HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        let mut again = HeaderMap::new();
        again.insert(IF_NONE_MATCH, first.headers()[ETAG].clone());
        assert_eq!(document.respond(&again).status(), StatusCode::NOT_MODIFIED);
        let other = PreparedJson::new("[]", "application/json");
        assert_eq!(other.respond(&again).status(), StatusCode::OK);
    }
}
