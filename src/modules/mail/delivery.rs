//! Hands the letters of the outbox to a mail server, or puts them into a folder.

use std::{path::PathBuf, time::Duration};

use futures_util::future::join_all;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Metric,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    composed::{self, ComposeError},
    outbox::{self, AT_ONCE, Taken},
    transport::{Transport, TransportError},
};
use crate::{
    crypto::{CryptoError, token},
    generation::SnapshotError,
    modules::{Context, lanes},
    store::StoreError,
};

/// How often it is looked for letters that nobody in this process announced.
const EVERY: Duration = Duration::from_secs(2);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_mins(30);

/// Tells the task that there are new letters, and counts what became of them.
#[derive(Debug, Default)]
pub struct Mails {
    wake: Notify,
    outcomes: Family<OutcomeLabel, Counter>,
    /// Where letters are put when no settings say how to deliver them.
    folder: Option<PathBuf>,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

impl Mails {
    /// Without settings, letters are put into `folder`.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            ..Self::default()
        }
    }

    /// A transaction that put a letter into the outbox has committed.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Attempts by their outcome: `delivered`, `failed`, `given_up`.
    pub fn outcomes(&self) -> impl Metric + use<> {
        self.outcomes.clone()
    }

    /// Where letters are put when no settings say how to deliver them.
    pub(super) fn folder(&self) -> Option<&PathBuf> {
        self.folder.as_ref()
    }

    fn count(&self, outcome: &'static str) {
        self.outcomes.get_or_create(&OutcomeLabel { outcome }).inc();
    }
}

/// Why a letter was not handed over. Kept with the letter, so it holds nothing secret.
#[derive(Debug, thiserror::Error)]
enum DeliveryError {
    #[error(transparent)]
    Compose(#[from] ComposeError),
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl DeliveryError {
    /// Whether another attempt can only end in the same way.
    fn is_final(&self) -> bool {
        match self {
            Self::Compose(_) => true,
            Self::Transport(error) => error.is_final(),
        }
    }
}

/// What keeps letters from being tried.
#[derive(Debug, thiserror::Error)]
enum OutboxError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// Delivers until it is told to stop. What is under way then is tried again by whoever runs next.
pub(super) async fn run(mut context: Context, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            outcome = deliver_due(&mut context) => {
                if let Err(error) = outcome {
                    tracing::warn!("mails are not delivered: {error}");
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = context.mails.wake.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn deliver_due(context: &mut Context) -> Result<(), OutboxError> {
    while outbox::is_any_due(&context.store, context.clock.now()).await? {
        // The tasks of a module outlive a generation, and its words.
        let snapshot = context.engine.snapshot(Some(&context.snapshot)).await?;
        context.turn_to(&snapshot);
        let taken = outbox::take(&context.store, context.clock.now()).await?;
        let transport = Transport::of(context);
        let attempts = taken.iter().map(|mail| deliver(context, &transport, mail));
        let outcomes = join_all(attempts).await;
        for (mail, outcome) in taken.iter().zip(outcomes) {
            match outcome {
                Ok(()) => {
                    outbox::delivered(&context.store, &mail.id, context.clock.now()).await?;
                    context.mails.count("delivered");
                }
                Err(error) => postpone(context, mail, &error).await?,
            }
        }
        if taken.len() < usize::try_from(AT_ONCE).unwrap_or(usize::MAX) {
            break;
        }
    }
    Ok(())
}

async fn deliver(
    context: &Context,
    transport: &Transport,
    mail: &Taken,
) -> Result<(), DeliveryError> {
    let message = composed::message(context, mail)?;
    transport.send(context, mail, &message).await?;
    Ok(())
}

async fn postpone(
    context: &Context,
    mail: &Taken,
    error: &DeliveryError,
) -> Result<(), OutboxError> {
    let now = context.clock.now();
    let pause = lanes::pause(mail.attempts, LONGEST_PAUSE, token::chance()?);
    let (id, kind, attempts) = (&mail.id, &mail.kind, mail.attempts);
    if error.is_final() || now + pause >= mail.expires_at {
        outbox::given_up(&context.store, id, &error.to_string(), now).await?;
        context.mails.count("given_up");
        tracing::warn!(id, kind, attempts, "a mail is not tried any more: {error}");
    } else {
        outbox::failed(&context.store, id, &error.to_string(), now + pause).await?;
        context.mails.count("failed");
        tracing::info!(id, kind, attempts, retry_in = ?pause, "a mail was not delivered: {error}");
    }
    Ok(())
}
