//! Keeps the tables bounded: what has expired goes, in small batches.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::lifetimes::Lifetimes;
use crate::{
    clock::UnixMillis,
    generation::{Snapshot, SnapshotError},
    modules::{Context, turns},
    store::{Store, StoreError, execute},
};

/// What is taken in turns.
const TURN: &str = "reaped_at";
/// The longest and the shortest pause between two looks.
const PAUSE: (Duration, Duration) = (Duration::from_mins(5), Duration::from_secs(1));
/// How long a used code is remembered after it expired, so that its reuse is noticed, and a logout notice
/// that was given up, so that an operator sees it.
const KEPT: Duration = Duration::from_hours(24);
/// How long a device that still polls is told that its code has expired, rather than that there is none.
const DEVICE_CODES_KEPT: Duration = Duration::from_mins(10);
/// Rows in one batch: short enough to hold nobody up.
const BATCH: i64 = 500;
/// Batches in a row.
const MAX_BATCHES: usize = 200;

/// Why nothing was removed this time.
#[derive(Debug, thiserror::Error)]
enum ReapError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

/// Reaps now and then until it is told to stop.
pub(super) async fn run(mut context: Context, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause(&context.snapshot)) => {}
        }
        if let Err(error) = turn(&mut context).await {
            tracing::warn!("expired grants were not removed: {error}");
        }
    }
}

/// What lives for a minute is not kept for five.
fn pause(snapshot: &Snapshot) -> Duration {
    let settings = snapshot.oidc_provider_settings();
    let (longest, shortest) = PAUSE;
    [
        settings.access_token_ttl,
        settings.refresh_token_ttl,
        settings.authorization_code_ttl,
        settings.device_code_ttl,
    ]
    .into_iter()
    .fold(longest, |pause, ttl| pause.min(ttl.duration()))
    .max(shortest)
}

/// Reaps if no other server has done so since the last pause.
async fn turn(context: &mut Context) -> Result<(), ReapError> {
    // The tasks of a module outlive a generation, and its settings.
    context.snapshot = context.engine.snapshot(Some(&context.snapshot)).await?;
    let now = context.clock.now();
    if turns::take(&context.store, TURN, now, pause(&context.snapshot)).await? {
        reap(&context.store, now, tokens_live(&context.snapshot)).await?;
    }
    Ok(())
}

/// How long any client's tokens live that are given at once.
fn tokens_live(snapshot: &Snapshot) -> Duration {
    let clients = snapshot.clients().into_iter();
    clients
        .map(|client| Lifetimes::of(snapshot, client).of_tokens())
        .fold(Duration::ZERO, Duration::max)
}

/// Statements that each remove a batch of what has expired: its end was before `$1`.
macro_rules! reaping {
    ($($table:literal by $key:literal),* $(,)?) => {
        [$(concat!(
            "DELETE FROM ", $table, " WHERE ", $key, " IN (SELECT ", $key, " FROM ", $table,
            " WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)"
        )),*]
    };
}

/// What is of no use to anybody once it has expired.
const EXPIRED: [&str; 6] = reaping![
    "oidc_grants" by "id",
    "oidc_refresh_tokens" by "token_hash",
    "oidc_access_tokens" by "token_hash",
    "oidc_pushed_requests" by "request_uri_hash",
    "oidc_seen_ids" by "id_hash",
    "oidc_initial_access_tokens" by "id",
];

/// What is remembered for [`KEPT`] beyond its end.
const REMEMBERED: [&str; 2] = reaping![
    "oidc_authorization_codes" by "code_hash",
    "oidc_logout_notices" by "id",
];

/// What is remembered for [`DEVICE_CODES_KEPT`] beyond its end.
const DEVICE_CODES: [&str; 1] = reaping!["oidc_device_codes" by "device_code_hash"];

/// Statements that each remove a batch of grants that nobody came for: a grant lives for as long as a
/// refresh token might, but one whose code expired unused never had any, and what a hybrid flow gave
/// beside the code has expired. The code goes with it.
macro_rules! abandoned {
    ($table:literal) => {
        concat!(
            "DELETE FROM oidc_grants WHERE id IN (SELECT grant_id FROM ",
            $table,
            " WHERE used_at IS NULL AND grant_id IS NOT NULL AND expires_at < $1",
            " ORDER BY expires_at LIMIT $2)"
        )
    };
}

const ABANDONED: &str = abandoned!("oidc_authorization_codes");
const ABANDONED_DEVICES: &str = abandoned!("oidc_device_codes");

/// Removes what has expired. `tokens_live` is how long tokens live that are given beside a code.
async fn reap(store: &Store, now: UnixMillis, tokens_live: Duration) -> Result<(), StoreError> {
    for _ in 0..MAX_BATCHES {
        let mut gone = 0;
        for statement in EXPIRED {
            gone += execute!(store, statement, now, BATCH)?;
        }
        gone += execute!(store, ABANDONED, now - KEPT.max(tokens_live), BATCH)?;
        for statement in REMEMBERED {
            gone += execute!(store, statement, now - KEPT, BATCH)?;
        }
        let device_codes_end = now - DEVICE_CODES_KEPT;
        gone += execute!(store, ABANDONED_DEVICES, device_codes_end, BATCH)?;
        for statement in DEVICE_CODES {
            gone += execute!(store, statement, device_codes_end, BATCH)?;
        }
        if gone == 0 {
            break;
        }
    }
    Ok(())
}
