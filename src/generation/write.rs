//! Writes what a plan says: a handful of statements a kind, however many objects there are.

use std::collections::BTreeMap;

use assay_reconciler::{
    diff::{Action, Change, Generation, Plan},
    kind::Kind,
};

use super::{
    documents::{Document, sql_for},
    errors::ApplyError,
    stored_form,
};
use crate::{
    clock::UnixMillis,
    crypto::{Keyring, token},
    store::{
        StoreError, Tx,
        bulk::{self, Value},
        execute,
    },
};

/// What happens to the documents of one kind.
#[derive(Debug, Default)]
pub(super) struct Writes {
    /// New documents.
    pub(super) created: Vec<Document>,
    /// Documents with new content, owner or name.
    pub(super) updated: Vec<Document>,
    /// Those of `updated` whose name changes, by id.
    pub(super) renamed: Vec<String>,
    /// Documents that go, by id. What hangs on them goes with them.
    pub(super) deleted: Vec<String>,
}

/// The plan's changes as rows, kind by kind.
pub(super) fn planned(
    plan: &Plan,
    keyring: &Keyring,
    now: UnixMillis,
) -> Result<BTreeMap<Kind, Writes>, ApplyError> {
    let mut all: BTreeMap<Kind, Writes> = BTreeMap::new();
    for change in &plan.changes {
        let writes = all.entry(change.key.kind).or_default();
        match (change.action, &change.id) {
            (Action::Create, id) => {
                let id = match id {
                    Some(id) => id.clone(),
                    None => token::uuid_v7(now).map_err(StoreError::from)?.to_string(),
                };
                writes.created.extend(row(change, id, keyring)?);
            }
            (Action::Update, Some(id)) => {
                if change.renamed_from.is_some() {
                    writes.renamed.push(id.clone());
                }
                writes.updated.extend(row(change, id.clone(), keyring)?);
            }
            (Action::Delete, Some(id)) => writes.deleted.push(id.clone()),
            (Action::Update | Action::Delete, None) => {
                return Err(ApplyError::NotFound(change.key.clone()));
            }
        }
    }
    Ok(all)
}

fn row(change: &Change, id: String, keyring: &Keyring) -> Result<Option<Document>, ApplyError> {
    let (Some((object, hash)), Some(owner)) = (&change.after, &change.owner_after) else {
        return Ok(None);
    };
    stored_form::check(object, keyring)?;
    Ok(Some(Document::new(id, owner, object, hash.clone())?))
}

/// Writes the documents of `kind`, and their history, as part of `generation`.
pub(super) async fn write(
    tx: &mut Tx,
    kind: Kind,
    writes: &Writes,
    generation: Generation,
    now: UnixMillis,
) -> Result<(), ApplyError> {
    delete(tx, kind, &writes.deleted, generation).await?;
    // Both engines check a UNIQUE column row by row, so two objects that swap names would collide.
    let vacated = vacate_names(tx, kind, &writes.renamed).await?;
    as_planned(writes.renamed.len(), vacated)?;
    let updated = update(tx, kind, &writes.updated, generation, now).await?;
    as_planned(writes.updated.len(), updated)?;
    let created = insert(tx, kind, &writes.created, generation, now).await?;
    as_planned(writes.created.len(), created)?;
    if !writes.created.is_empty() || !writes.updated.is_empty() {
        let recorded = record_versions(tx, kind, generation).await?;
        as_planned(writes.created.len() + writes.updated.len(), recorded)?;
    }
    Ok(())
}

/// A plan is made in the transaction that writes it, so a difference means that it was not.
fn as_planned(planned: usize, written: u64) -> Result<(), ApplyError> {
    if u64::try_from(planned) == Ok(written) {
        Ok(())
    } else {
        Err(ApplyError::Diverged { planned, written })
    }
}

