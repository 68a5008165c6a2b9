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
/// How long a used code is remembered after it expired, so that its reuse is noticed.
const CODES_KEPT: Duration = Duration::from_hours(24);
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

/// Removes what has expired.
async fn reap(store: &Store, now: UnixMillis) -> Result<(), StoreError> {
    for _ in 0..MAX_BATCHES {
        let mut gone = session::reap(store, now).await?;
        gone += execute!(
            store,
            "DELETE FROM oidc_grants
              WHERE id IN (SELECT id FROM oidc_grants WHERE expires_at < $1
                            ORDER BY expires_at LIMIT $2)",
            now,
            BATCH,
        )?;
        gone += execute!(
            store,
            "DELETE FROM oidc_refresh_tokens
              WHERE token_hash IN (SELECT token_hash FROM oidc_refresh_tokens WHERE expires_at < $1
                                    ORDER BY expires_at LIMIT $2)",
            now,
            BATCH,
        )?;
        gone += execute!(
            store,
            "DELETE FROM oidc_authorization_codes
              WHERE code_hash IN (SELECT code_hash FROM oidc_authorization_codes WHERE expires_at < $1
                                   ORDER BY expires_at LIMIT $2)",
            now - CODES_KEPT,
            BATCH,
        )?;
        if gone == 0 {
            break;
        }
    }
    Ok(())
}
