//! What can be wrong with a registration (RFC 7591 3.2.2, RFC 6750 3.1).

use axum::{
    Json,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    crypto::CryptoError,
    generation::ApplyError,
    modules::{Problem, body::BodyError, oidc_provider::error::ascii},
    store::StoreError,
};

/// Why a client was not registered, read, changed or deleted.
#[derive(Debug, thiserror::Error)]
pub(super) enum RegistrationError {
    /// No token, or one that is not, or no longer, the right one. One answer for all of them.
    #[error("a valid token is needed in Authorization: Bearer")]
    Token,
    /// The client is not its own any more: a manifest took it over.
    #[error("{0} now says what this client is")]
    TakenOver(String),
    /// The body.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The body is no description of a client.
    #[error("{0}")]
    NotMetadata(serde_json::Error),
    /// Redirect URIs that cannot be registered.
    #[error("{0}")]
    RedirectUri(String),
    /// Anything else that cannot be registered.
    #[error("{0}")]
    Metadata(String),
    /// More registrations than an hour may have.
    #[error("too many registrations, try again later")]
    TooMany,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine, for another reason than the client's.
    #[error(transparent)]
    Apply(ApplyError),
    /// Random numbers.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// A client that cannot be written as JSON.
    #[error(transparent)]
    Encode(#[from] serde_json::Error),
}

impl From<ApplyError> for RegistrationError {
    fn from(error: ApplyError) -> Self {
        use assay_reconciler::diff::PlanError;
        match error {
            ApplyError::Store(error) => Self::Store(error),
            // Meanwhile the initial access token was used up, or the client deleted.
            ApplyError::Declined | ApplyError::NotFound(_) => Self::Token,
            ApplyError::Plan(PlanError::Owned(conflicts) | PlanError::Managed(conflicts)) => {
                let owner = conflicts.first().map(|conflict| conflict.owner.to_string());
                Self::TakenOver(owner.unwrap_or_default())
            }
            ApplyError::Plan(error) => Self::Metadata(error.to_string()),
            error => Self::Apply(error),
        }
    }
}

impl RegistrationError {
    fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Token => (StatusCode::UNAUTHORIZED, "invalid_token"),
            Self::TakenOver(_) => (StatusCode::FORBIDDEN, "access_denied"),
            Self::Body(error) => (error.status(), "invalid_client_metadata"),
            Self::RedirectUri(_) => (StatusCode::BAD_REQUEST, "invalid_redirect_uri"),
            Self::Metadata(_) | Self::NotMetadata(_) => {
                (StatusCode::BAD_REQUEST, "invalid_client_metadata")
            }
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable"),
            Self::Store(error) if error.is_unavailable() => {
                (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable")
            }
            Self::Store(_) | Self::Apply(_) | Self::Crypto(_) | Self::Encode(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "server_error")
            }
        }
    }
}

impl IntoResponse for RegistrationError {
    fn into_response(self) -> Response {
        let (status, code) = self.status_and_code();
        let description = match status {
            StatusCode::INTERNAL_SERVER_ERROR => {
                let problem = Problem::internal(&self);
                let document = problem.document();
                let incident = document["incident"].as_str().unwrap_or_default();
                format!("incident {incident}")
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                tracing::warn!("{self}");
                String::from("the database is busy or cut off")
            }
            _ => ascii(&self.to_string()),
        };
        let mut headers = HeaderMap::new();
        match status {
            StatusCode::UNAUTHORIZED => {
                let challenge = "Bearer realm=\"registration\", error=\"invalid_token\"";
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
            StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("600"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        let body = json!({ "error": code, "error_description": description });
        (status, headers, Json(body)).into_response()
    }
}
