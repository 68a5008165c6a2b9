//! Keys are published, take their turn and go, without anybody asking.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::generation::Engine;

/// How often it is looked whether something is due.
const EVERY: Duration = Duration::from_mins(1);

/// Tends the keys until it is told to stop.
pub(super) async fn run(engine: Engine, stop: CancellationToken) {
    loop {
        if let Err(error) = engine.tend_signing_keys().await {
            tracing::warn!("signing keys were not looked after: {error}");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
