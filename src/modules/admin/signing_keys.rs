//! The keys that sign tokens.

use assay_reconciler::spec::SigningAlgorithm;
use axum::{
    Router,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};

use super::{
    Administration, Refusal,
    credential::{KeysRead, KeysRotate, Permitted},
};
use crate::{
    generation::{KeyState, SigningKeyRecord},
    modules::{Context, Problem},
};

/// A new key signs now.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rotated {
    /// For which algorithm.
    pub algorithm: String,
    /// The new key.
    pub kid: String,
}

impl Administration {
    /// Every signing key, active ones first.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, Refusal> {
        Ok(self.engine.signing_key_records().await?)
    }

    /// Puts a new key in the place of each active one. Tokens signed by the old ones stay valid.
    pub async fn rotate_signing_keys(&self) -> Result<Vec<Rotated>, Refusal> {
        let mut rotated = Vec::new();
        let records = self.engine.signing_key_records().await?;
        let active = records
            .iter()
            .filter(|record| record.state == KeyState::Active);
        for algorithm in active.filter_map(|record| SigningAlgorithm::from_name(&record.algorithm))
        {
            let kid = self
                .engine
                .rotate_signing_key(algorithm, &self.actor)
                .await?;
            rotated.push(Rotated {
                algorithm: algorithm.name().to_owned(),
                kid,
            });
        }
        Ok(rotated)
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/admin/auth/jwks", get(list))
        .route("/auth/admin/auth/jwks/rotate", post(rotate))
}

async fn list(
    permitted: Permitted<KeysRead>,
) -> Result<axum::Json<Vec<SigningKeyRecord>>, Problem> {
    Ok(axum::Json(permitted.administration.signing_keys().await?))
}

async fn rotate(permitted: Permitted<KeysRotate>) -> Result<axum::Json<Vec<Rotated>>, Problem> {
    let rotated = permitted.administration.rotate_signing_keys().await?;
    Ok(axum::Json(rotated))
}
