//! Tells webhooks what has happened.

use std::{sync::Arc, time::Duration};

use assay_reconciler::spec::webhook::WebhookEvent;
use axum::http::StatusCode;
use futures_util::future::{BoxFuture, join_all};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    outbox::{self, Delivery},
    signature,
};
use crate::{
    crypto::{CryptoError, token},
    generation::{SnapshotError, Webhook},
    modules::{Context, lanes},
    outgoing::{Networks, OutgoingError, Posted},
    store::StoreError,
};

/// How long an answer is waited for; nobody is held up.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// Of the answer only the status counts.
const MAX_ANSWER: usize = 64 * 1_024;

/// Tells the task that something has happened.
#[derive(Debug, Default)]
pub struct WebhookDeliveries {
    wake: Notify,
}

/// A transaction in which this happened has committed: whoever is to be told is told now.
pub fn committed(context: &Context, event: WebhookEvent) {
    if !context.snapshot.webhooks_of(event).is_empty() {
        context.webhook_deliveries.wake.notify_one();
    }
}

/// Why a webhook was not told. Kept with the delivery, so it holds nothing secret.
#[derive(Debug, thiserror::Error)]
enum DeliveryError {
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    #[error(transparent)]
    Outgoing(#[from] OutgoingError),
    #[error("it answered {0}")]
    Refused(StatusCode),
}

/// What keeps a lane from going on.
#[derive(Debug, thiserror::Error)]
enum LaneError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// Delivers until it is told to stop.
pub async fn run(context: Context, stop: CancellationToken) {
    let deliveries = Arc::clone(&context.webhook_deliveries);
    lanes::run(Webhooks(context), &deliveries.wake, stop).await;
}

struct Webhooks(Context);

impl lanes::Deliveries for Webhooks {
    fn due(&mut self) -> BoxFuture<'_, Vec<(String, BoxFuture<'static, ()>)>> {
        Box::pin(async {
            self.lanes().await.unwrap_or_else(|error| {
                tracing::warn!("webhooks are not told: {error}");
                Vec::new()
            })
        })
    }
}

impl Webhooks {
    async fn lanes(&mut self) -> Result<Vec<(String, BoxFuture<'static, ()>)>, LaneError> {
        let context = &mut self.0;
        let due = outbox::due(&context.store, context.clock.now()).await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        // The tasks of a module outlive a generation.
        context.snapshot = context.engine.snapshot(Some(&context.snapshot)).await?;
        let lanes = due.into_iter().filter_map(|uid| {
            let webhook = Arc::clone(context.snapshot.webhook_by_uid(&uid)?);
            let lane: BoxFuture<'static, ()> = Box::pin(lane(context.clone(), webhook));
            Some((uid, lane))
        });
        Ok(lanes.collect())
    }
}

async fn lane(context: Context, webhook: Arc<Webhook>) {
    if let Err(error) = tell(&context, &webhook).await {
        tracing::warn!(webhook = webhook.name, "a webhook waits: {error}");
    }
}

/// Tells one webhook all that is due, until something fails. One that is switched off is told nothing,
/// and hears the rest if it is switched on before the rest is given up.
async fn tell(context: &Context, webhook: &Webhook) -> Result<(), LaneError> {
    if !webhook.spec.enabled {
        let later = context.clock.now() + Duration::from_mins(1);
        return Ok(outbox::rest(&context.store, &webhook.uid, later).await?);
    }
    loop {
        let taken = outbox::take(&context.store, &webhook.uid, context.clock.now()).await?;
        if taken.is_empty() {
            return Ok(());
        }
        let attempts = taken
            .iter()
            .map(|delivery| post(context, webhook, delivery));
        let outcomes = join_all(attempts).await;
        let mut has_failed = false;
        for (delivery, outcome) in taken.iter().zip(outcomes) {
            if let Err(error) = outcome {
                has_failed = true;
                postpone(context, webhook, delivery, &error).await?;
            } else {
                outbox::delivered(&context.store, &delivery.id).await?;
            }
        }
        if has_failed {
            return Ok(());
        }
    }
}

async fn post(
    context: &Context,
    webhook: &Webhook,
    delivery: &Delivery,
) -> Result<(), DeliveryError> {
    let spec = &webhook.spec;
    let body = &delivery.payload;
    let now = context.clock.now();
    let headers = signature::headers(&context.keyring, spec, &delivery.id, now, body)?;
    let posted = Posted {
        body,
        headers: &headers,
        timeout: TIMEOUT,
    };
    let networks = Networks::new(spec.allowed_private_networks.clone());
    let told = context
        .outgoing
        .post_json(&networks, spec.url.as_str(), posted, MAX_ANSWER);
    let (status, _) = told.await?;
    if status.is_success() {
        Ok(())
    } else {
        Err(DeliveryError::Refused(status))
    }
}

async fn postpone(
    context: &Context,
    webhook: &Webhook,
    delivery: &Delivery,
    error: &DeliveryError,
) -> Result<(), LaneError> {
    let pause = lanes::pause(delivery.attempts, LONGEST_PAUSE, token::chance()?);
    let next = context.clock.now() + pause;
    outbox::failed(&context.store, &delivery.id, &error.to_string(), next).await?;
    if matches!(error, DeliveryError::Outgoing(_)) {
        outbox::rest(&context.store, &webhook.uid, next).await?;
    }
    let webhook = &webhook.name;
    let attempts = delivery.attempts;
    if next < delivery.expires_at {
        tracing::info!(webhook, attempts, retry_in = ?pause, "a webhook was not told: {error}");
    } else {
        tracing::warn!(webhook, attempts, "a webhook is not told any more: {error}");
    }
    Ok(())
}
