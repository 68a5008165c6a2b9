//! The second factors of people: list them, take them away.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use serde_json::json;

use super::{
    Administration, Refusal,
    credential::{Permitted, UsersRead, UsersWrite},
};
use crate::modules::{
    Context, Problem,
    mail::{self, Letter, Recipient},
    pages::Language,
    second_factor::{self, Factors},
    session, user,
};

impl Administration {
    /// What somebody proves themselves with beside their password.
    pub async fn second_factors(&self, id: &str) -> Result<Factors, Refusal> {
        self.user(id).await?;
        Ok(second_factor::factors_of(&self.store, id, self.clock.now()).await?)
    }

    /// Takes all of it from somebody who has lost it, ends their sessions, and tells them.
    pub async fn reset_second_factors(&self, context: &Context, id: &str) -> Result<(), Refusal> {
        let user = user::by_id(&self.store, id).await?;
        let user = user.ok_or(Refusal::UnknownUser)?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let had_any = second_factor::reset(&mut tx, id).await?;
        session::end_sessions_of(&mut tx, id, None, now).await?;
        if had_any {
            let to = Recipient::of(&user, Language::fallback());
            mail::queue(&mut tx, context, &to, Letter::SecondFactorRemoved, now).await?;
        }
        self.note(&mut tx, "user.reset_second_factors", id, json!({}))
            .await?;
        Ok(tx.commit().await?)
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new().route(
        "/auth/admin/auth/users/{id}/second-factors",
        get(list).delete(reset),
    )
}

async fn list(
    permitted: Permitted<UsersRead>,
    Path(id): Path<String>,
) -> Result<axum::Json<Factors>, Problem> {
    let factors = permitted.administration.second_factors(&id).await?;
    Ok(axum::Json(factors))
}

async fn reset(
    permitted: Permitted<UsersWrite>,
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let administration = permitted.administration;
    administration.reset_second_factors(&context, &id).await?;
    context.mails.wake();
    context.logout_notices.wake();
    Ok(StatusCode::NO_CONTENT)
}
