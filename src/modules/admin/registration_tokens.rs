//! Initial access tokens: with one, a client registers itself (RFC 7591 3).

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{delete, get},
};
use serde_json::json;

use super::{
    Administration, Refusal,
    credential::{ConfigApply, ConfigRead, Permitted},
    json::Json,
};
use crate::{
    crypto::Keyring,
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        oidc_provider::{
            InitialAccess, InitialAccessListed, InitialAccessToken, MAX_INITIAL_ACCESS_LIFE,
            NewInitialAccess,
        },
    },
};

/// Longest name, in bytes.
const MAX_NAME: usize = 128;

impl Administration {
    /// Makes an initial access token.
    pub async fn new_initial_access(
        &self,
        keyring: &Keyring,
        new: &NewInitialAccess,
    ) -> Result<InitialAccessToken, Refusal> {
        let wrong = |what: String| Err(Refusal::BadRequest(what));
        let name = new.name.trim();
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            return wrong(format!("name: 1 to {MAX_NAME} bytes, on one line"));
        }
        if new.uses == Some(0) {
            return wrong("uses: at least 1, or leave it out for any number".to_owned());
        }
        let longest = MAX_INITIAL_ACCESS_LIFE.as_secs();
        if new.expires_in == 0 || u64::from(new.expires_in) > longest {
            return wrong(format!("expiresIn: 1 to {longest} seconds"));
        }
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let token = InitialAccess::issue(&mut tx, keyring, new, now).await?;
        let event = AuditEvent {
            actor: self.actor.as_str(),
            action: "registration_token.create",
            subject: Some(&format!("registration_token:{}", token.access.id)),
            detail: json!({ "name": token.access.name, "uses": new.uses, "expiresAt": token.access.expires_at }),
            ip: None,
        };
        audit::record(&mut tx, event, now).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// The initial access tokens that can still be used.
    pub async fn initial_access(&self) -> Result<InitialAccessListed, Refusal> {
        Ok(InitialAccess::list(&self.store, self.clock.now()).await?)
    }

    /// Takes an initial access token out of use. Clients that came with it stay.
    pub async fn revoke_initial_access(&self, id: &str) -> Result<(), Refusal> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        if !InitialAccess::revoke(&mut tx, id).await? {
            return Err(Refusal::UnknownInitialAccess);
        }
        let event = AuditEvent {
            actor: self.actor.as_str(),
            action: "registration_token.delete",
            subject: Some(&format!("registration_token:{id}")),
            detail: json!({}),
            ip: None,
        };
        audit::record(&mut tx, event, now).await?;
        tx.commit().await?;
        Ok(())
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route(
            "/auth/admin/auth/registration-tokens",
            get(list).post(create),
        )
        .route("/auth/admin/auth/registration-tokens/{id}", delete(revoke))
}

async fn list(
    permitted: Permitted<ConfigRead>,
) -> Result<axum::Json<InitialAccessListed>, Problem> {
    Ok(axum::Json(permitted.administration.initial_access().await?))
}

async fn create(
    permitted: Permitted<ConfigApply>,
    State(context): State<Context>,
    Json(new): Json<NewInitialAccess>,
) -> Result<(StatusCode, axum::Json<InitialAccessToken>), Problem> {
    let administration = permitted.administration;
    let token = administration
        .new_initial_access(&context.keyring, &new)
        .await?;
    Ok((StatusCode::CREATED, axum::Json(token)))
}

async fn revoke(
    permitted: Permitted<ConfigApply>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    permitted.administration.revoke_initial_access(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}
