//! Writing: all of it in one transaction, or nothing.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use assay_permissions::{Change, Plan, Tuple};
use serde::{Deserialize, Serialize};

use super::{
    Filter, WriteError, log,
    row::{Key, TupleRow},
    statements::{Changed, delete_within, present, put, record, take},
};
use crate::{
    clock::UnixMillis,
    generation::Generation,
    store::{Query, Store, StoreError, Tx, fetch_one},
};

/// Updates in one write.
pub const MAX_UPDATES: usize = 10_000;
/// Preconditions of one write.
pub(super) const MAX_PRECONDITIONS: usize = 100;

/// What to do with a tuple.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// It must not be there yet.
    Create,
    /// It is there afterwards, with these conditions.
    Touch,
    /// It is not there afterwards, whatever its conditions were.
    Delete,
}

/// One tuple, and what to do with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// What to do.
    pub operation: Operation,
    /// The tuple.
    pub tuple: Tuple,
}

/// Whether tuples have to be there.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// At least one.
    Exist,
    /// None.
    NotExist,
}

/// What must hold for a write.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Precondition {
    /// Whether there is such a tuple.
    pub must: Presence,
    /// Which tuples.
    pub filter: Filter,
}

/// What a write has done.
#[derive(Clone, Debug)]
pub struct Written {
    /// The revision from which on it is seen.
    pub revision: i64,
    /// How many tuples are other than before.
    pub changed: u64,
    /// What was changed, if this is a revision of its own and it was done one by one.
    pub changes: Option<Arc<[Change]>>,
}

/// Writes what the namespaces of one generation allow.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// Where to.
    pub store: &'a Store,
    /// What the namespaces compile to.
    pub plan: &'a Plan,
    /// The generation whose namespaces these are.
    pub generation: Generation,
    /// When.
    pub now: UnixMillis,
}

