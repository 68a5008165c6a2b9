//! The passkeys of people: list them, remove one.

use axum::{
    Router,
    extract::Path,
    http::StatusCode,
    routing::{delete, get},
};
use serde::Serialize;
use serde_json::json;

use super::{
    Administration, Refusal,
    credential::{Permitted, UsersRead, UsersWrite},
};
use crate::modules::{
    Context, Problem,
    audit::{self, AuditEvent},
    passkey::{self, PasskeySummary},
};

/// The passkeys of somebody.
#[derive(Clone, Debug, Serialize)]
struct Passkeys {
    /// The oldest first.
    passkeys: Vec<PasskeySummary>,
}

impl Administration {
    /// The passkeys of somebody, the oldest first.
    pub async fn passkeys(&self, user_id: &str) -> Result<Vec<PasskeySummary>, Refusal> {
        self.user(user_id).await?;
        Ok(passkey::passkeys_of(&self.store, user_id).await?)
    }

    /// Removes a passkey of somebody, also their last way to sign in.
    pub async fn remove_passkey(&self, user_id: &str, id: &str) -> Result<(), Refusal> {
        let mut tx = self.store.begin().await?;
        let Some(name) = passkey::remove(&mut tx, user_id, id).await? else {
            tx.rollback().await?;
            return Err(Refusal::UnknownPasskey);
        };
        let event = AuditEvent {
            actor: self.actor.as_str(),
            action: "passkey.remove",
            subject: Some(&format!("user:{user_id}")),
            detail: json!({ "passkey": id, "name": name }),
            ip: None,
        };
        audit::record(&mut tx, event, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/admin/auth/users/{id}/passkeys", get(list))
        .route(
            "/auth/admin/auth/users/{id}/passkeys/{passkey}",
            delete(remove),
        )
}

async fn list(
    permitted: Permitted<UsersRead>,
    Path(id): Path<String>,
) -> Result<axum::Json<Passkeys>, Problem> {
    let passkeys = permitted.administration.passkeys(&id).await?;
    Ok(axum::Json(Passkeys { passkeys }))
}

async fn remove(
    permitted: Permitted<UsersWrite>,
    Path((id, passkey)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    permitted
        .administration
        .remove_passkey(&id, &passkey)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
