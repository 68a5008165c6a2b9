//! Tuples that have expired. They do not count from then on; here they go.

use super::{log, statements::delete_within};
use crate::{
    clock::UnixMillis,
    store::{Store, StoreError, fetch_one},
};

/// Takes out what has expired before `before`, by the log like any other change. Says whether there was
/// anything.
pub(in crate::modules::zanzibar) async fn reap(
    store: &Store,
    before: UnixMillis,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let (ended,) = fetch_one!(
        store,
        (i64,),
        "SELECT COUNT(*) FROM (SELECT 1 FROM zanzibar_tuples WHERE expires_at < $1 LIMIT 1) AS found",
        before
    )?;
    // Most looks find nothing, and must not hold a writer up.
    if ended == 0 {
        return Ok(false);
    }
    let mut tx = store.begin().await?;
    let revision = log::next(&mut tx).await?;
    let deleted = delete_within(&mut tx, revision, now, |query| {
        query.push(" AND expires_at < ").bind(before.as_i64());
    })
    .await?;
    if deleted == 0 {
        tx.rollback().await?;
        return Ok(false);
    }
    tx.notify_tuples().await?;
    tx.commit().await?;
    Ok(true)
}
