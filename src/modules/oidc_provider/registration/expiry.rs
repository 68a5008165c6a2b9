//! Clients whose registration has expired go, and with them what they hold.

use std::time::Duration;

use assay_reconciler::{kind::Kind, object::ObjectKey};
use tokio_util::sync::CancellationToken;

use super::{record, register::options};
use crate::{
    generation::{ApplyError, Owner},
    modules::Context,
};

/// How often it is looked.
const EVERY: Duration = Duration::from_mins(1);
/// Clients that go in one generation.
const BATCH: i64 = 500;

/// Removes now and then until it is told to stop. Every replica does; whoever is late finds nothing.
pub(in crate::modules::oidc_provider) async fn run(context: Context, stop: CancellationToken) {
    loop {
        match remove(&context).await {
            Ok(()) | Err(ApplyError::NotFound(_)) => {}
            Err(error) => tracing::warn!("expired registrations were not removed: {error}"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn remove(context: &Context) -> Result<(), ApplyError> {
    let expired = record::expired(&context.store, context.clock.now(), BATCH).await?;
    if expired.is_empty() {
        return Ok(());
    }
    let deletes = expired.into_iter().map(|name| ObjectKey {
        kind: Kind::OidcClient,
        name,
    });
    context
        .engine
        .apply_as(
            Owner::Registration,
            Vec::new(),
            deletes.collect(),
            options(),
        )
        .await?;
    Ok(())
}
