//! What people let clients see and do: list it, take it back.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{delete, get},
};
use serde::Serialize;

use super::{
    Administration, Refusal,
    credential::{Permitted, UsersRead, UsersWrite},
};
use crate::{
    generation::Snapshot,
    modules::{
        Context, Problem,
        oidc_provider::{self, ClientAccess, Withdrawal},
    },
};

/// What somebody lets clients see and do.
#[derive(Clone, Debug, Serialize)]
struct Consents {
    /// By the names of the clients.
    consents: Vec<ClientAccess>,
}

impl Administration {
    /// Which clients somebody lets see or do something.
    pub async fn consents(
        &self,
        snapshot: &Snapshot,
        issuer: &str,
        user_id: &str,
    ) -> Result<Vec<ClientAccess>, Refusal> {
        self.user(user_id).await?;
        let now = self.clock.now();
        Ok(oidc_provider::access_of(&self.store, snapshot, issuer, user_id, now).await?)
    }

    /// Takes back in somebody's name what a client was given, and all its tokens with it.
    pub async fn withdraw_consent(
        &self,
        snapshot: &Snapshot,
        user_id: &str,
        client: &str,
    ) -> Result<(), Refusal> {
        let client = snapshot.client(client).ok_or(Refusal::UnknownConsent)?;
        let withdrawal = Withdrawal {
            user_id,
            client,
            actor: self.actor.as_str(),
            ip: None,
        };
        let mut tx = self.store.begin().await?;
        if !oidc_provider::withdraw_access(&mut tx, withdrawal, self.clock.now()).await? {
            tx.rollback().await?;
            return Err(Refusal::UnknownConsent);
        }
        Ok(tx.commit().await?)
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/admin/auth/users/{id}/consents", get(list))
        .route(
            "/auth/admin/auth/users/{id}/consents/{client}",
            delete(withdraw),
        )
}

async fn list(
    permitted: Permitted<UsersRead>,
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Result<axum::Json<Consents>, Problem> {
    let administration = permitted.administration;
    let consents = administration
        .consents(&context.snapshot, &context.site.issuer, &id)
        .await?;
    Ok(axum::Json(Consents { consents }))
}

async fn withdraw(
    permitted: Permitted<UsersWrite>,
    State(context): State<Context>,
    Path((id, client)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let administration = permitted.administration;
    administration
        .withdraw_consent(&context.snapshot, &id, &client)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
