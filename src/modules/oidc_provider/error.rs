//! Errors of OAuth 2.0 and OpenID Connect, and how the JSON endpoints say them.

use std::borrow::Cow;

use axum::{
    Json,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::dpop::ProofError;
use crate::{
    crypto::CryptoError,
    modules::{form::FormError, parameters::ParametersError, zanzibar::RelatedError},
    store::StoreError,
};

/// A value of `error` from the OAuth and OpenID Connect registries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub(super) enum ErrorCode {
    AccessDenied,
    AuthorizationPending,
    ConsentRequired,
    ExpiredToken,
    InvalidClient,
    InvalidDpopProof,
    InvalidGrant,
    InvalidRequest,
    InvalidRequestObject,
    InvalidScope,
    InvalidTarget,
    LoginRequired,
    RegistrationNotSupported,
    RequestNotSupported,
    RequestUriNotSupported,
    ServerError,
    SlowDown,
    TemporarilyUnavailable,
    UnmetAuthenticationRequirements,
    UnauthorizedClient,
    UnsupportedGrantType,
    UnsupportedResponseType,
    UnsupportedTokenType,
    UseDpopNonce,
}

impl ErrorCode {
    /// The text in the registry.
    pub(super) const fn name(self) -> &'static str {
        match self {
            ErrorCode::AccessDenied => "access_denied",
            ErrorCode::AuthorizationPending => "authorization_pending",
            ErrorCode::ExpiredToken => "expired_token",
            ErrorCode::SlowDown => "slow_down",
            ErrorCode::ConsentRequired => "consent_required",
            ErrorCode::InvalidClient => "invalid_client",
            ErrorCode::InvalidDpopProof => "invalid_dpop_proof",
            ErrorCode::InvalidGrant => "invalid_grant",
            ErrorCode::InvalidRequest => "invalid_request",
            ErrorCode::InvalidRequestObject => "invalid_request_object",
            ErrorCode::InvalidScope => "invalid_scope",
            ErrorCode::InvalidTarget => "invalid_target",
            ErrorCode::LoginRequired => "login_required",
            ErrorCode::RegistrationNotSupported => "registration_not_supported",
            ErrorCode::RequestNotSupported => "request_not_supported",
            ErrorCode::RequestUriNotSupported => "request_uri_not_supported",
            ErrorCode::ServerError => "server_error",
            ErrorCode::TemporarilyUnavailable => "temporarily_unavailable",
            ErrorCode::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            ErrorCode::UnauthorizedClient => "unauthorized_client",
            ErrorCode::UnsupportedGrantType => "unsupported_grant_type",
            ErrorCode::UnsupportedResponseType => "unsupported_response_type",
            ErrorCode::UnsupportedTokenType => "unsupported_token_type",
            ErrorCode::UseDpopNonce => "use_dpop_nonce",
        }
    }
}

/// A refusal by an endpoint that answers in JSON (RFC 6749 5.2).
#[derive(Debug)]
pub(super) struct OAuthError {
    code: ErrorCode,
    description: Cow<'static, str>,
    status: StatusCode,
}

impl OAuthError {
    /// A refusal with a description for the client's developer: ASCII without quotes or backslashes.
    pub(super) fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        let status = match code {
            ErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
            ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self {
            code,
            description: description.into(),
            status,
        }
    }

    /// A code or token that gets nobody anything, or no longer (RFC 6749 5.2).
    pub(super) fn invalid_grant(description: &'static str) -> Self {
        Self::new(ErrorCode::InvalidGrant, description)
    }

    /// Our fault; the log says what.
    pub(super) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        let problem = crate::modules::Problem::internal(error);
        let incident = problem.document()["incident"].as_str().map(str::to_owned);
        Self::new(
            ErrorCode::ServerError,
            format!("incident {}", incident.unwrap_or_default()),
        )
    }

    /// What another room had to say of our fault.
    pub(super) fn of_problem(problem: &crate::modules::Problem) -> Self {
        let document = problem.document();
        if document["status"] == 503 {
            let description = "the database is busy or cut off";
            return Self::new(ErrorCode::TemporarilyUnavailable, description);
        }
        let incident = document["incident"].as_str().unwrap_or_default();
        Self::new(ErrorCode::ServerError, format!("incident {incident}"))
    }

    /// What to say of it elsewhere than in JSON.
    pub(super) fn into_parts(self) -> (ErrorCode, Cow<'static, str>) {
        (self.code, self.description)
    }

    /// Which error it is.
    #[cfg(test)]
    pub(super) fn code(&self) -> ErrorCode {
        self.code
    }
}

impl From<StoreError> for OAuthError {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            tracing::warn!("{error}");
            Self::new(
                ErrorCode::TemporarilyUnavailable,
                "the database is busy or cut off",
            )
        } else {
            Self::internal(&error)
        }
    }
}

impl From<RelatedError> for OAuthError {
    fn from(error: RelatedError) -> Self {
        match error {
            RelatedError::Loading => {
                Self::new(ErrorCode::TemporarilyUnavailable, error.to_string())
            }
            RelatedError::Check(_) => Self::internal(&error),
        }
    }
}

impl From<CryptoError> for OAuthError {
    fn from(error: CryptoError) -> Self {
        Self::internal(&error)
    }
}

impl From<ProofError> for OAuthError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Invalid(_) => Self::new(ErrorCode::InvalidDpopProof, error.to_string()),
            ProofError::Nonce => Self::new(ErrorCode::UseDpopNonce, error.to_string()),
            ProofError::Store(error) => error.into(),
        }
    }
}

impl From<ParametersError> for OAuthError {
    fn from(error: ParametersError) -> Self {
        Self::new(ErrorCode::InvalidRequest, ascii(&error.to_string()))
    }
}

impl From<FormError> for OAuthError {
    fn from(error: FormError) -> Self {
        Self {
            status: error.status(),
            ..Self::new(ErrorCode::InvalidRequest, ascii(&error.to_string()))
        }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.code == ErrorCode::InvalidClient {
            // RFC 6749 5.2: with the scheme that the client may use.
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"token\", charset=\"UTF-8\""),
            );
        }
        if self.code == ErrorCode::TemporarilyUnavailable {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        let body = json!({
            "error": self.code.name(),
            "error_description": self.description,
        });
        (self.status, headers, Json(body)).into_response()
    }
}

/// The characters that RFC 6749 allows in `error_description`.
pub(super) fn ascii(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '"' | '\\' => '\'',
            ' '..='~' => c,
            _ => '?',
        })
        .collect()
}
