//! Tells clients of ended sessions (OpenID Connect Back-Channel Logout 1.0).

use std::{sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, join_all};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Metric,
};
use reqwest::StatusCode;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    super::signing::SigningError,
    logout_token,
    notice::{self, Notice},
};
use crate::{
    crypto::token,
    generation::{Client, SnapshotError},
    modules::{Context, lanes},
    outgoing::{Networks, OutgoingError},
    store::StoreError,
};

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// Tells the task that there are new notices, and counts what became of them.
#[derive(Debug, Default)]
pub struct LogoutNotices {
    wake: Notify,
    outcomes: Family<OutcomeLabel, Counter>,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

impl LogoutNotices {
    /// A transaction that ended a session has committed.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Attempts by their outcome: `delivered`, `failed`, `given_up`.
    pub fn outcomes(&self) -> impl Metric + use<> {
        self.outcomes.clone()
    }

    fn count(&self, outcome: &'static str) {
        self.outcomes.get_or_create(&OutcomeLabel { outcome }).inc();
    }
}

/// Why a client was not told. Kept with the notice, so it holds nothing secret.
#[derive(Debug, thiserror::Error)]
enum DeliveryError {
    #[error(transparent)]
    Token(#[from] SigningError),
    #[error(transparent)]
    Outgoing(#[from] OutgoingError),
    #[error("the client answered {0}")]
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
    Crypto(#[from] crate::crypto::CryptoError),
}

/// Delivers until it is told to stop.
pub(in crate::modules::oidc_provider) async fn run(context: Context, stop: CancellationToken) {
    let notices = Arc::clone(&context.logout_notices);
    lanes::run(Clients(context), &notices.wake, stop).await;
}

struct Clients(Context);

impl lanes::Deliveries for Clients {
    fn due(&mut self) -> BoxFuture<'_, Vec<(String, BoxFuture<'static, ()>)>> {
        Box::pin(async {
            self.lanes().await.unwrap_or_else(|error| {
                tracing::warn!("logout notices are not delivered: {error}");
                Vec::new()
            })
        })
    }
}

impl Clients {
    async fn lanes(&mut self) -> Result<Vec<(String, BoxFuture<'static, ()>)>, LaneError> {
        let context = &mut self.0;
        let due = notice::due_clients(&context.store, context.clock.now()).await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        // The tasks of a module outlive a generation, and its keys.
        context.snapshot = context.engine.snapshot(Some(&context.snapshot)).await?;
        let lanes = due.into_iter().filter_map(|uid| {
            let client = Arc::clone(context.snapshot.client_by_uid(&uid)?);
            let lane: BoxFuture<'static, ()> = Box::pin(lane(context.clone(), client));
            Some((uid, lane))
        });
        Ok(lanes.collect())
    }
}

async fn lane(context: Context, client: Arc<Client>) {
    if let Err(error) = tell(&context, &client).await {
        tracing::warn!(client = client.name, "a logout notice waits: {error}");
    }
}

/// Tells one client all that is due, until something fails.
async fn tell(context: &Context, client: &Client) -> Result<(), LaneError> {
    let Some(uri) = client.spec.backchannel_logout_uri.as_ref() else {
        return Ok(notice::drop_all(&context.store, &client.uid).await?);
    };
    let settings = context.snapshot.oidc_provider_settings();
    let networks = Networks::new(settings.allowed_private_networks.clone());
    loop {
        let taken = notice::take(&context.store, &client.uid, context.clock.now()).await?;
        if taken.is_empty() {
            return Ok(());
        }
        let attempts = taken
            .iter()
            .map(|notice| post(context, client, &networks, uri.as_str(), notice));
        let outcomes = join_all(attempts).await;
        let mut has_failed = false;
        for (notice, outcome) in taken.iter().zip(outcomes) {
            if let Err(error) = outcome {
                has_failed = true;
                postpone(context, client, notice, &error).await?;
            } else {
                notice::delivered(&context.store, &notice.id, context.clock.now()).await?;
                context.logout_notices.count("delivered");
            }
        }
        if has_failed {
            return Ok(());
        }
    }
}

async fn post(
    context: &Context,
    client: &Client,
    networks: &Networks,
    uri: &str,
    notice: &Notice,
) -> Result<(), DeliveryError> {
    let token = logout_token::make(context, &context.snapshot, client, notice)?;
    let fields = [("logout_token", token.as_str())];
    let status = context.outgoing.post_form(networks, uri, &fields).await?;
    // Section 2.8; some frameworks turn an empty 200 into 204.
    if matches!(status, StatusCode::OK | StatusCode::NO_CONTENT) {
        Ok(())
    } else {
        Err(DeliveryError::Refused(status))
    }
}

async fn postpone(
    context: &Context,
    client: &Client,
    notice: &Notice,
    error: &DeliveryError,
) -> Result<(), LaneError> {
    let pause = lanes::pause(notice.attempts, LONGEST_PAUSE, token::chance()?);
    let next = context.clock.now() + pause;
    notice::failed(&context.store, &notice.id, &error.to_string(), next).await?;
    if matches!(error, DeliveryError::Outgoing(_)) {
        notice::rest(&context.store, &client.uid, next).await?;
    }
    let client = &client.name;
    if next < notice.expires_at {
        context.logout_notices.count("failed");
        tracing::info!(client, attempts = notice.attempts, retry_in = ?pause, "a client was not told of a logout: {error}");
    } else {
        context.logout_notices.count("given_up");
        tracing::warn!(
            client,
            attempts = notice.attempts,
            "a client is not told of a logout any more: {error}"
        );
    }
    Ok(())
}
