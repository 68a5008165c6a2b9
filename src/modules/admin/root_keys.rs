//! The keys that sign biscuits.

use axum::{
    Router,
    extract::Path,
    http::StatusCode,
    routing::{delete, get, post},
};

use super::{
    Administration, Refusal, Rotated,
    credential::{KeysRead, KeysRotate, Permitted},
};
use crate::{
    generation::RootKeyRecord,
    modules::{Context, Problem},
};

impl Administration {
    /// Every root key, the one that signs first.
    pub async fn root_keys(&self) -> Result<Vec<RootKeyRecord>, Refusal> {
        Ok(self.engine.root_key_records().await?)
    }

    /// Puts a new root key in the place of the one that signs, which goes on verifying for a while.
    pub async fn rotate_root_key(&self) -> Result<Vec<Rotated>, Refusal> {
        let id = self.engine.rotate_root_key(&self.actor).await?;
        Ok(vec![Rotated {
            algorithm: "Ed25519".to_owned(),
            kid: id.to_string(),
        }])
    }

    /// Forgets a retired root key at once, and with it every token that it has signed.
    pub async fn withdraw_root_key(&self, id: u32) -> Result<(), Refusal> {
        Ok(self.engine.withdraw_root_key(id, &self.actor).await?)
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/admin/auth/biscuit/keys", get(list))
        .route("/auth/admin/auth/biscuit/keys/rotate", post(rotate))
        .route("/auth/admin/auth/biscuit/keys/{id}", delete(withdraw))
}

async fn list(permitted: Permitted<KeysRead>) -> Result<axum::Json<Vec<RootKeyRecord>>, Problem> {
    Ok(axum::Json(permitted.administration.root_keys().await?))
}

async fn rotate(permitted: Permitted<KeysRotate>) -> Result<axum::Json<Vec<Rotated>>, Problem> {
    Ok(axum::Json(
        permitted.administration.rotate_root_key().await?,
    ))
}

async fn withdraw(
    permitted: Permitted<KeysRotate>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    permitted.administration.withdraw_root_key(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