impl Writer<'_> {
    /// Makes all of the updates, if all preconditions hold.
    pub async fn write(
        &self,
        updates: &[Update],
        preconditions: &[Precondition],
    ) -> Result<Written, WriteError> {
        if updates.len() > MAX_UPDATES {
            return Err(WriteError::TooMany {
                found: updates.len(),
                limit: MAX_UPDATES,
            });
        }
        if preconditions.len() > MAX_PRECONDITIONS {
            return Err(WriteError::TooManyPreconditions {
                found: preconditions.len(),
                limit: MAX_PRECONDITIONS,
            });
        }
        let rows = self.rows(updates)?;
        let mut tx = self.store.begin().await?;
        let revision = log::next(&mut tx).await?;
        self.refuse_other_namespaces(&mut tx).await?;
        for (index, precondition) in preconditions.iter().enumerate() {
            let exists = self.exists(&mut tx, &precondition.filter).await?;
            let must_exist = precondition.must == Presence::Exist;
            if exists != must_exist {
                return Err(WriteError::Precondition { index, must_exist });
            }
        }
        let found = present(&mut tx, &rows).await?;
        let changed = self.changed(updates, &rows, &found)?;
        if changed.is_empty() {
            tx.rollback().await?;
            return Ok(Written {
                revision: revision - 1,
                changed: 0,
                changes: None,
            });
        }
        put(&mut tx, changed.iter().filter(|change| change.is_there)).await?;
        take(&mut tx, changed.iter().filter(|change| !change.is_there)).await?;
        record(&mut tx, revision, self.now, &changed).await?;
        tx.notify_tuples().await?;
        tx.commit().await?;
        let changes = changed.iter().map(|changed| {
            let tuple = updates[changed.index].tuple.clone();
            if changed.is_there {
                Change::Touch(tuple)
            } else {
                Change::Delete(tuple)
            }
        });
        Ok(Written {
            revision,
            changed: changed.len() as u64,
            changes: Some(changes.collect()),
        })
    }

    /// The updates as rows, if each is allowed and there once.
    fn rows(&self, updates: &[Update]) -> Result<Vec<TupleRow>, WriteError> {
        let mut rows = Vec::with_capacity(updates.len());
        let mut places: HashMap<Key, usize> = HashMap::with_capacity(updates.len());
        for (index, Update { operation, tuple }) in updates.iter().enumerate() {
            match operation {
                Operation::Create | Operation::Touch => self.plan.accepts(tuple),
                // Also what the namespaces do not allow any more can be taken out.
                Operation::Delete if Key::of(tuple).is_possible() => Ok(()),
                Operation::Delete => self.plan.places(tuple),
            }
            .map_err(|error| WriteError::Tuple { index, error })?;
            let row = TupleRow::of(tuple);
            match places.entry(row.key.clone()) {
                Entry::Vacant(place) => {
                    place.insert(index);
                }
                Entry::Occupied(place) => {
                    return Err(WriteError::Twice {
                        index,
                        earlier: *place.get(),
                        tuple: tuple.to_string(),
                    });
                }
            }
            rows.push(row);
        }
        Ok(rows)
    }

    /// Nobody may write a tuple that an applier, who has looked for such tuples before, does not know of.
    async fn refuse_other_namespaces(&self, tx: &mut Tx) -> Result<(), WriteError> {
        let (newer,) = fetch_one!(
            tx,
            (i64,),
            "SELECT COUNT(*) FROM object_revisions WHERE generation > $1 AND kind = 'ZanzibarNamespace'",
            self.generation.0
        )?;
        if newer > 0 {
            return Err(WriteError::Namespaces);
        }
        Ok(())
    }

    async fn exists(&self, tx: &mut Tx, filter: &Filter) -> Result<bool, StoreError> {
        if filter.is_impossible() {
            return Ok(false);
        }
        let mut query = Query::within(
            tx,
            "SELECT 1 FROM zanzibar_tuples WHERE (expires_at IS NULL OR expires_at > ",
        );
        query.bind(self.now.as_i64()).push(")");
        filter.put(&mut query);
        query.push(" LIMIT 1");
        let found: Vec<(i32,)> = query.fetch_all_within(tx).await?;
        Ok(!found.is_empty())
    }

    /// What is other afterwards.
    fn changed<'r>(
        &self,
        updates: &[Update],
        rows: &'r [TupleRow],
        found: &HashMap<Key, TupleRow>,
    ) -> Result<Vec<Changed<'r>>, WriteError> {
        let mut changed = Vec::new();
        for (index, (update, row)) in updates.iter().zip(rows).enumerate() {
            let before = found.get(&row.key);
            let has_ended =
                |row: &TupleRow| row.expires_at.is_some_and(|end| end <= self.now.as_i64());
            let is_there = match update.operation {
                Operation::Create => {
                    if before.is_some_and(|before| !has_ended(before)) {
                        return Err(WriteError::Exists {
                            index,
                            tuple: update.tuple.to_string(),
                        });
                    }
                    true
                }
                Operation::Touch => {
                    if before.is_some_and(|before| is_same(before, &update.tuple)) {
                        continue;
                    }
                    true
                }
                Operation::Delete => {
                    if before.is_none() {
                        continue;
                    }
                    false
                }
            };
            changed.push(Changed {
                index,
                row,
                is_there,
            });
        }
        Ok(changed)
    }
}

/// Whether it depends on the same; the order of names in a context does not matter.
fn is_same(before: &TupleRow, tuple: &Tuple) -> bool {
    let before = before.clone().tuple();
    before
        .is_ok_and(|before| before.caveat == tuple.caveat && before.expires_at == tuple.expires_at)
}

/// Deletes all that is like that, however much it is, whatever the namespaces say.
pub async fn delete(
    store: &Store,
    filter: &Filter,
    now: UnixMillis,
) -> Result<Written, StoreError> {
    let mut tx = store.begin().await?;
    let revision = log::next(&mut tx).await?;
    let changed = delete_within(&mut tx, revision, now, |query| filter.put(query)).await?;
    if changed == 0 {
        tx.rollback().await?;
        return Ok(Written {
            revision: revision - 1,
            changed: 0,
            changes: None,
        });
    }
    tx.notify_tuples().await?;
    tx.commit().await?;
    Ok(Written {
        revision,
        changed,
        changes: None,
    })
}
