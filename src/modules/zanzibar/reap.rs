//! Takes out what has expired, and forgets old changes.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::tuples;
use crate::{
    modules::{Context, turns},
    store::StoreError,
};

/// The pause between two looks.
const PAUSE: Duration = Duration::from_mins(1);
/// How long after its end a tuple is still kept: another server's clock may be behind.
const GRACE: Duration = Duration::from_mins(1);

/// Does so until it is told to stop.
pub(super) async fn run(context: Context, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        if let Err(error) = turn(&context).await {
            tracing::warn!("tuples that have expired were not removed: {error}");
        }
    }
}

async fn turn(context: &Context) -> Result<(), StoreError> {
    let (store, now) = (&context.store, context.clock.now());
    if !turns::take(store, "zanzibar reaping", now, PAUSE).await? {
        return Ok(());
    }
    tuples::reap(store, now - GRACE, now).await?;
    let kept = context.snapshot.zanzibar_settings().log_kept;
    tuples::trim(store, now - kept.duration()).await
}
