//! What can keep a generation from being made, or from being read.

use assay_reconciler::{
    diff::{Generation, Guard, PlanError, SealError},
    kind::UnknownKind,
    object::ObjectKey,
    secret::SecretError,
};

pub use super::documents::Undecodable;
use super::orphans::{self, Orphans};
use crate::store::StoreError;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Someone else's generation came in between.
    #[error(
        "the plan was made against generation {planned}, but {current} is live; run `assay diff` again"
    )]
    Stale {
        /// What the plan was made against.
        planned: Generation,
        /// What is live.
        current: Generation,
    },
    /// The saved plan was made from other manifests.
    #[error(
        "the plan was made from other manifests than these (digest {planned}, now {current}); run `assay diff` again"
    )]
    OtherManifests {
        /// The digest in the plan.
        planned: String,
        /// The digest of what was to be applied.
        current: String,
    },
    /// There is no plan from here to there.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Something that is rarely meant; all of it.
    #[error("{}", needs_yes(.0))]
    NeedsYes(Vec<Guard>),
    /// The generation to go back to does not exist.
    #[error("there is no generation {asked} to go back to; {}", newest_hint(*.newest))]
    NoSuchGeneration {
        /// What was asked for.
        asked: Generation,
        /// The newest there is.
        newest: Generation,
    },
    /// What was to be written beside the configuration could not be.
    #[error("what entitled to this change no longer does; nothing was changed")]
    Declined,
    /// An object to delete that is not there.
    #[error("there is no {0}")]
    NotFound(ObjectKey),
    /// A secret that cannot be stored.
    #[error("{key}: {source}")]
    Secret {
        /// Of which object.
        key: ObjectKey,
        /// Why.
        source: SecretError,
    },
    /// A secret that was never brought into its stored form: it must not reach the database.
    #[error("{0}: its secret was not sealed before it was to be stored")]
    Unsealed(ObjectKey),
    /// A sealed secret that was not sealed with this installation's master key.
    #[error(
        "{0}: its sealed secret does not open with this installation's master key; give the secret itself with `fromEnv` or `fromFile`"
    )]
    ForeignSecret(ObjectKey),
    /// A name that cannot be stored.
    #[error("{0:?} is no name: it holds a control character")]
    BadName(String),
    /// A stored document that this binary cannot read.
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
    /// A document of a kind that this binary does not know.
    #[error("{0} is in the database; a newer assay wrote it: run that one")]
    UnknownKind(#[from] UnknownKind),
    /// An object that cannot be written as JSON.
    #[error("an object cannot be written as JSON: {0}")]
    Encode(#[from] serde_json::Error),
    /// What was written is not what was planned.
    #[error("{written} documents were written where {planned} were planned; nothing was kept")]
    Diverged {
        /// How many were planned.
        planned: usize,
        /// How many the database says were written.
        written: u64,
    },
    /// Namespaces that cannot be compiled.
    #[error(transparent)]
    Namespaces(#[from] assay_permissions::PlanError),
    /// Tuples that would be left without their relation or type.
    #[error("{}", orphans::in_words(.0))]
    Orphans(Vec<Orphans>),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn needs_yes(guards: &[Guard]) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("nothing was changed; use --yes if this is meant:");
    for guard in guards {
        let _ = write!(text, "\n  {guard}");
    }
    text
}

fn newest_hint(newest: Generation) -> String {
    match newest.0 {
        0 => String::from("there is none yet"),
        newest => format!("`assay history` lists 1 to {newest}"),
    }
}

impl ApplyError {
    /// Whether the same attempt may well succeed when it is made again from its beginning.
    pub(super) fn is_serialization_failure(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_serialization_failure())
    }
}

/// Why there is no snapshot; the one that serves goes on serving.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A document that this binary cannot read.
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
    /// A document of a kind that this binary does not know.
    #[error("{0} is in the database; a newer assay wrote it: run that one")]
    UnknownKind(#[from] UnknownKind),
    /// The database is behind what is served: it was restored from a backup, or is another one.
    #[error(
        "the database is at generation {found}, but {serving} is served; a server never goes back: restart it if this is meant"
    )]
    Older {
        /// What is served.
        serving: Generation,
        /// What the database has.
        found: Generation,
    },
    /// The signing keys.
    #[error(transparent)]
    Keys(#[from] super::signing_keys::KeyError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SealError> for ApplyError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Secret { key, source } => ApplyError::Secret { key, source },
            SealError::Json(error) => error.into(),
        }
    }
}
