//! The account is made.

use assay_reconciler::spec::webhook::WebhookEvent;
use data_encoding::HEXLOWER;
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
        pages::Language,
        passkey::{self, Made},
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
    /// What a request brings.
    pub(super) fn of(token: Option<&str>, invitation: Option<&str>) -> Self {
        match (token, invitation) {
            (None, Some(invitation)) => Self::Invitation(invitation.to_owned()),
            (token, _) => Self::Letter(token.unwrap_or_default().to_owned()),
        }
    }

    /// What a passkey that is made with it is bound to.
    pub(super) fn errand(&self, keyring: &Keyring) -> String {
        let (Self::Letter(token) | Self::Invitation(token)) = self;
        let hash = keyring.token_hash("registration.passkey", token);
        HEXLOWER.encode(hash.as_bytes())
    }

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
    pub(super) entry: Entry,
    pub(super) attributes: Attributes,
    pub(super) state: UserState,
    pub(super) language: &'static Language,
}

/// What they will sign in with.
pub(super) enum Entry {
    /// A password of this hash.
    Password(String),
    /// A passkey that they have just made.
    Passkey(Box<Made>),
}

impl Entry {
    /// How they have proved who they are by choosing it (RFC 8176).
    pub(super) fn amr(&self) -> &'static [&'static str] {
        match self {
            Self::Password(_) => &["pwd"],
            Self::Passkey(made) => made.amr(),
        }
    }
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
    let (id, password_hash, passkey) = match newcomer.entry {
        Entry::Password(hash) => (None, Some(hash), None),
        Entry::Passkey(made) => (Some(made.user_id().to_owned()), None, Some(made)),
    };
    let new = NewUser {
        id,
        email: newcomer.email,
        password_hash,
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
    if let Some(made) = passkey {
        passkey::keep_first(&mut tx, *made, newcomer.language, address.text(), now).await?;
    }
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
