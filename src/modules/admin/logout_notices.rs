//! Clients that could not be told of a logout.

use axum::{Router, extract::Query, routing::get};
use serde::Deserialize;

use super::{
    Administration, Refusal,
    credential::{Permitted, SessionsRead},
};
use crate::modules::{
    Context, Problem,
    oidc_provider::{self, LogoutNoticesListed, NoticeState},
};

/// Notices of one answer, unless asked for fewer.
const PAGE: u32 = 100;
/// Notices of one answer, however many are asked for.
const MAX_PAGE: u32 = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticesQuery {
    /// `pending` unless it says `failed`.
    state: Option<NoticeState>,
    /// How many at most.
    limit: Option<u32>,
}

impl Administration {
    /// Logout notices that were not delivered, the newest first.
    pub async fn logout_notices(
        &self,
        state: NoticeState,
        limit: u32,
    ) -> Result<LogoutNoticesListed, Refusal> {
        let limit = limit.clamp(1, MAX_PAGE);
        let now = self.clock.now();
        Ok(oidc_provider::list_logout_notices(&self.store, state, limit, now).await?)
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/auth/admin/logout-notices", get(list))
}

async fn list(
    permitted: Permitted<SessionsRead>,
    query: Result<Query<NoticesQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<axum::Json<LogoutNoticesListed>, Problem> {
    let Query(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let state = query.state.unwrap_or(NoticeState::Pending);
    let limit = query.limit.unwrap_or(PAGE);
    let listed = permitted
        .administration
        .logout_notices(state, limit)
        .await?;
    Ok(axum::Json(listed))
}
