//! What a directory is answered with.

use axum::{
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

/// The media type of RFC 7644 3.1.
pub(super) const MEDIA_TYPE: &str = "application/scim+json";

/// JSON of the media type of SCIM.
pub(super) struct Answer {
    status: StatusCode,
    body: Value,
    headers: HeaderMap,
}

impl Answer {
    pub(super) fn new(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            body,
            headers: HeaderMap::new(),
        }
    }

    /// A resource, with its version as `ETag`; `of` is all of it, `shown` what was asked for.
    pub(super) fn resource(status: StatusCode, of: &Map<String, Value>, shown: Value) -> Self {
        let mut answer = Self::new(status, shown);
        let meta = of.get("meta");
        let mut tell = |name, member| {
            let text = meta.and_then(|meta| meta[member].as_str());
            if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
                answer.headers.insert(name, value);
            }
        };
        tell(ETAG, "version");
        if status == StatusCode::CREATED {
            tell(LOCATION, "location");
        }
        answer
    }

    /// One page (RFC 7644 3.4.2).
    pub(super) fn list(total: usize, start: usize, resources: Vec<Value>) -> Self {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": total,
            "startIndex": start,
            "itemsPerPage": resources.len(),
        });
        body["Resources"] = resources.into();
        Self::new(StatusCode::OK, body)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut headers = self.headers;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        (self.status, headers, self.body.to_string()).into_response()
    }
}
