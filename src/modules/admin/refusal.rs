use std::fmt::Write as _;

use assay_reconciler::{
    Problems,
    diff::{PlanError, SavedPlanError},
};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::bulk::Imported;
use crate::{
    crypto::password,
    generation::{ApplyError, KeyError, SnapshotError},
    modules::{
        NotOnThisMachine, Problem,
        account::registration::InviteError,
        biscuit::Refused,
        oidc_client::KeptTokensError,
        password::PasswordError,
        user::{AttributesRefused, CreateUserError, ExternalIdError, GroupError},
    },
    store::StoreError,
};

/// Why something was not done. The words are those of the cause; the kind is for programs.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The request contradicts itself.
    #[error("{0}")]
    BadRequest(String),
    /// Manifests that are wrong.
    #[error(transparent)]
    Manifests(#[from] Problems),
    /// A file that is no saved plan, or one that was altered.
    #[error(transparent)]
    SavedPlan(#[from] SavedPlanError),
    /// The engine.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The signing keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// There is no such person.
    #[error("there is no such user")]
    UnknownUser,
    /// There is no such session, or it has ended.
    #[error("there is no such session")]
    UnknownSession,
    /// There is no such initial access token, or it is not of use any more.
    #[error("there is no such registration token")]
    UnknownInitialAccess,
    /// There is no such mail, or it is not kept any more.
    #[error("there is no such mail")]
    UnknownMail,
    /// There is no such invitation, or it was taken back.
    #[error("there is no such invitation")]
    UnknownInvitation,
    /// Somebody who cannot be invited.
    #[error(transparent)]
    Invite(#[from] InviteError),
    /// There is no such consent, and nothing that was given without one.
    #[error("this user has given this client nothing")]
    UnknownConsent,
    /// No token of an upstream provider.
    #[error(transparent)]
    UpstreamTokens(#[from] KeptTokensError),
    /// This person has no such passkey.
    #[error("this user has no such passkey")]
    UnknownPasskey,
    /// An account that cannot be made or changed like that.
    #[error(transparent)]
    Password(PasswordError),
    /// Settings that name what is not on this machine.
    #[error(transparent)]
    Machine(#[from] NotOnThisMachine),
    /// Attributes that nobody can have.
    #[error(transparent)]
    Attributes(#[from] AttributesRefused),
    /// An external id that nobody can have, or that somebody else has.
    #[error(transparent)]
    ExternalId(ExternalIdError),
    /// A group that cannot be like that.
    #[error(transparent)]
    Group(GroupError),
    /// Two imports, or an import and a registration, of the same people.
    #[error("somebody else is making the same accounts at this moment; import once more")]
    Crossed,
    /// Lines of which something is wrong.
    #[error("{}", problems_of(.0))]
    Lines(Box<Imported>),
    /// A token, or what it is to say.
    #[error(transparent)]
    Biscuit(#[from] Refused),
    /// The configuration cannot be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A plan that cannot be written down.
    #[error("a plan cannot be written as JSON: {0}")]
    Encode(#[from] serde_json::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The kinds of problems that programs, the command line among them, tell apart.
pub mod kind {
    /// The request is not what the endpoint takes.
    pub const BAD_REQUEST: &str = "bad-request";
    /// Lines that are to be imported are wrong.
    pub const INVALID_LINES: &str = "invalid-lines";
    /// The manifests are wrong, or do not make a configuration that holds together.
    pub const INVALID_MANIFESTS: &str = "invalid-manifests";
    /// The saved plan cannot be used.
    pub const INVALID_PLAN: &str = "invalid-plan";
    /// Another generation came in between.
    pub const STALE_PLAN: &str = "stale-plan";
    /// An object belongs to someone else.
    pub const CONFLICT: &str = "conflict";
    /// It is only done when asked for twice.
    pub const NEEDS_YES: &str = "needs-yes";
    /// There is no such thing.
    pub const NOT_FOUND: &str = "not-found";
    /// Nobody known asks.
    pub const UNAUTHENTICATED: &str = "unauthenticated";
    /// Who asks may not.
    pub const FORBIDDEN: &str = "forbidden";
    /// Too busy, or cut off.
    pub const UNAVAILABLE: &str = "unavailable";
    /// Our fault.
    pub const INTERNAL: &str = "internal";
}

impl Refusal {
    /// Which kind of problem it is: the last part of a problem document's `type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::BadRequest(_) | Self::Attributes(_) => kind::BAD_REQUEST,
            Self::Manifests(_) | Self::Machine(_) => kind::INVALID_MANIFESTS,
            Self::SavedPlan(_) => kind::INVALID_PLAN,
            Self::Apply(error) => of_apply(error),
            Self::Keys(error) => match error {
                KeyError::NotInUse(_) => kind::BAD_REQUEST,
                KeyError::UnknownRootKey(_) => kind::NOT_FOUND,
                KeyError::RootKeySigns(_) => kind::CONFLICT,
                KeyError::Store(error) => of_store(error),
                _ => kind::INTERNAL,
            },
            Self::UnknownUser
            | Self::UnknownSession
            | Self::UnknownMail
            | Self::UnknownConsent
            | Self::UnknownInvitation
            | Self::UnknownPasskey
            | Self::UnknownInitialAccess => kind::NOT_FOUND,
            Self::Password(error) => of_password(error),
            Self::ExternalId(error) => match error {
                ExternalIdError::Taken => kind::CONFLICT,
                _ => kind::BAD_REQUEST,
            },
            Self::Invite(error) => match error {
                InviteError::Closed | InviteError::Exists(_) => kind::CONFLICT,
                InviteError::Store(error) => of_store(error),
                _ => kind::BAD_REQUEST,
            },
            Self::Group(error) => match error {
                GroupError::Taken(_) => kind::CONFLICT,
                GroupError::Unknown => kind::NOT_FOUND,
                _ => kind::BAD_REQUEST,
            },
            Self::UpstreamTokens(error) => of_kept_tokens(error),
            Self::Crossed => kind::UNAVAILABLE,
            Self::Lines(_) => kind::INVALID_LINES,
            Self::Biscuit(error) => match error {
                Refused::Store(error) => of_store(error),
                Refused::Busy(_) => kind::UNAVAILABLE,
                Refused::Library | Refused::NoRootKey | Refused::Crypto(_) => kind::INTERNAL,
                _ => kind::BAD_REQUEST,
            },
            Self::Encode(_) | Self::Snapshot(_) => kind::INTERNAL,
            Self::Store(error) => of_store(error),
        }
    }

    /// What programs want to know beside the words.
    fn extensions(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Manifests(problems) => vec![("problems", json!(problems)["problems"].take())],
            Self::Apply(ApplyError::Plan(
                PlanError::Owned(conflicts) | PlanError::Managed(conflicts),
            )) => {
                let owned = |conflict: &assay_reconciler::diff::Conflict| {
                    json!({
                        "kind": conflict.key.kind,
                        "name": conflict.key.name,
                        "owner": conflict.owner.to_string(),
                    })
                };
                vec![("conflicts", conflicts.iter().map(owned).collect())]
            }
            Self::Apply(ApplyError::Stale { planned, current }) => {
                vec![("planned", json!(planned)), ("current", json!(current))]
            }
            Self::Lines(imported) => vec![("imported", json!(imported))],
            Self::Apply(ApplyError::Orphans(orphans)) => {
                let told = |orphans: &crate::generation::Orphans| {
                    json!({
                        "count": orphans.count, "sample": orphans.sample, "reason": orphans.reason,
                    })
                };
                vec![("orphans", orphans.iter().map(told).collect())]
            }
            Self::Apply(ApplyError::NeedsYes(guards)) => vec![("guards", json!(guards))],
            _ => Vec::new(),
        }
    }
}

fn problems_of(imported: &Imported) -> String {
    let mut text = format!("{} problems", imported.problem_count);
    if let Some(first) = imported.problems.first() {
        _ = write!(text, ", the first of them in line {first}");
    }
    text
}

fn of_password(error: &PasswordError) -> &'static str {
    match error {
        PasswordError::Email(_) | PasswordError::Refused(_) => kind::BAD_REQUEST,
        PasswordError::Create(CreateUserError::Exists(_)) => kind::CONFLICT,
        PasswordError::Hashing(password::PasswordError::Busy(_)) | PasswordError::Breached(_) => {
            kind::UNAVAILABLE
        }
        _ => kind::INTERNAL,
    }
}

fn of_kept_tokens(error: &KeptTokensError) -> &'static str {
    match error {
        KeptTokensError::UnknownProvider | KeptTokensError::Nothing => kind::NOT_FOUND,
        KeptTokensError::Expired | KeptTokensError::Refused(_) => kind::CONFLICT,
        KeptTokensError::Silent(_) | KeptTokensError::Busy => kind::UNAVAILABLE,
        KeptTokensError::Store(error) => of_store(error),
        KeptTokensError::Unreadable(_) => kind::INTERNAL,
    }
}

fn of_store(error: &StoreError) -> &'static str {
    if error.is_unavailable() {
        kind::UNAVAILABLE
    } else {
        kind::INTERNAL
    }
}

fn of_apply(error: &ApplyError) -> &'static str {
    match error {
        ApplyError::Stale { .. } | ApplyError::OtherManifests { .. } => kind::STALE_PLAN,
        ApplyError::Plan(PlanError::Owned(_) | PlanError::Managed(_)) | ApplyError::Orphans(_) => {
            kind::CONFLICT
        }
        ApplyError::Plan(PlanError::NotLoaded(_)) => kind::INTERNAL,
        ApplyError::Plan(_)
        | ApplyError::Secret { .. }
        | ApplyError::ForeignSecret(_)
        | ApplyError::BadName(_)
        | ApplyError::Namespaces(_) => kind::INVALID_MANIFESTS,
        ApplyError::NeedsYes(_) => kind::NEEDS_YES,
        ApplyError::NoSuchGeneration { .. } | ApplyError::NotFound(_) => kind::NOT_FOUND,
        ApplyError::Store(error) => of_store(error),
        _ => kind::INTERNAL,
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let kind = refusal.kind();
        let (status, title) = match kind {
            kind::INTERNAL => return Problem::internal(&refusal),
            kind::UNAVAILABLE => return Problem::unavailable(causes(&refusal), 1),
            kind::INVALID_MANIFESTS => (StatusCode::UNPROCESSABLE_ENTITY, "Invalid manifests"),
            kind::INVALID_LINES => (StatusCode::UNPROCESSABLE_ENTITY, "Invalid lines"),
            kind::INVALID_PLAN => (StatusCode::UNPROCESSABLE_ENTITY, "Invalid plan"),
            kind::STALE_PLAN => (StatusCode::CONFLICT, "Stale plan"),
            kind::CONFLICT => (StatusCode::CONFLICT, "Conflict"),
            kind::NEEDS_YES => (StatusCode::CONFLICT, "Confirmation needed"),
            kind::NOT_FOUND => (StatusCode::NOT_FOUND, "Not found"),
            _ => (StatusCode::BAD_REQUEST, "Bad request"),
        };
        refusal.extensions().into_iter().fold(
            Problem::new(status, kind, title).detail(refusal.to_string()),
            |problem, (member, value)| problem.with(member, value),
        )
    }
}

/// An error with what caused it.
pub(super) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            let _ = write!(text, ": {cause_text}");
        }
        source = cause.source();
    }
    text
}
