//! What a write says to the database.

use std::collections::HashMap;

use super::row::{Key, TupleRow};
use crate::{
    clock::UnixMillis,
    store::{
        Query, StoreError, Tx,
        bulk::{self, Value},
    },
};

/// A tuple that is other than before.
pub(super) struct Changed<'r> {
    /// Which update.
    pub(super) index: usize,
    pub(super) row: &'r TupleRow,
    /// Whether it is there from now on, or no more.
    pub(super) is_there: bool,
}

const KEY: [&str; 6] = [
    "resource_type",
    "resource_id",
    "relation",
    "subject_type",
    "subject_id",
    "subject_rel",
];

fn key(key: &Key) -> [Value<'_>; 6] {
    [
        Value::from(&key.resource_type),
        Value::from(&key.resource_id),
        Value::from(&key.relation),
        Value::from(&key.subject_type),
        Value::from(&key.subject_id),
        Value::from(&key.subject_rel),
    ]
}

pub(super) async fn present(
    tx: &mut Tx,
    rows: &[TupleRow],
) -> Result<HashMap<Key, TupleRow>, StoreError> {
    let found: Vec<TupleRow> = bulk::fetch_all(
        tx,
        KEY,
        "SELECT t.resource_type, t.resource_id, t.relation, t.subject_type, t.subject_id, t.subject_rel,
                t.caveat, t.context, t.expires_at
           FROM batch
           JOIN zanzibar_tuples AS t
             ON t.resource_type = batch.resource_type AND t.resource_id = batch.resource_id
            AND t.relation = batch.relation AND t.subject_type = batch.subject_type
            AND t.subject_id = batch.subject_id AND t.subject_rel = batch.subject_rel",
        rows.iter().map(|row| key(&row.key)),
    )
    .await?;
    Ok(found
        .into_iter()
        .map(|row| (row.key.clone(), row))
        .collect())
}

pub(super) async fn put<'c>(
    tx: &mut Tx,
    changed: impl Iterator<Item = &'c Changed<'c>>,
) -> Result<(), StoreError> {
    bulk::execute(
        tx,
        [
            "resource_type",
            "resource_id",
            "relation",
            "subject_type",
            "subject_id",
            "subject_rel",
            "caveat",
            "context",
            "expires_at",
        ],
        "INSERT INTO zanzibar_tuples
                (resource_type, resource_id, relation, subject_type, subject_id, subject_rel, caveat, context, expires_at)
         SELECT resource_type, resource_id, relation, subject_type, subject_id, subject_rel, caveat, context, expires_at
           FROM batch WHERE TRUE
             ON CONFLICT (resource_type, resource_id, relation, subject_type, subject_id, subject_rel) DO UPDATE
            SET caveat = excluded.caveat, context = excluded.context, expires_at = excluded.expires_at",
        changed.map(|Changed { row, .. }| {
            let [of, object, relation, to, subject, userset] = key(&row.key);
            [
                of,
                object,
                relation,
                to,
                subject,
                userset,
                Value::Text(row.caveat.as_deref()),
                Value::Text(row.context.as_deref()),
                Value::Integer(row.expires_at),
            ]
        }),
    )
    .await
    .map(drop)
}

pub(super) async fn take<'c>(
    tx: &mut Tx,
    changed: impl Iterator<Item = &'c Changed<'c>>,
) -> Result<(), StoreError> {
    bulk::execute(
        tx,
        KEY,
        "DELETE FROM zanzibar_tuples
          WHERE (resource_type, resource_id, relation, subject_type, subject_id, subject_rel) IN
                (SELECT resource_type, resource_id, relation, subject_type, subject_id, subject_rel FROM batch)",
        changed.map(|changed| key(&changed.row.key)),
    )
    .await
    .map(drop)
}

pub(super) async fn record(
    tx: &mut Tx,
    revision: i64,
    now: UnixMillis,
    changed: &[Changed<'_>],
) -> Result<(), StoreError> {
    bulk::execute(
        tx,
        [
            "revision",
            "place",
            "written_at",
            "is_there",
            "resource_type",
            "resource_id",
            "relation",
            "subject_type",
            "subject_id",
            "subject_rel",
            "caveat",
            "context",
            "expires_at",
        ],
        "INSERT INTO zanzibar_log
                (revision, place, written_at, is_there, resource_type, resource_id, relation, subject_type, subject_id,
                 subject_rel, caveat, context, expires_at)
         SELECT revision, place, written_at, is_there, resource_type, resource_id, relation, subject_type, subject_id,
                subject_rel, caveat, context, expires_at
           FROM batch",
        (0_i64..).zip(changed).map(|(place, changed)| {
            let [of, object, relation, to, subject, userset] = key(&changed.row.key);
            [
                Value::from(revision),
                Value::from(place),
                Value::from(now),
                Value::from(changed.is_there),
                of,
                object,
                relation,
                to,
                subject,
                userset,
                Value::Text(changed.row.caveat.as_deref()),
                Value::Text(changed.row.context.as_deref()),
                Value::Integer(changed.row.expires_at),
            ]
        }),
    )
    .await
    .map(drop)
}

/// Deletes what `condition` goes on to say after a `WHERE` that has a condition already, and puts it into
/// the log, without any of it coming here.
pub(super) async fn delete_within(
    tx: &mut Tx,
    revision: i64,
    now: UnixMillis,
    condition: impl Fn(&mut Query),
) -> Result<u64, StoreError> {
    let mut query = Query::within(
        tx,
        "INSERT INTO zanzibar_log
                (revision, place, written_at, is_there, resource_type, resource_id, relation, subject_type, subject_id,
                 subject_rel, caveat, context, expires_at)
         SELECT CAST(",
    );
    query
        .bind(revision)
        .push(" AS BIGINT), ROW_NUMBER() OVER (), CAST(")
        .bind(now.as_i64())
        .push(
            " AS BIGINT), FALSE, resource_type, resource_id, relation, subject_type, subject_id, subject_rel,
                caveat, context, expires_at
           FROM zanzibar_tuples WHERE TRUE",
        );
    condition(&mut query);
    let logged = query.execute_within(tx).await?;
    if logged > 0 {
        let mut query = Query::within(tx, "DELETE FROM zanzibar_tuples WHERE TRUE");
        condition(&mut query);
        query.execute_within(tx).await?;
    }
    Ok(logged)
}
