//! The log of changes, by revision.

use assay_permissions::Change;

use super::row::TupleRow;
use crate::{
    clock::UnixMillis,
    store::{Store, StoreError, Tx, execute, fetch_all, fetch_one},
};

/// Rows of the log that go in one statement.
const TRIMMED_AT_ONCE: i64 = 10_000;

/// How far the tuples are.
#[derive(Clone, Copy, Debug, Eq, PartialEq, sqlx::FromRow)]
pub struct Position {
    /// The newest revision.
    pub revision: i64,
    /// The newest revision that the log does not hold any more.
    pub trimmed: i64,
}

/// One change of one tuple.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    /// The revision that it is a part of.
    pub revision: i64,
    /// What was done.
    pub change: Change,
}

/// How far the tuples are.
pub async fn position(store: &Store) -> Result<Position, StoreError> {
    fetch_one!(
        store,
        Position,
        "SELECT revision, trimmed FROM zanzibar_head WHERE id = 1"
    )
}

/// Takes the turn to write, and the next revision. Whoever writes too waits until this transaction has
/// ended.
pub(super) async fn next(tx: &mut Tx) -> Result<i64, StoreError> {
    let (revision,) = fetch_one!(
        tx,
        (i64,),
        "UPDATE zanzibar_head SET revision = revision + 1 WHERE id = 1 RETURNING revision"
    )?;
    Ok(revision)
}

#[derive(sqlx::FromRow)]
struct LogRow {
    revision: i64,
    is_there: bool,
    #[sqlx(flatten)]
    tuple: TupleRow,
}

/// What was changed after `revision`, in order, at least `at_least` changes if there are as many, and all
/// of each revision. `None` if the log does not reach
/// back so far, or not on so far.
pub(in crate::modules::zanzibar) async fn logged_after(
    store: &Store,
    revision: i64,
    at_least: i64,
) -> Result<Option<Vec<Logged>>, StoreError> {
    // Both questions see the same state, for the log may be trimmed between them.
    let mut tx = store.begin_read().await?;
    let position = fetch_one!(
        &mut tx,
        Position,
        "SELECT revision, trimmed FROM zanzibar_head WHERE id = 1"
    )?;
    if revision == position.revision {
        return Ok(Some(Vec::new()));
    }
    // A revision that there is not yet is of before a backup was put back.
    if revision < position.trimmed || revision > position.revision {
        return Ok(None);
    }
    let (upto,) = fetch_one!(
        &mut tx,
        (Option<i64>,),
        "SELECT MAX(revision) FROM
                (SELECT revision FROM zanzibar_log WHERE revision > $1
                  ORDER BY revision, place LIMIT $2) AS found",
        revision,
        at_least
    )?;
    let rows = fetch_all!(
        &mut tx,
        LogRow,
        "SELECT revision, is_there, resource_type, resource_id, relation, subject_type, subject_id, subject_rel,
                caveat, context, expires_at
           FROM zanzibar_log
          WHERE revision > $1 AND revision <= $2
          ORDER BY revision, place",
        revision,
        upto.unwrap_or(revision)
    )?;
    tx.rollback().await?;
    let logged = rows.into_iter().map(|row| {
        let tuple = row.tuple.tuple()?;
        let change = if row.is_there {
            Change::Touch(tuple)
        } else {
            Change::Delete(tuple)
        };
        Ok(Logged {
            revision: row.revision,
            change,
        })
    });
    logged.collect::<Result<_, StoreError>>().map(Some)
}

/// Forgets what was written before `before`.
pub(in crate::modules::zanzibar) async fn trim(
    store: &Store,
    before: UnixMillis,
) -> Result<(), StoreError> {
    loop {
        let mut tx = store.begin().await?;
        let (upto,) = fetch_one!(
            &mut tx,
            (Option<i64>,),
            "SELECT MAX(revision) FROM
                    (SELECT revision, written_at FROM zanzibar_log ORDER BY revision, place LIMIT $2) AS oldest
              WHERE written_at < $1",
            before,
            TRIMMED_AT_ONCE
        )?;
        let Some(upto) = upto else {
            return Ok(());
        };
        // Said first: who reads the log looks at this before it looks at the rows.
        execute!(
            &mut tx,
            "UPDATE zanzibar_head SET trimmed = $1 WHERE id = 1 AND trimmed < $1",
            upto
        )?;
        execute!(
            &mut tx,
            "DELETE FROM zanzibar_log WHERE revision <= $1",
            upto
        )?;
        tx.commit().await?;
    }
}
