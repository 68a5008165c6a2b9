//! A service of the operator's that is asked and told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

/// How long a request may take; far longer than a delivery that failed once.
const LIMIT: Duration = Duration::from_mins(1);

/// What requests are signed with.
pub const WEBHOOK_SECRET: &str = "a secret of tests, long enough";

/// Receives requests, holds their signatures against the secret, and answers as it is told to.
pub struct WebhookReceiver {
    address: SocketAddr,
    state: Arc<Mutex<Receiving>>,
}

struct Receiving {
    received: Vec<(String, Value)>,
    answer: (u16, String),
    delay: Duration,
}

impl WebhookReceiver {
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(Receiving {
            received: Vec::new(),
            answer: (204, String::new()),
            delay: Duration::ZERO,
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new()
            .route("/hook", post(receive))
            .with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, state }
    }

    /// The manifest of a webhook for these events, with further fields.
    pub fn manifest(&self, name: &str, events: &str, more: &str) -> String {
        format!(
            "apiVersion: assay/v1\nkind: Webhook\nmetadata: {{ name: {name} }}\nspec:\n  url: http://{}/hook\n  \
             secret: {{ fromFile: hook-secret }}\n  events: [{events}]\n  allowedPrivateNetworks: [127.0.0.0/8]\n{more}",
            self.address
        )
    }

    /// Answers so from now on.
    pub fn answer(&self, status: u16, body: &str) {
        self.state.lock().unwrap().answer = (status, body.to_owned());
    }

    /// Answers only after a while from now on.
    pub fn answer_after(&self, delay: Duration) {
        self.state.lock().unwrap().delay = delay;
    }

    /// What has arrived of this kind: `webhook-id` and body.
    pub fn received(&self, event: &str) -> Vec<(String, Value)> {
        let state = self.state.lock().unwrap();
        let of_event = state
            .received
            .iter()
            .filter(|(_, body)| body["type"] == event);
        of_event.cloned().collect()
    }

    /// Waits until this many of the kind have arrived; gives them all.
    pub async fn wait_for(&self, event: &str, count: usize) -> Vec<(String, Value)> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let received = self.received(event);
            if received.len() >= count {
                return received;
            }
            assert!(
                Instant::now() < deadline,
                "{} of {count} requests arrived",
                received.len()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn receive(
    State(state): State<Arc<Mutex<Receiving>>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, WEBHOOK_SECRET.as_bytes());
    let signature = header("webhook-signature");
    let signature = STANDARD
        .decode(signature.strip_prefix("v1,").unwrap())
        .unwrap();
    let content = format!("{id}.{timestamp}.{body}");
    if hmac::verify(&key, content.as_bytes(), &signature).is_err() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let ((status, answer), delay) = {
        let mut state = state.lock().unwrap();
        state
            .received
            .push((id, serde_json::from_str(&body).unwrap()));
        (state.answer.clone(), state.delay)
    };
    tokio::time::sleep(delay).await;
    (StatusCode::from_u16(status).unwrap(), answer).into_response()
}
