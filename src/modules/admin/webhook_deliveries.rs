//! What webhooks could not be told.

use axum::{
    Router,
    extract::{Query, rejection::QueryRejection},
    routing::get,
};
use serde::{Deserialize, Serialize};

use super::{
    Administration, Refusal,
    credential::{AuditRead, Permitted},
};
use crate::modules::{
    Context, Problem,
    hooks::{self, DeliveryState, WebhookDelivery},
};

/// Deliveries of one answer, unless asked for fewer.
const PAGE: u32 = 100;
/// Deliveries of one answer, however many are asked for.
const MAX_PAGE: u32 = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeliveriesQuery {
    #[serde(default)]
    state: DeliveryState,
    limit: Option<u32>,
}

/// Deliveries that did not arrive.
#[derive(Clone, Debug, Serialize)]
pub struct WebhookDeliveriesListed {
    /// The newest first.
    pub deliveries: Vec<WebhookDelivery>,
}

impl Administration {
    /// What webhooks could not be told, the newest first.
    pub async fn webhook_deliveries(
        &self,
        state: DeliveryState,
        limit: u32,
    ) -> Result<WebhookDeliveriesListed, Refusal> {
        let limit = i64::from(limit.clamp(1, MAX_PAGE));
        let deliveries = hooks::list(&self.store, state, limit, self.clock.now()).await?;
        Ok(WebhookDeliveriesListed { deliveries })
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/auth/admin/webhook-deliveries", get(list))
}

async fn list(
    permitted: Permitted<AuditRead>,
    query: Result<Query<DeliveriesQuery>, QueryRejection>,
) -> Result<axum::Json<WebhookDeliveriesListed>, Problem> {
    let Query(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let limit = query.limit.unwrap_or(PAGE);
    let listed = permitted
        .administration
        .webhook_deliveries(query.state, limit)
        .await?;
    Ok(axum::Json(listed))
}
