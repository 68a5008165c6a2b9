//! What is wrong, in problem documents. The kinds are stable.

use assay_permissions::CheckError;
use axum::http::StatusCode;

use crate::modules::{
    Problem,
    zanzibar::{PinError, tuples::WriteError},
};

/// A question without an answer. None of these is a no.
pub(super) fn of_check(error: &CheckError) -> Problem {
    let (kind, title) = match error {
        CheckError::Namespace(_) => ("unknown-namespace", "Unknown namespace"),
        CheckError::Relation(..) => ("unknown-relation", "Unknown relation"),
        CheckError::WildcardUserset(..) => ("invalid-subject", "Invalid subject"),
        CheckError::Budget(_) => ("too-many-steps", "Too many steps"),
        CheckError::NegativeCycle { .. } => ("negative-cycle", "Cycle through an exclusion"),
        CheckError::Caveat { .. } => ("caveat-failed", "Caveat cannot be evaluated"),
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, kind, title).detail(error.to_string())
}

impl From<PinError> for Problem {
    fn from(error: PinError) -> Self {
        let detail = error.to_string();
        match error {
            PinError::Revision(_) => Problem::new(
                StatusCode::BAD_REQUEST,
                "invalid-revision",
                "Invalid revision",
            )
            .detail(detail),
            PinError::Gone { oldest } => gone(detail, oldest),
            PinError::Loading | PinError::Behind => Problem::unavailable(detail, 1),
            PinError::Store(error) => error.into(),
        }
    }
}

/// 410: the revision is too old.
pub(super) fn gone(detail: String, oldest: Option<String>) -> Problem {
    Problem::new(StatusCode::GONE, "revision-gone", "Revision not kept")
        .detail(detail)
        .with("oldest", oldest)
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        let detail = error.to_string();
        let (status, kind, title, index) = match error {
            WriteError::Store(error) => return error.into(),
            WriteError::Namespaces => return Problem::unavailable(detail, 1),
            WriteError::TooMany { limit, .. } | WriteError::TooManyPreconditions { limit, .. } => {
                return Problem::bad_request(detail).with("limit", limit);
            }
            WriteError::Tuple { index, .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid-tuple",
                "Invalid tuple",
                index,
            ),
            WriteError::Twice { index, .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "repeated-tuple",
                "Repeated tuple",
                index,
            ),
            WriteError::Exists { index, .. } => {
                (StatusCode::CONFLICT, "tuple-exists", "Tuple exists", index)
            }
            WriteError::Precondition { index, .. } => (
                StatusCode::PRECONDITION_FAILED,
                "precondition-failed",
                "Precondition failed",
                index,
            ),
        };
        Problem::new(status, kind, title)
            .detail(detail)
            .with("index", index)
    }
}
