use assay_reconciler::spec::webhook::FailurePolicy;
use axum::http::StatusCode;
use futures_util::future::join_all;
use serde::Deserialize;

use super::{Happening, signature};
use crate::{
    crypto::{CryptoError, token},
    generation::Webhook,
    modules::Context,
    outgoing::{Networks, OutgoingError, Posted},
};

/// Longest answer.
const MAX_ANSWER: usize = 16 * 1_024;
/// Longest message to a person, in characters.
const MAX_MESSAGE: usize = 300;

/// A webhook does not want it to happen, or gave no answer and the manifest says that this is a no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which webhook.
    pub webhook: String,
    /// What it says to the person, in its own language.
    pub message: Option<String>,
}

#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    #[error(transparent)]
    Outgoing(#[from] OutgoingError),
    #[error("it answered {0}")]
    Status(StatusCode),
    #[error("its answer is not JSON like {{\"allow\": false, \"message\": \"...\"}}")]
    Unreadable,
}

/// What a webhook answers; nothing at all is a yes.
#[derive(Deserialize)]
struct Answer {
    #[serde(default = "yes")]
    allow: bool,
    message: Option<String>,
}

fn yes() -> bool {
    true
}

/// Asks every webhook that wants to be asked, all at once. What each is waited for is in its manifest.
pub async fn before(context: &Context, happening: &Happening<'_>) -> Result<(), Refused> {
    let (event, _) = happening.events();
    let webhooks = context.snapshot.webhooks_of(event);
    if webhooks.is_empty() {
        return Ok(());
    }
    let payload = happening.payload(event, context.clock.now());
    let answers = webhooks
        .iter()
        .map(|webhook| ask(context, webhook, &payload));
    let answers = join_all(answers).await;
    for (webhook, answer) in webhooks.iter().zip(answers) {
        let name = &webhook.name;
        let refused = |message| Refused {
            webhook: name.clone(),
            message,
        };
        match answer {
            Ok(Answer { allow: true, .. }) => {}
            Ok(Answer { message, .. }) => {
                tracing::info!(webhook = name, event = event.name(), "a webhook refused");
                let message = message.map(|text| text.chars().take(MAX_MESSAGE).collect());
                return Err(refused(message));
            }
            Err(error) => {
                let is_refused = webhook.spec.on_failure == FailurePolicy::Refuse;
                tracing::warn!(
                    webhook = name,
                    event = event.name(),
                    is_refused,
                    "a webhook that was asked gave no answer: {error}"
                );
                if is_refused {
                    return Err(refused(None));
                }
            }
        }
    }
    Ok(())
}

async fn ask(context: &Context, webhook: &Webhook, payload: &str) -> Result<Answer, AskError> {
    let spec = &webhook.spec;
    let now = context.clock.now();
    let id = token::uuid_v7(now)?.to_string();
    let headers = signature::headers(&context.keyring, spec, &id, now, payload)?;
    let posted = Posted {
        body: payload,
        headers: &headers,
        timeout: spec.timeout.duration(),
    };
    let networks = Networks::new(spec.allowed_private_networks.clone());
    let asked = context
        .outgoing
        .post_json(&networks, spec.url.as_str(), posted, MAX_ANSWER);
    let (status, body) = asked.await?;
    if !status.is_success() {
        return Err(AskError::Status(status));
    }
    if body.is_empty() {
        return Ok(Answer {
            allow: true,
            message: None,
        });
    }
    serde_json::from_slice(&body).map_err(|_| AskError::Unreadable)
}
