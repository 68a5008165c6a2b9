//! Keeps the tables bounded: what has expired goes, in small batches.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{
    clock::UnixMillis,
    modules::{Context, turns},
    store::{Store, StoreError, execute},
};

/// What is taken in turns.
const TURN: &str = "upstream_reaped_at";
/// The pause between two looks.
const PAUSE: Duration = Duration::from_mins(5);
/// Rows in one batch: short enough to hold nobody up.
const BATCH: i64 = 500;
/// Batches in a row.
const MAX_BATCHES: usize = 200;

const EXPIRED: [&str; 3] = [
    "DELETE FROM oidc_upstream_states
      WHERE state_hash IN (SELECT state_hash FROM oidc_upstream_states
                            WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
    "DELETE FROM oidc_upstream_offers
      WHERE browser_hash IN (SELECT browser_hash FROM oidc_upstream_offers
                              WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
    "DELETE FROM oidc_upstream_sessions
      WHERE id IN (SELECT id FROM oidc_upstream_sessions
                    WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
];

/// Reaps now and then until it is told to stop.
pub(super) async fn run(context: Context, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        if let Err(error) = turn(&context.store, context.clock.now()).await {
            tracing::warn!("expired sign-ins with upstream providers were not removed: {error}");
        }
    }
}

/// Reaps if no other server has done so since the last pause.
async fn turn(store: &Store, now: UnixMillis) -> Result<(), StoreError> {
    if !turns::take(store, TURN, now, PAUSE).await? {
        return Ok(());
    }
    for _ in 0..MAX_BATCHES {
        let mut gone = 0;
        for statement in EXPIRED {
            gone += execute!(store, statement, now, BATCH)?;
        }
        if gone == 0 {
            break;
        }
    }
    Ok(())
}
