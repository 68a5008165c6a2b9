use crate::{
    clock::UnixMillis,
    store::{Store, StoreError, execute},
};

/// Rows in one batch: short enough to hold nobody up.
const BATCH: i64 = 500;

/// Deletes sessions that expired before `before`, one batch; gives how many.
pub async fn reap(store: &Store, before: UnixMillis) -> Result<u64, StoreError> {
    execute!(
        store,
        "DELETE FROM sessions
          WHERE id IN (SELECT id FROM sessions
                        WHERE expires_at < $1
                        ORDER BY expires_at LIMIT $2)",
        before,
        BATCH,
    )
}
