//! Removes what was never finished.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{
    clock::UnixMillis,
    modules::{Context, turns},
    store::{Store, StoreError, execute},
};

/// What is taken in turns.
const TURN: &str = "registrations_reaped_at";
/// The pause between two looks.
const PAUSE: Duration = Duration::from_mins(5);
/// Rows in one batch: short enough to hold nobody up.
const BATCH: i64 = 500;
/// Batches in a row.
const MAX_BATCHES: usize = 200;

const REGISTRATIONS: &str = "DELETE FROM registrations
  WHERE id IN (SELECT id FROM registrations WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
const INVITATIONS: &str = "DELETE FROM invitations
  WHERE id IN (SELECT id FROM invitations WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";

/// Reaps now and then until it is told to stop.
pub(super) async fn run(context: Context, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        if let Err(error) = turn(&context.store, context.clock.now()).await {
            tracing::warn!("unfinished registrations were not removed: {error}");
        }
    }
}

/// Reaps if no other server has done so since the last pause.
async fn turn(store: &Store, now: UnixMillis) -> Result<(), StoreError> {
    if turns::take(store, TURN, now, PAUSE).await? {
        reap(store, now).await?;
    }
    Ok(())
}

async fn reap(store: &Store, now: UnixMillis) -> Result<u64, StoreError> {
    let mut all = 0;
    for _ in 0..MAX_BATCHES {
        let mut gone = 0;
        for statement in [REGISTRATIONS, INVITATIONS] {
            gone += execute!(store, statement, now, BATCH)?;
        }
        all += gone;
        if gone == 0 {
            break;
        }
    }
    Ok(all)
}
