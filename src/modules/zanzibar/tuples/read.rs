//! Reading tuples, in their order.

use assay_permissions::Tuple;

use super::{Filter, Key, TupleRow, log::Position};
use crate::{
    clock::UnixMillis,
    store::{Query, Store, StoreError, Tx, fetch_one},
};

/// After which tuple to go on.
pub type Cursor = Key;

/// Some of the tuples.
#[derive(Clone, Debug)]
pub struct Selected {
    /// The revision that these are of.
    pub revision: i64,
    /// The tuples.
    pub tuples: Vec<Tuple>,
    /// Where the next ones begin; there are no more, if `None`.
    pub after: Option<Cursor>,
}

/// Tuples after `after` that are like `filter` and have not expired, `limit` at most.
pub async fn select(
    store: &Store,
    filter: &Filter,
    after: Option<&Cursor>,
    limit: u32,
    now: UnixMillis,
) -> Result<Selected, StoreError> {
    let mut tx = store.begin_read().await?;
    let revision = head(&mut tx).await?.revision;
    let mut query = Query::within(
        &mut tx,
        "SELECT resource_type, resource_id, relation, subject_type, subject_id, subject_rel,
                caveat, context, expires_at
           FROM zanzibar_tuples WHERE (expires_at IS NULL OR expires_at > ",
    );
    query.bind(now.as_i64()).push(")");
    filter.put(&mut query);
    if let Some(after) = after {
        put_after(&mut query, after);
    }
    query
        .push(" ORDER BY resource_type, resource_id, relation, subject_type, subject_id, subject_rel LIMIT ")
        .bind(i64::from(limit) + 1);
    let mut rows: Vec<TupleRow> = query.fetch_all_within(&mut tx).await?;
    tx.rollback().await?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let after = rows.last().filter(|_| has_more);
    let after = after.map(|row| row.key.clone());
    let tuples = rows.into_iter().map(TupleRow::tuple);
    Ok(Selected {
        revision,
        tuples: tuples.collect::<Result<_, _>>()?,
        after,
    })
}

/// How far the tuples are, as the transaction sees them.
pub(in crate::modules::zanzibar) async fn head(tx: &mut Tx) -> Result<Position, StoreError> {
    fetch_one!(
        tx,
        Position,
        "SELECT revision, trimmed FROM zanzibar_head WHERE id = 1"
    )
}

/// The rows after `after`, also those that have expired.
pub(in crate::modules::zanzibar) async fn all_after(
    tx: &mut Tx,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Vec<TupleRow>, StoreError> {
    let mut query = Query::within(
        tx,
        "SELECT resource_type, resource_id, relation, subject_type, subject_id, subject_rel,
                caveat, context, expires_at
           FROM zanzibar_tuples WHERE TRUE",
    );
    if let Some(after) = after {
        put_after(&mut query, after);
    }
    query
        .push(" ORDER BY resource_type, resource_id, relation, subject_type, subject_id, subject_rel LIMIT ")
        .bind(i64::from(limit));
    query.fetch_all_within(tx).await
}

fn put_after(query: &mut Query, after: &Cursor) {
    query
        .push(" AND (resource_type, resource_id, relation, subject_type, subject_id, subject_rel) > (")
        .bind(after.resource_type.as_str())
        .push(", ")
        .bind(after.resource_id.as_str())
        .push(", ")
        .bind(after.relation.as_str())
        .push(", ")
        .bind(after.subject_type.as_str())
        .push(", ")
        .bind(after.subject_id.as_str())
        .push(", ")
        .bind(after.subject_rel.as_str())
        .push(")");
}
