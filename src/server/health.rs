//! `/healthz`: the process answers. `/readyz`: it can do its work.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio::time::timeout;

use super::{limits, shared::Shared};

/// `GET /healthz`. Looks at nothing, so that a database that is away does not get the process killed.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`. 503 if the database cannot be reached or the server is shutting down. A configuration
/// that cannot be put into service is told, but the old one serves, so that is no reason for 503.
pub(super) async fn readyz(State(shared): State<Shared>) -> Response {
    let (generation, error) = shared.publisher.status();
    let stored = timeout(limits::DATABASE_PROBE, shared.engine.current()).await;
    let latest = match stored {
        Ok(Ok(latest)) => Some(latest),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database does not answer");
            None
        }
        Err(_) => {
            tracing::warn!("the database does not answer in time");
            None
        }
    };
    let (status, word) = if shared.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining")
    } else if latest.is_none() {
        (StatusCode::SERVICE_UNAVAILABLE, "no-database")
    } else if error.is_some() {
        (StatusCode::OK, "behind")
    } else {
        (StatusCode::OK, "ready")
    };
    let body = json!({
        "status": word,
        "generation": generation,
        "latestGeneration": latest,
        "database": {
            "engine": shared.store.engine_name(),
            "reachable": latest.is_some(),
        },
        "snapshotError": error,
    });
    (status, Json(body)).into_response()
}
