//! Keeps the tables bounded: sessions that have ended, sign-ins that were never finished, browsers that
//! were remembered for long enough, counters whose time is over, and deliveries that were given up.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{
    clock::UnixMillis,
    modules::{Context, turns},
    store::{Store, StoreError, execute},
};

/// What is taken in turns.
const TURN: &str = "sessions_reaped_at";
/// The longest and the shortest pause between two looks.
const PAUSE: (Duration, Duration) = (Duration::from_mins(5), Duration::from_secs(1));
/// Rows in one batch: short enough to hold nobody up.
const BATCH: i64 = 500;
/// Batches in a row.
const MAX_BATCHES: usize = 200;

const SESSIONS: &str = "DELETE FROM sessions
  WHERE id IN (SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
const ATTEMPTS: &str = "DELETE FROM attempts
  WHERE key_hash IN (SELECT key_hash FROM attempts WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
const DELIVERIES: &str = "DELETE FROM webhook_deliveries
  WHERE id IN (SELECT id FROM webhook_deliveries WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
/// How long a delivery that was given up stays, so that an operator sees it.
const KEPT: Duration = Duration::from_hours(24);
const PENDING: &str = "DELETE FROM pending_sign_ins
  WHERE token_hash IN (SELECT token_hash FROM pending_sign_ins WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
const REMEMBERED: &str = "DELETE FROM remembered_devices
  WHERE id IN (SELECT id FROM remembered_devices WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
const CONFIRMATIONS: &str = "DELETE FROM confirmations
  WHERE link_hash IN (SELECT link_hash FROM confirmations WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";

/// Reaps now and then until it is told to stop.
pub(super) async fn run(context: Context, stop: CancellationToken) {
    let (longest, shortest) = PAUSE;
    // A task is begun anew when its module's settings change.
    let ttl = context.snapshot.session_settings().ttl.duration();
    let pause = ttl.clamp(shortest, longest);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        if let Err(error) = turn(&context.store, context.clock.now(), pause).await {
            tracing::warn!("expired sessions were not removed: {error}");
        }
    }
}

/// Reaps if no other server has done so since the last pause.
async fn turn(store: &Store, now: UnixMillis, pause: Duration) -> Result<(), StoreError> {
    if !turns::take(store, TURN, now, pause).await? {
        return Ok(());
    }
    for _ in 0..MAX_BATCHES {
        let mut gone = 0;
        for statement in [SESSIONS, ATTEMPTS, PENDING, REMEMBERED, CONFIRMATIONS] {
            gone += execute!(store, statement, now, BATCH)?;
        }
        gone += execute!(store, DELIVERIES, now - KEPT, BATCH)?;
        if gone == 0 {
            break;
        }
    }
    Ok(())
}
