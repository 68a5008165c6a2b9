//! Keeps `passkey_ceremonies` bounded.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{
    clock::UnixMillis,
    modules::{Context, turns},
    store::{Store, StoreError, execute},
};

/// What is taken in turns.
const TURN: &str = "passkey_ceremonies_reaped_at";
const PAUSE: Duration = Duration::from_mins(1);
/// Rows in one batch: short enough to hold nobody up.
const BATCH: i64 = 500;
/// Batches in a row.
const MAX_BATCHES: usize = 200;

/// Reaps now and then until it is told to stop.
pub(super) async fn run(context: Context, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        if let Err(error) = turn(&context.store, context.clock.now()).await {
            tracing::warn!("expired challenges were not removed: {error}");
        }
    }
}

/// Reaps if no other server has done so since the last pause.
async fn turn(store: &Store, now: UnixMillis) -> Result<(), StoreError> {
    if !turns::take(store, TURN, now, PAUSE).await? {
        return Ok(());
    }
    for _ in 0..MAX_BATCHES {
        let gone = execute!(
            store,
            "DELETE FROM passkey_ceremonies
              WHERE challenge_hash IN (SELECT challenge_hash FROM passkey_ceremonies
                                        WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
            now,
            BATCH,
        )?;
        if gone == 0 {
            break;
        }
    }
    Ok(())
}
