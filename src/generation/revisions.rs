//! The append-only history of every document.

use std::collections::HashSet;

use assay_reconciler::{
    diff::Generation,
    kind::{Kind, UnknownKind},
};

use super::documents::Document;
use crate::store::{StoreError, Tx, fetch_all};

/// One version of one document.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Revision {
    kind: String,
    #[sqlx(flatten)]
    pub(super) document: Document,
    /// Whether this version is that there is none.
    pub(super) deleted: bool,
}

impl Revision {
    /// The kind.
    ///
    /// # Errors
    /// It is one that only a newer binary knows.
    pub(super) fn kind(&self) -> Result<Kind, UnknownKind> {
        self.kind.parse()
    }
}

/// The latest version of everything that changed after `after` and up to `generation`.
pub(super) async fn changed_between(
    tx: &mut Tx,
    after: Generation,
    generation: Generation,
) -> Result<Vec<Revision>, StoreError> {
    // Both ends are named, for without statistics PostgreSQL takes a third of the table to be above
    // any one number, and reads all of it.
    let revisions: Vec<Revision> = fetch_all!(
        tx,
        Revision,
        "SELECT kind, id, name, owner, metadata, spec, hash, deleted
           FROM object_revisions
          WHERE generation > $1 AND generation <= $2
          ORDER BY generation",
        after.0,
        generation.0
    )?;
    let mut seen = HashSet::new();
    let mut latest: Vec<Revision> = revisions
        .into_iter()
        .rev()
        .filter(|revision| seen.insert((revision.kind.clone(), revision.document.id.clone())))
        .collect();
    latest.reverse();
    Ok(latest)
}

/// How everything was in `generation`.
pub(super) async fn as_of(
    tx: &mut Tx,
    generation: Generation,
) -> Result<Vec<Revision>, StoreError> {
    fetch_all!(
        tx,
        Revision,
        "SELECT kind, id, name, owner, metadata, spec, hash, deleted
           FROM object_revisions AS latest
          WHERE generation <= $1
            AND NOT deleted
            AND NOT EXISTS (
                SELECT 1 FROM object_revisions AS later
                 WHERE later.kind = latest.kind AND later.id = latest.id
                   AND later.generation > latest.generation
                   AND later.generation <= $1)",
        generation.0
    )
}
