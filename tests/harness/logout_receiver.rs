//! The end of a client at which logout tokens arrive.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use axum::routing::post;

/// How long a token may take; far longer than a delivery that failed once.
const LIMIT: Duration = Duration::from_mins(1);

/// Receives logout tokens, and answers as it is told to.
pub struct LogoutReceiver {
    address: SocketAddr,
    state: Arc<Mutex<Received>>,
}

struct Received {
    tokens: Vec<String>,
    /// `None` keeps the caller waiting.
    answer: Option<StatusCode>,
    /// How long the caller waits for it.
    delay: Duration,
}

impl LogoutReceiver {
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(Received {
            tokens: Vec::new(),
            answer: Some(StatusCode::OK),
            delay: Duration::ZERO,
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new()
            .route("/backchannel", post(receive))
            .with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, state }
    }

    /// The `backchannelLogoutUri`.
    pub fn uri(&self) -> String {
        format!("http://{}/backchannel", self.address)
    }

    /// Answers with this status from now on.
    pub fn answer(&self, status: u16) {
        let status = StatusCode::from_u16(status).expect("a status");
        self.state.lock().unwrap().answer = Some(status);
    }

    /// Answers only after a while from now on.
    pub fn answer_after(&self, delay: Duration) {
        self.state.lock().unwrap().delay = delay;
    }

    /// Takes tokens from now on, but never answers.
    pub fn hang(&self) {
        self.state.lock().unwrap().answer = None;
    }

    /// What has arrived.
    pub fn tokens(&self) -> Vec<String> {
        self.state.lock().unwrap().tokens.clone()
    }

    /// Waits until this many tokens have arrived; gives them all.
    pub async fn wait_for(&self, count: usize) -> Vec<String> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let tokens = self.tokens();
            if tokens.len() >= count {
                return tokens;
            }
            assert!(
                Instant::now() < deadline,
                "{} of {count} logout tokens arrived",
                tokens.len()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn receive(
    State(state): State<Arc<Mutex<Received>>>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    assert_eq!(headers[CONTENT_TYPE], "application/x-www-form-urlencoded");
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let (answer, delay) = {
        let mut state = state.lock().unwrap();
        let [(name, token)] = &fields[..] else {
            panic!("more or less than a logout token: {fields:?}");
        };
        assert_eq!(name, "logout_token");
        state.tokens.push(token.clone());
        (state.answer, state.delay)
    };
    tokio::time::sleep(delay).await;
    match answer {
        Some(status) => status,
        None => std::future::pending().await,
    }
}
