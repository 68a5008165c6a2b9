//! Mails: what became of them, and once more.

use axum::{
    Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    Administration, Refusal,
    credential::{Permitted, UsersRead, UsersWrite},
};
use crate::modules::{
    Context, Problem,
    audit::{self, AuditEvent},
    mail::{self, MailState, MailsListed},
};

/// Mails of one answer, unless asked for fewer.
const PAGE: u32 = 100;
/// Mails of one answer, however many are asked for.
const MAX_PAGE: u32 = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MailsQuery {
    /// All, unless one is named.
    state: Option<MailState>,
    /// How many at most.
    limit: Option<u32>,
}

impl Administration {
    /// Mails, the newest first.
    pub async fn mails(
        &self,
        state: Option<MailState>,
        limit: u32,
    ) -> Result<MailsListed, Refusal> {
        let limit = limit.clamp(1, MAX_PAGE);
        Ok(mail::list(&self.store, state, limit, self.clock.now()).await?)
    }

    /// Has a mail delivered once more.
    pub async fn resend_mail(&self, id: &str) -> Result<(), Refusal> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let Some(user) = mail::resend(&mut tx, id, now).await? else {
            tx.rollback().await?;
            return Err(Refusal::UnknownMail);
        };
        let subject = user.map(|id| format!("user:{id}"));
        let event = AuditEvent {
            actor: self.actor.as_str(),
            action: "mail.resend",
            subject: subject.as_deref(),
            detail: json!({ "mail": id }),
            ip: None,
        };
        audit::record(&mut tx, event, now).await?;
        Ok(tx.commit().await?)
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/admin/auth/mails", get(list))
        .route("/auth/admin/auth/mails/{id}/resend", post(resend))
}

async fn list(
    permitted: Permitted<UsersRead>,
    query: Result<Query<MailsQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<axum::Json<MailsListed>, Problem> {
    let Query(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let limit = query.limit.unwrap_or(PAGE);
    let listed = permitted.administration.mails(query.state, limit).await?;
    Ok(axum::Json(listed))
}

async fn resend(
    permitted: Permitted<UsersWrite>,
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    permitted.administration.resend_mail(&id).await?;
    context.mails.wake();
    Ok(StatusCode::NO_CONTENT)
}
