//! Of several servers on one database, one at a time does what needs doing once.

use std::time::Duration;

use crate::{
    clock::UnixMillis,
    store::{Store, StoreError, execute},
};

/// Whether it is this server's turn: nobody has taken `what` since `pause` ago. One statement, so of
/// many that ask at once, one gets it.
pub(super) async fn take(
    store: &Store,
    what: &'static str,
    now: UnixMillis,
    pause: Duration,
) -> Result<bool, StoreError> {
    let taken = execute!(
        store,
        "INSERT INTO instance (key, value) VALUES ($1, $2)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value
          WHERE CAST(instance.value AS BIGINT) <= $3",
        what,
        now.as_i64().to_string(),
        now - pause,
    )?;
    Ok(taken == 1)
}
