//! Keeps the tables bounded: what has expired goes, in small batches.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::lifetimes::Lifetimes;
use crate::{
    generation::{Snapshot, SnapshotError},
    modules::{
        Context,
        reaping::{Expiring, expiring, reap_in_turn},
    },
    store::StoreError,
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
    let (store, snapshot) = (&context.store, &context.snapshot);
    let (pause, rows) = (pause(snapshot), rows(tokens_live(snapshot)));
    reap_in_turn(store, TURN, pause, &rows, context.clock.now()).await?;
    Ok(())
}

/// How long any client's tokens live that are given at once.
fn tokens_live(snapshot: &Snapshot) -> Duration {
    let clients = snapshot.clients().into_iter();
    clients
        .map(|client| Lifetimes::of(snapshot, client).of_tokens())
        .fold(Duration::ZERO, Duration::max)
}

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

/// What goes, in this order: a grant is found by its code. `tokens_live` is how long tokens live that are
/// given beside a code.
fn rows(tokens_live: Duration) -> [Expiring; 11] {
    [
        expiring!("oidc_grants" by "id"),
        expiring!("oidc_refresh_tokens" by "token_hash"),
        expiring!("oidc_access_tokens" by "token_hash"),
        expiring!("oidc_pushed_requests" by "request_uri_hash"),
        expiring!("oidc_seen_ids" by "id_hash"),
        expiring!("oidc_initial_access_tokens" by "id"),
        Expiring {
            delete: ABANDONED,
            kept: KEPT.max(tokens_live),
        },
        expiring!("oidc_authorization_codes" by "code_hash", kept KEPT),
        expiring!("oidc_logout_notices" by "id", kept KEPT),
        Expiring {
            delete: ABANDONED_DEVICES,
            kept: DEVICE_CODES_KEPT,
        },
        expiring!("oidc_device_codes" by "device_code_hash", kept DEVICE_CODES_KEPT),
    ]
}
