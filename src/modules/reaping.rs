//! Keeps tables bounded: what has expired goes, in small batches, and by one server at a time.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Context, turns};
use crate::{
    clock::UnixMillis,
    store::{Store, StoreError, execute},
};

/// Rows in one batch: short enough to hold nobody up.
const BATCH: i64 = 500;
/// Batches in a row.
const MAX_BATCHES: usize = 200;

/// Rows that go once they have expired.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expiring {
    /// Removes rows whose end was before `$1`, `$2` of them at most.
    pub(super) delete: &'static str,
    /// How much longer they stay.
    pub(super) kept: Duration,
}

/// The rows of a table, which are known by this column.
macro_rules! expiring {
    ($table:literal by $key:literal) => {
        $crate::modules::reaping::expiring!($table by $key, kept std::time::Duration::ZERO)
    };
    ($table:literal by $key:literal, kept $kept:expr) => {
        $crate::modules::reaping::Expiring {
            delete: concat!(
                "DELETE FROM ", $table, " WHERE ", $key, " IN (SELECT ", $key, " FROM ", $table,
                " WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)"
            ),
            kept: $kept,
        }
    };
}
pub(super) use expiring;

/// Somebody who removes rows now and then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reaper {
    /// What is taken in turns: a name that nobody else has.
    pub(super) turn: &'static str,
    /// The pause between two looks.
    pub(super) pause: Duration,
    /// What is looked at.
    pub(super) rows: &'static [Expiring],
}

impl Reaper {
    /// Reaps now and then until it is told to stop.
    pub(super) async fn run(self, context: Context, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(self.pause) => {}
            }
            if let Err(error) = self.turn(&context.store, context.clock.now()).await {
                tracing::warn!(
                    turn = self.turn,
                    "what has expired was not removed: {error}"
                );
            }
        }
    }

    /// Reaps if no other server has done so since the last pause.
    pub(super) async fn turn(self, store: &Store, now: UnixMillis) -> Result<(), StoreError> {
        reap_in_turn(store, self.turn, self.pause, self.rows, now).await
    }
}

/// [`Reaper::turn`], where what goes depends on settings.
pub(super) async fn reap_in_turn(
    store: &Store,
    turn: &'static str,
    pause: Duration,
    rows: &[Expiring],
    now: UnixMillis,
) -> Result<(), StoreError> {
    if !turns::take(store, turn, now, pause).await? {
        return Ok(());
    }
    for _ in 0..MAX_BATCHES {
        let mut gone = 0;
        for expiring in rows {
            gone += execute!(store, expiring.delete, now - expiring.kept, BATCH)?;
        }
        if gone == 0 {
            break;
        }
    }
    Ok(())
}
