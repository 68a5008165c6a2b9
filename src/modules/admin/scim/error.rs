//! Refusals in the form of RFC 7644 3.12.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::answer::MEDIA_TYPE;
use crate::{
    modules::{
        Problem,
        admin::{Refusal, kind},
    },
    store::StoreError,
};

/// What programs tell refusals apart by (`scimType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScimType {
    InvalidFilter,
    TooMany,
    Uniqueness,
    Mutability,
    InvalidSyntax,
    InvalidPath,
    NoTarget,
    InvalidValue,
}

impl ScimType {
    const fn name(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
        }
    }
}

/// Why a directory does not get what it asks for.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub(super) struct ScimError {
    status: StatusCode,
    scim_type: Option<ScimType>,
    detail: String,
    headers: Box<HeaderMap>,
}

impl ScimError {
    /// 400, or 409 for what another resource has.
    pub(super) fn new(scim_type: ScimType, detail: impl Into<String>) -> Self {
        let status = match scim_type {
            ScimType::Uniqueness => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        };
        Self {
            scim_type: Some(scim_type),
            ..Self::plain(status, detail)
        }
    }

    /// A refusal that its status alone tells.
    pub(super) fn plain(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            scim_type: None,
            detail: detail.into(),
            headers: Box::default(),
        }
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::plain(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }

    /// Whether it is the filter that is refused.
    pub(super) fn is_filter(&self) -> bool {
        self.scim_type == Some(ScimType::InvalidFilter)
    }

    #[cfg(test)]
    pub(super) fn scim_type(&self) -> Option<ScimType> {
        self.scim_type
    }
}

impl From<Problem> for ScimError {
    fn from(problem: Problem) -> Self {
        let document = problem.document();
        let words = document["detail"].as_str().or(document["title"].as_str());
        Self {
            headers: Box::new(problem.headers().clone()),
            ..Self::plain(problem.status(), words.unwrap_or_default())
        }
    }
}

impl From<StoreError> for ScimError {
    fn from(error: StoreError) -> Self {
        // Two that want the same at once: one was there first.
        if error.is_unique_violation() {
            return Self::new(
                ScimType::Uniqueness,
                "another resource has taken one of these values at this moment",
            );
        }
        Problem::from(error).into()
    }
}

impl From<Refusal> for ScimError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Store(error) => error.into(),
            refusal => match refusal.kind() {
                kind::CONFLICT => Self::new(ScimType::Uniqueness, refusal.to_string()),
                kind::BAD_REQUEST => Self::new(ScimType::InvalidValue, refusal.to_string()),
                _ => Problem::from(refusal).into(),
            },
        }
    }
}

impl IntoResponse for ScimError {
    fn into_response(self) -> Response {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": self.status.as_str(),
            "detail": self.detail,
        });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = scim_type.name().into();
        }
        let mut headers = *self.headers;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        (self.status, headers, body.to_string()).into_response()
    }
}
