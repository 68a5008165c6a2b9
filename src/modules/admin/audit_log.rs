//! What happened, for those who look into it.

use axum::{
    Router,
    extract::{Query, rejection::QueryRejection},
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Administration, Refusal,
    credential::{AuditRead, Permitted},
};
use crate::{
    clock::UnixMillis,
    modules::{Context, Problem},
    store::fetch_all,
};

/// Events of one page, unless asked for fewer.
const PAGE: u32 = 100;
/// Events of one page, however many are asked for.
const MAX_PAGE: u32 = 1_000;

/// Which events to list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// How many at most.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Those before this one: `next` of the page before.
    #[serde(default)]
    pub before: Option<String>,
    /// Only what the user with this id did, or what was done to them.
    #[serde(default)]
    pub user: Option<String>,
    /// Only this, such as `session.sign_in`.
    #[serde(default)]
    pub action: Option<String>,
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedEvent {
    /// Which. Ids grow with time.
    pub id: String,
    /// When.
    pub occurred_at: UnixMillis,
    /// Who did it, as `user:<id>`, `client:<name>`, `admin-key:<name>` or `anonymous`.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To whom or what.
    pub subject: Option<String>,
    /// More about it.
    pub detail: Value,
    /// Where the request came from.
    pub ip: Option<String>,
}

/// One page of events.
#[derive(Clone, Debug, Serialize)]
pub struct RecordedEvents {
    /// Newest first.
    pub events: Vec<RecordedEvent>,
    /// What to give as `before` for the next page; none on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    occurred_at: UnixMillis,
    actor: String,
    action: String,
    subject: Option<String>,
    detail: String,
    ip: Option<String>,
}

impl From<Row> for RecordedEvent {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            occurred_at: row.occurred_at,
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            // What is not JSON is shown as it is rather than hidden.
            detail: serde_json::from_str(&row.detail).unwrap_or(Value::String(row.detail)),
            ip: row.ip,
        }
    }
}

impl Administration {
    /// One page of what happened.
    pub async fn audit_log(&self, query: &AuditQuery) -> Result<RecordedEvents, Refusal> {
        let limit = query.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
        let person = query.user.as_ref().map(|id| format!("user:{id}"));
        // Ids begin with their time. No id is after `z`, in whatever order the database keeps texts.
        let mut rows = fetch_all!(
            &self.store,
            Row,
            "SELECT id, occurred_at, actor, action, subject, detail, ip
               FROM audit
              WHERE id < COALESCE($1, 'z')
                AND action = COALESCE($2, action)
                AND ($3 IS NULL OR actor = $3 OR subject = $3)
              ORDER BY id DESC
              LIMIT $4",
            query.before.as_deref(),
            query.action.as_deref(),
            person.as_deref(),
            i64::from(limit) + 1
        )?;
        let has_more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let events: Vec<RecordedEvent> = rows.into_iter().map(Into::into).collect();
        let next = events
            .last()
            .filter(|_| has_more)
            .map(|last| last.id.clone());
        Ok(RecordedEvents { events, next })
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/auth/admin/auth/audit", get(list))
}

async fn list(
    permitted: Permitted<AuditRead>,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<axum::Json<RecordedEvents>, Problem> {
    let Query(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    Ok(axum::Json(
        permitted.administration.audit_log(&query).await?,
    ))
}