async fn delete(
    tx: &mut Tx,
    kind: Kind,
    ids: &[String],
    generation: Generation,
) -> Result<(), ApplyError> {
    let recorded = bulk::execute(
        tx,
        ["id", "kind", "generation"],
        sql_for!(
            kind,
            "INSERT INTO object_revisions (kind, id, generation, name, owner, metadata, spec, hash, deleted)
             SELECT batch.kind, gone.id, batch.generation, gone.name, gone.owner, gone.metadata,
                    gone.spec, gone.hash, TRUE
               FROM batch JOIN ",
            " AS gone ON gone.id = batch.id"
        ),
        ids.iter()
            .map(|id| [id.into(), kind.name().into(), generation.0.into()]),
    )
    .await?;
    as_planned(ids.len(), recorded)?;
    let deleted = bulk::execute(
        tx,
        ["id"],
        sql_for!(
            kind,
            "DELETE FROM ",
            " WHERE id IN (SELECT batch.id FROM batch)"
        ),
        ids.iter().map(|id| [id.into()]),
    )
    .await?;
    as_planned(ids.len(), deleted)
}

async fn vacate_names(tx: &mut Tx, kind: Kind, ids: &[String]) -> Result<u64, ApplyError> {
    Ok(bulk::execute(
        tx,
        ["id"],
        // No name may hold a line break, so no name can be in the way.
        sql_for!(
            kind,
            "UPDATE ",
            " SET name = '\n' || id WHERE id IN (SELECT batch.id FROM batch)"
        ),
        ids.iter().map(|id| [id.into()]),
    )
    .await?)
}

async fn update(
    tx: &mut Tx,
    kind: Kind,
    documents: &[Document],
    generation: Generation,
    now: UnixMillis,
) -> Result<u64, ApplyError> {
    Ok(bulk::execute(
        tx,
        COLUMNS,
        sql_for!(
            kind,
            "UPDATE ",
            " AS stored
                SET name = batch.name, owner = batch.owner, metadata = batch.metadata,
                    spec = batch.spec, hash = batch.hash, generation = batch.generation,
                    updated_at = batch.now
               FROM batch
              WHERE stored.id = batch.id"
        ),
        rows(documents, generation, now),
    )
    .await?)
}

async fn insert(
    tx: &mut Tx,
    kind: Kind,
    documents: &[Document],
    generation: Generation,
    now: UnixMillis,
) -> Result<u64, ApplyError> {
    Ok(bulk::execute(
        tx,
        COLUMNS,
        sql_for!(
            kind,
            "INSERT INTO ",
            " (id, name, owner, metadata, spec, hash, generation, created_at, updated_at)
             SELECT id, name, owner, metadata, spec, hash, generation, now, now FROM batch"
        ),
        rows(documents, generation, now),
    )
    .await?)
}

const COLUMNS: [&str; 8] = [
    "id",
    "name",
    "owner",
    "metadata",
    "spec",
    "hash",
    "generation",
    "now",
];

fn rows(
    documents: &[Document],
    generation: Generation,
    now: UnixMillis,
) -> impl Iterator<Item = [Value<'_>; 8]> {
    documents.iter().map(move |document| {
        [
            (&document.id).into(),
            (&document.name).into(),
            (&document.owner).into(),
            (&document.metadata).into(),
            (&document.spec).into(),
            (&document.hash).into(),
            generation.0.into(),
            now.into(),
        ]
    })
}

/// Copies what this generation wrote into the history, without sending it a second time.
async fn record_versions(
    tx: &mut Tx,
    kind: Kind,
    generation: Generation,
) -> Result<u64, ApplyError> {
    Ok(execute!(
        tx,
        sql_for!(
            kind,
            "INSERT INTO object_revisions (kind, id, generation, name, owner, metadata, spec, hash, deleted)
             SELECT CAST($2 AS TEXT), id, generation, name, owner, metadata, spec, hash, FALSE
               FROM ",
            " WHERE generation = $1"
        ),
        generation.0,
        kind.name()
    )?)
}
