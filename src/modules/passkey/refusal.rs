use axum::http::{HeaderValue, StatusCode, header::RETRY_AFTER};
use webauthn_rs_core::error::WebauthnError;

use super::{ceremony::BEGINNINGS, relying_party::Misfit};
use crate::{modules::Problem, store::StoreError};

/// Most passkeys of one person.
pub(super) const MAX_PASSKEYS: i64 = 20;

/// Why a ceremony comes to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// The server as a whole.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// Another site's page.
    #[error("the request comes from another site")]
    Foreign,
    /// Registration belongs to somebody who is signed in.
    #[error("nobody is signed in")]
    NotSignedIn,
    /// And who proved it not long ago.
    #[error("sign in again first")]
    NotRecent,
    /// And by all that their account asks for.
    #[error("show your second factor first")]
    OneFactor,
    /// Whoever begins so many is no person.
    #[error("too many challenges were asked for from this address")]
    TooMany,
    /// None was begun in this browser (and session), it was finished already, or its time is over.
    #[error(
        "there is no such challenge here: it was used, has expired, or was given to somebody else"
    )]
    NoCeremony,
    /// Nobody's.
    #[error("this passkey is not known here")]
    Unknown,
    /// Somebody else's.
    #[error("this passkey does not belong to this account")]
    Another,
    /// Somebody's whose account is closed.
    #[error("the account cannot be used")]
    Closed,
    /// There are two of them.
    #[error("there may be a copy of this passkey: sign in another way, and remove it")]
    Suspected,
    /// The model is not on the list.
    #[error("authenticators of this model ({0}) may not be used here")]
    Model(String),
    /// It is registered.
    #[error("this passkey is registered already")]
    Registered,
    /// Over [`MAX_PASSKEYS`].
    #[error("a person may have {MAX_PASSKEYS} passkeys at most")]
    Full,
    /// What the authenticator sent.
    #[error(transparent)]
    Webauthn(WebauthnError),
    /// What we stored ourselves.
    #[error("a stored passkey or challenge cannot be read")]
    Unreadable(serde_json::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<WebauthnError> for Refusal {
    fn from(error: WebauthnError) -> Self {
        match error {
            // Web Authentication Level 3, 6.1.1.
            WebauthnError::CredentialPossibleCompromise => Self::Suspected,
            other => Self::Webauthn(other),
        }
    }
}

impl Refusal {
    /// The word for it in the audit log; `None` for what tells nothing about a person's passkey.
    pub(super) const fn reason(&self) -> Option<&'static str> {
        Some(match self {
            Refusal::Unknown => "unknown-passkey",
            Refusal::Another => "another-account",
            Refusal::Closed => "account-closed",
            Refusal::Suspected => "copy-suspected",
            Refusal::Webauthn(WebauthnError::InvalidRPOrigin) => "other-origin",
            Refusal::Webauthn(WebauthnError::InvalidRPIDHash) => "other-relying-party",
            Refusal::Webauthn(WebauthnError::UserNotVerified) => "owner-not-verified",
            Refusal::Webauthn(WebauthnError::UserNotPresent) => "owner-not-present",
            Refusal::Webauthn(WebauthnError::AuthenticationFailure) => "signature",
            Refusal::Webauthn(_) => "malformed",
            _ => return None,
        })
    }

    const fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        const REFUSED: &str = "Passkey refused";
        match self {
            Refusal::Misfit(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "passkey-unavailable",
                "Passkeys cannot be used",
            ),
            Refusal::Foreign => (StatusCode::FORBIDDEN, "forbidden", "Forbidden"),
            Refusal::NotSignedIn => (
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "Authentication required",
            ),
            Refusal::NotRecent => (
                StatusCode::FORBIDDEN,
                "recent-sign-in-required",
                "Recent sign-in required",
            ),
            Refusal::OneFactor => (
                StatusCode::FORBIDDEN,
                "second-factor-required",
                "Second factor required",
            ),
            Refusal::TooMany => (
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-requests",
                "Too many requests",
            ),
            Refusal::NoCeremony => (
                StatusCode::BAD_REQUEST,
                "challenge-unknown",
                "Challenge unknown",
            ),
            Refusal::Unknown => (StatusCode::UNAUTHORIZED, "passkey-unknown", REFUSED),
            Refusal::Suspected => (StatusCode::UNAUTHORIZED, "passkey-suspected", REFUSED),
            Refusal::Model(_) => (StatusCode::FORBIDDEN, "authenticator-not-allowed", REFUSED),
            Refusal::Registered | Refusal::Full => (StatusCode::CONFLICT, "conflict", "Conflict"),
            _ => (StatusCode::UNAUTHORIZED, "passkey-refused", REFUSED),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, kind, title) = refusal.kind();
        let detail = refusal.to_string();
        match refusal {
            Refusal::Store(error) => error.into(),
            Refusal::Unreadable(error) => Problem::internal(&error),
            Refusal::TooMany => Problem::new(status, kind, title)
                .detail(detail)
                .header(RETRY_AFTER, HeaderValue::from(BEGINNINGS.window.as_secs())),
            _ => Problem::new(status, kind, title).detail(detail),
        }
    }
}
