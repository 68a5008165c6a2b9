//! What is stored, and who serves it.

use assay_reconciler::diff::Generation;
use axum::{Router, routing::get};
use serde::{Deserialize, Serialize};

use super::{
    Administration, Refusal,
    credential::{ConfigRead, Permitted},
};
use crate::{
    generation::{GenerationRecord, Replica},
    modules::{Context, Problem},
};

/// How an installation is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The generation that is stored.
    pub generation: Generation,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<GenerationRecord>,
    /// The servers that live, and what they serve.
    pub replicas: Vec<Replica>,
}

impl Administration {
    /// What is stored, and who serves it.
    pub async fn status(&self) -> Result<Status, Refusal> {
        let record = self.engine.history(1, None).await?.into_iter().next();
        Ok(Status {
            generation: record
                .as_ref()
                .map_or(Generation(0), |record| record.generation),
            record,
            replicas: self.engine.replicas().await?,
        })
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/auth/admin/reconcile/status", get(status))
}

async fn status(permitted: Permitted<ConfigRead>) -> Result<axum::Json<Status>, Problem> {
    Ok(axum::Json(permitted.administration.status().await?))
}
