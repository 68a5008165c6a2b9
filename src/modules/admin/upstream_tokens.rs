//! The tokens that upstream providers gave for people.

use axum::{
    Router,
    extract::{Path, State},
    routing::get,
};
use serde::Serialize;

use super::{
    Refusal,
    credential::{Permitted, TokensRead},
};
use crate::{
    clock::UnixMillis,
    modules::{Context, Problem, oidc_client},
};

/// An access token of an upstream provider. Its refresh token stays here.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpstreamToken {
    access_token: String,
    scope: Option<String>,
    expires_at: Option<UnixMillis>,
}

pub(super) fn routes() -> Router<Context> {
    Router::new().route(
        "/auth/admin/auth/users/{id}/upstream-tokens/{provider}",
        get(read),
    )
}

async fn read(
    State(context): State<Context>,
    permitted: Permitted<TokensRead>,
    Path((id, provider)): Path<(String, String)>,
) -> Result<axum::Json<UpstreamToken>, Problem> {
    let administration = &permitted.administration;
    administration.user(&id).await?;
    let actor = administration.actor.as_str();
    let kept = oidc_client::tokens_of(&context, &provider, &id, actor)
        .await
        .map_err(Refusal::from)?;
    Ok(axum::Json(UpstreamToken {
        access_token: kept.access_token.expose().clone(),
        scope: kept.scope,
        expires_at: kept.expires_at,
    }))
}
