//! Problem documents (RFC 9457): how everything but the OAuth endpoints says that it failed.

use std::{borrow::Cow, error::Error, fmt};

use axum::{
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};

use assay_reconciler::spec::ModuleName;

use crate::{
    clock::UnixMillis,
    crypto::{CryptoError, token},
    store::StoreError,
};

/// What `type` begins with. A URN, because a problem is named here, not explained at an address.
const TYPE_PREFIX: &str = "urn:assay:problem:";

/// A failure as the client is told of it.
///
/// `kind` is the stable last part of `type`, such as `module-disabled`: programs compare it, so it
/// never changes. Title and detail are for people.
pub struct Problem(Box<Parts>);

struct Parts {
    status: StatusCode,
    kind: &'static str,
    title: Cow<'static, str>,
    detail: Option<String>,
    extensions: Map<String, Value>,
    headers: HeaderMap,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(
        status: StatusCode,
        kind: &'static str,
        title: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Parts {
            status,
            kind,
            title: title.into(),
            detail: None,
            extensions: Map::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// Says what happened this time, and what to do about it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds a member of its own to the document (RFC 9457 3.2).
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0.extensions.insert(member.to_owned(), value.into());
        self
    }

    /// Adds a response header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable last part of `type`.
    pub fn kind(&self) -> &'static str {
        self.0.kind
    }

    /// Headers of the response, beside the content type.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// 400: the request is not what the endpoint takes.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "Bad request").detail(detail)
    }

    /// 401: nobody, or nobody known, asks.
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "Authentication required",
        )
        .detail(detail)
    }

    /// 403: who asks is known, and may not.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Forbidden").detail(detail)
    }

    /// 404: there is no such thing.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found")
    }

    /// 404: the path belongs to a module that is off.
    pub fn module_disabled(module: ModuleName) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "module-disabled",
            "Module is disabled",
        )
        .detail(format!("the module `{module}` is switched off"))
        .with("module", module.name())
    }

    /// 405: not with this method.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "Method not allowed",
        )
    }

    /// 409: it clashes with what there is.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Conflict").detail(detail)
    }

    /// 413: the body is longer than `limit` bytes.
    pub fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "Request body too large",
        )
        .detail(format!("the limit is {limit} bytes"))
        .with("limit", limit)
    }

    /// 503: too busy or cut off now; worth asking again after so many seconds.
    pub fn unavailable(detail: impl Into<String>, retry_after_seconds: u32) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Temporarily unavailable",
        )
        .detail(detail)
        .header(RETRY_AFTER, HeaderValue::from(retry_after_seconds))
    }

    /// 500: our fault. The error goes to the log under an incident number; the client is told the
    /// number and nothing else.
    pub fn internal(error: &(dyn Error + 'static)) -> Self {
        // Without randomness the log still tells, under the number that is all zeroes.
        let incident = token::uuid_v7(UnixMillis::now()).unwrap_or_default();
        let mut causes = String::new();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push_str(": ");
            causes.push_str(&cause.to_string());
            source = cause.source();
        }
        tracing::error!(%incident, "{error}{causes}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Internal error",
        )
        .detail("the server's log says more under this incident number")
        .with("incident", incident.to_string())
    }

    /// The document.
    pub fn document(&self) -> Value {
        let parts = &self.0;
        let mut document = Map::new();
        document.insert("type".into(), format!("{TYPE_PREFIX}{}", parts.kind).into());
        document.insert("title".into(), parts.title.as_ref().into());
        document.insert("status".into(), parts.status.as_u16().into());
        if let Some(detail) = &parts.detail {
            document.insert("detail".into(), detail.as_str().into());
        }
        for (member, value) in &parts.extensions {
            document.insert(member.clone(), value.clone());
        }
        Value::Object(document)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            tracing::warn!("{error}");
            Self::unavailable("the database is busy or cut off", 1)
        } else {
            Self::internal(&error)
        }
    }
}

impl From<CryptoError> for Problem {
    fn from(error: CryptoError) -> Self {
        Self::internal(&error)
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.document().fmt(f)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = self.document().to_string();
        let Parts {
            status,
            mut headers,
            ..
        } = *self.0;
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        (status, headers, body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_is_off_is_named() {
        let problem = Problem::module_disabled(ModuleName::Passkey);
        insta::assert_snapshot!(
            problem.document(),
            @r#"{"type":"urn:assay:problem:module-disabled","title":"Module is disabled","status":404,"detail":"the module `passkey` is switched off","module":"passkey"}"#
        );
    }

    #[test]
    fn what_went_wrong_inside_stays_inside() {
        let problem = Problem::internal(&std::io::Error::other("password=hunter2"));
        let response = problem.into_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let problem = Problem::internal(&std::io::Error::other("password=hunter2"));
        assert!(!problem.document().to_string().contains("hunter2"));
    }

    #[test]
    fn who_is_told_to_wait_is_told_how_long() {
        let response = Problem::unavailable("too many sign-ins at once", 2).into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    }
}
