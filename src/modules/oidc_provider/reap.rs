//! Keeps the tables bounded: what has expired goes, in small batches.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{
    clock::UnixMillis,
    modules::{Context, session},
    store::{Store, StoreError, execute},
};

/// How often it is looked.
const EVERY: Duration = Duration::from_mins(5);
/// How long a used code is remembered after it expired, so that its reuse is noticed, and a logout notice
/// that was given up, so that an operator sees it.
const KEPT: Duration = Duration::from_hours(24);
/// How long a device that still polls is told that its code has expired, rather than that there is none.
const DEVICE_CODES_KEPT: Duration = Duration::from_mins(10);
/// Rows in one batch: short enough to hold nobody up.
const BATCH: i64 = 500;
/// Batches in a row.
const MAX_BATCHES: usize = 200;

/// Reaps now and then until it is told to stop.
pub(super) async fn run(context: Context, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = reap(&context.store, context.clock.now()).await {
            tracing::warn!("expired grants were not removed: {error}");
        }
    }
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
const EXPIRED: [&str; 7] = reaping![
    "attempts" by "key_hash",
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

/// Removes what has expired.
async fn reap(store: &Store, now: UnixMillis) -> Result<(), StoreError> {
    for _ in 0..MAX_BATCHES {
        let mut gone = session::reap(store, now).await?;
        for statement in EXPIRED {
            gone += execute!(store, statement, now, BATCH)?;
        }
        for statement in REMEMBERED {
            gone += execute!(store, statement, now - KEPT, BATCH)?;
        }
        for statement in DEVICE_CODES {
            gone += execute!(store, statement, now - DEVICE_CODES_KEPT, BATCH)?;
        }
        if gone == 0 {
            break;
        }
    }
    Ok(())
}
