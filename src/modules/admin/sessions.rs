//! The sessions of people: list them, end one.

use axum::{
    Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    routing::{delete, get},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Administration, Refusal,
    credential::{Permitted, SessionsRead, SessionsWrite},
};
use crate::modules::{
    Context, Problem,
    audit::{self, AuditEvent},
    pages::Language,
    session::{self, SessionSummary},
};

/// Whose sessions to list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionsQuery {
    /// The id of the user.
    user: String,
}

/// The live sessions of somebody.
#[derive(Clone, Debug, Serialize)]
struct Sessions {
    /// The latest used first.
    sessions: Vec<SessionSummary>,
}

impl Administration {
    /// The live sessions of somebody, the latest used first.
    pub async fn sessions(&self, user_id: &str) -> Result<Vec<SessionSummary>, Refusal> {
        Ok(session::sessions_of(&self.store, user_id, self.clock.now()).await?)
    }

    /// Ends a session, whosever it is.
    pub async fn end_session(&self, id: &str) -> Result<(), Refusal> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let Some(user_id) = session::revoke(&mut tx, id, now).await? else {
            tx.rollback().await?;
            return Err(Refusal::UnknownSession);
        };
        let event = AuditEvent {
            actor: self.actor.as_str(),
            action: "session.end",
            subject: Some(&format!("user:{user_id}")),
            detail: json!({ "session": id }),
            ip: None,
        };
        audit::record(&mut tx, event, now).await?;
        Ok(tx.commit().await?)
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/admin/auth/sessions", get(list))
        .route("/auth/admin/auth/sessions/{id}", delete(end))
}

async fn list(
    permitted: Permitted<SessionsRead>,
    State(context): State<Context>,
    query: Result<Query<SessionsQuery>, QueryRejection>,
) -> Result<axum::Json<Sessions>, Problem> {
    let Query(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let mut sessions = permitted.administration.sessions(&query.user).await?;
    session::place::fill_in(&context, &mut sessions, Language::fallback()).await;
    Ok(axum::Json(Sessions { sessions }))
}

async fn end(
    permitted: Permitted<SessionsWrite>,
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    permitted.administration.end_session(&id).await?;
    context.logout_notices.wake();
    Ok(StatusCode::NO_CONTENT)
}
