use std::process::ExitCode;

use crate::modules::admin::kind;

/// What the exit code of a command says; the table in `docs/exit-codes.md`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Exit {
    /// Done, or nothing to do; for `diff`: nothing differs.
    Done = 0,
    /// `diff`: something differs; `import`: something has no counterpart.
    Differs = 1,
    /// What was given is wrong: arguments, manifests, a saved plan, `engine.toml`.
    Invalid = 2,
    /// The server, or the database, cannot be reached.
    Unreachable = 3,
    /// Another generation came in after the plan was made.
    Stale = 4,
    /// An object belongs to someone else.
    Conflict = 5,
    /// It is only done with `--yes`.
    NeedsYes = 6,
    /// The database or the server failed.
    Failed = 7,
    /// The admin key is missing, wrong, expired or without the permission.
    Forbidden = 8,
    /// Applied, but not every live server serves it yet.
    NotServed = 9,
}

impl Exit {
    /// `import`: something cannot be said in assay, or is wrong where it comes from.
    pub(super) const NO_COUNTERPART: Self = Self::Differs;

    /// The code for a kind of problem.
    pub(super) fn of_kind(kind: &str) -> Self {
        match kind {
            kind::STALE_PLAN => Self::Stale,
            kind::CONFLICT => Self::Conflict,
            kind::NEEDS_YES => Self::NeedsYes,
            kind::UNAUTHENTICATED | kind::FORBIDDEN => Self::Forbidden,
            kind::UNAVAILABLE => Self::Unreachable,
            kind::INTERNAL => Self::Failed,
            _ => Self::Invalid,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
