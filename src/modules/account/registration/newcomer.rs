//! The account is made.

use assay_reconciler::spec::webhook::WebhookEvent;
use serde_json::{Value, json};

use super::{
    invitation,
    record::{self, Registration},
};
use crate::{
    clock::UnixMillis,
    crypto::Keyring,
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        hooks::{self, Happening},
        session::ClientAddress,
        user::{self, Attributes, CreateUserError, Email, NewUser, User, UserState},
    },
    store::{Store, StoreError, Tx, execute},
};

/// What somebody has who has shown that an address is theirs.
pub(super) enum Ticket {
    /// The token of a letter that they had sent to themselves.
    Letter(String),
    /// The token of an invitation that a letter brought.
    Invitation(String),
}

impl Ticket {
    /// What it is good for, if it still is. Uses nothing up.
    pub(super) async fn read(
        &self,
        store: &Store,
        keyring: &Keyring,
        now: UnixMillis,
    ) -> Result<Option<Registration>, StoreError> {
        match self {
            Self::Letter(token) => record::find(store, keyring, token, now).await,
            Self::Invitation(token) => {
                let invited = invitation::find(store, keyring, token, now).await?;
                let invited = invited.filter(|invited| invited.is_mailed);
                Ok(invited.and_then(|invited| {
                    Some(Registration {
                        email: invited.email?,
                        invitation_id: Some(invited.id),
                        return_to: String::new(),
                    })
                }))
            }
        }
    }
}

/// Whose account it is to be.
pub(super) struct Newcomer<'a> {
    pub(super) ticket: &'a Ticket,
    pub(super) registration: &'a Registration,
    pub(super) email: Email,
    pub(super) password_hash: String,
    pub(super) attributes: Attributes,
    pub(super) state: UserState,
}

/// What became of it.
pub(super) enum Outcome {
    /// There is an account.
    Made(User),
    /// The ticket was used by somebody else in the meantime.
    Gone,
    /// So was the address.
    Exists,
}

/// Uses the ticket up and makes the account, both or neither.
pub(super) async fn make(
    context: &Context,
    newcomer: Newcomer<'_>,
    address: &ClientAddress,
) -> Result<Outcome, Problem> {
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    if !use_up(&mut tx, &context.keyring, &newcomer, now).await? {
        tx.rollback().await?;
        return Ok(Outcome::Gone);
    }
    let new = NewUser {
        email: newcomer.email,
        password_hash: Some(newcomer.password_hash),
        is_admin: false,
        attributes: newcomer.attributes,
    };
    let mut user = match user::create(&mut tx, new, now).await {
        Ok(user) => user,
        Err(CreateUserError::Exists(_)) => {
            tx.rollback().await?;
            return Ok(Outcome::Exists);
        }
        Err(CreateUserError::Store(error)) => return Err(error.into()),
    };
    execute!(
        &mut tx,
        "UPDATE users SET email_verified = TRUE, state = $2 WHERE id = $1",
        &user.id,
        newcomer.state.name(),
    )?;
    user.email_verified = true;
    user.state = newcomer.state;
    let subject = format!("user:{}", user.id);
    let event = AuditEvent {
        actor: &subject,
        action: "user.register",
        subject: Some(&subject),
        detail: json!({
            "email": user.email,
            "state": user.state.name(),
            "invitation": newcomer.registration.invitation_id,
        }),
        ip: address.text(),
    };
    audit::record(&mut tx, event, now).await?;
    let attributes: Value = serde_json::from_str(&user.attributes).unwrap_or_default();
    let happening = Happening::Registration {
        user_id: Some(&user.id),
        email: &user.email,
        attributes: &attributes,
        ip: address.text(),
    };
    hooks::after(&mut tx, context, &happening, now).await?;
    tx.commit().await?;
    hooks::committed(context, WebhookEvent::AfterRegistration);
    Ok(Outcome::Made(user))
}

async fn use_up(
    tx: &mut Tx,
    keyring: &Keyring,
    newcomer: &Newcomer<'_>,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    if let Ticket::Letter(token) = newcomer.ticket
        && record::take(tx, keyring, token, now).await?.is_none()
    {
        return Ok(false);
    }
    match &newcomer.registration.invitation_id {
        None => Ok(true),
        Some(id) => invitation::accept(tx, id, now).await,
    }
}
