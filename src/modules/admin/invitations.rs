//! Invitations: who may create an account although not everybody may.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{delete, get},
};
use serde_json::json;

use super::{
    Administration, Refusal,
    credential::{Permitted, UsersRead, UsersWrite},
    json::Json,
};
use crate::modules::{
    Context, Problem,
    account::registration::{self, InvitationSent, InvitationsListed, NewInvitation},
    audit::{self, AuditEvent},
};

impl Administration {
    /// Invites somebody.
    pub async fn invite(
        &self,
        context: &Context,
        new: &NewInvitation,
    ) -> Result<InvitationSent, Refusal> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let actor = self.actor.as_str();
        let sent = registration::invite(&mut tx, context, new, actor, now).await?;
        let invitation = &sent.invitation;
        let event = AuditEvent {
            actor,
            action: "invitation.create",
            subject: Some(&format!("invitation:{}", invitation.id)),
            detail: json!({ "email": invitation.email, "sent": invitation.is_mailed,
                "uses": invitation.uses_left, "expiresAt": invitation.expires_at }),
            ip: None,
        };
        audit::record(&mut tx, event, now).await?;
        tx.commit().await?;
        context.mails.wake();
        Ok(sent)
    }

    /// The invitations that can be accepted.
    pub async fn invitations(&self) -> Result<InvitationsListed, Refusal> {
        Ok(registration::list(&self.store, self.clock.now()).await?)
    }

    /// Takes an invitation back. Accounts that came of it stay.
    pub async fn revoke_invitation(&self, id: &str) -> Result<(), Refusal> {
        let mut tx = self.store.begin().await?;
        if !registration::revoke(&mut tx, id).await? {
            tx.rollback().await?;
            return Err(Refusal::UnknownInvitation);
        }
        let event = AuditEvent {
            actor: self.actor.as_str(),
            action: "invitation.delete",
            subject: Some(&format!("invitation:{id}")),
            detail: json!({}),
            ip: None,
        };
        audit::record(&mut tx, event, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/admin/auth/invitations", get(list).post(create))
        .route("/auth/admin/auth/invitations/{id}", delete(revoke))
}

async fn list(permitted: Permitted<UsersRead>) -> Result<axum::Json<InvitationsListed>, Problem> {
    Ok(axum::Json(permitted.administration.invitations().await?))
}

async fn create(
    permitted: Permitted<UsersWrite>,
    State(context): State<Context>,
    Json(new): Json<NewInvitation>,
) -> Result<(StatusCode, axum::Json<InvitationSent>), Problem> {
    let sent = permitted.administration.invite(&context, &new).await?;
    Ok((StatusCode::CREATED, axum::Json(sent)))
}

async fn revoke(
    permitted: Permitted<UsersWrite>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    permitted.administration.revoke_invitation(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}
