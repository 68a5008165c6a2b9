//! Invitations: who may create an account although not everybody may. The rows of `invitations`.

use std::{borrow::Cow, time::Duration};

use serde::{Deserialize, Serialize};

use super::{FINISH_PATH, REGISTER_PATH, mode};
use crate::{
    clock::UnixMillis,
    crypto::{Hashed, Keyring, token},
    modules::{
        Context,
        mail::{self, Letter, Recipient},
        pages::Language,
        parameters::append,
        user::{Email, NotAnEmail},
    },
    store::{Store, StoreError, Tx, execute, fetch_all, fetch_optional},
};
use assay_reconciler::spec::module::RegistrationMode;

/// How long an invitation is good for, unless it says so.
const A_WEEK: u32 = 7 * 86_400;
/// Longest life of an invitation.
const MAX_LIFE: Duration = Duration::from_hours(24 * 366);
/// Invitations that are listed at most.
const MAX_LISTED: i64 = 1_000;

/// Somebody is to be invited.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewInvitation {
    /// The address that is invited; anybody who has the link, if left out.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether the address is sent a letter with the link. The link is not shown then.
    #[serde(default)]
    pub send: bool,
    /// What the letter is written in (BCP 47).
    #[serde(default)]
    pub language: Option<String>,
    /// How many accounts may come of it: one, unless set. `null` for any number.
    #[serde(default = "one")]
    pub uses: Option<u32>,
    /// Seconds.
    #[serde(default = "a_week")]
    pub expires_in: u32,
}

// Left out is not `null`.
#[allow(clippy::unnecessary_wraps)]
fn one() -> Option<u32> {
    Some(1)
}

fn a_week() -> u32 {
    A_WEEK
}

/// An invitation that can be accepted.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// Its id; not what the link holds.
    pub id: String,
    /// The address that is invited.
    pub email: Option<String>,
    /// Whether the address was sent a letter with the link.
    #[serde(rename = "sent")]
    pub is_mailed: bool,
    /// How many accounts may still come of it; `null` for any number.
    pub uses_left: Option<i64>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: UnixMillis,
    /// Until when it is good.
    pub expires_at: UnixMillis,
}

/// A new invitation.
#[derive(Clone, Serialize)]
pub struct InvitationSent {
    /// What is known about it.
    #[serde(flatten)]
    pub invitation: Invitation,
    /// Where it leads; shown this once, and only if no letter brings it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// Every invitation that can be accepted.
#[derive(Clone, Debug, Serialize)]
pub struct InvitationsListed {
    /// The newest first.
    pub invitations: Vec<Invitation>,
}

/// Why somebody is not invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// Nobody can create an account.
    #[error(
        "nobody could accept it: set `registration: {{ mode: invitation }}` of the module `account`, and switch the module `password` on"
    )]
    Closed,
    /// The address.
    #[error("email: {0}")]
    Email(#[from] NotAnEmail),
    /// A letter to nobody.
    #[error("send: a letter needs an `email` to go to")]
    Nobody,
    /// Several people with one address.
    #[error("uses: an invitation to one address makes one account")]
    UsesOfOne,
    /// No account at all.
    #[error("uses: at least 1, or `null` for any number")]
    NoUse,
    /// For no time, or for ever.
    #[error("expiresIn: 1 to {} seconds", MAX_LIFE.as_secs())]
    Life,
    /// Nobody speaks it here.
    #[error("language: letters are not written in `{0}`")]
    Language(String),
    /// There is an account of this address.
    #[error("there already is a user with the e-mail address {0}")]
    Exists(Email),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn hash(keyring: &Keyring, token: &str) -> Hashed {
    keyring.token_hash("invitation", token)
}

/// Invites somebody. Call [`mail::Mails::wake`] after the transaction.
pub async fn invite(
    tx: &mut Tx,
    context: &Context,
    new: &NewInvitation,
    actor: &str,
    now: UnixMillis,
) -> Result<InvitationSent, InviteError> {
    if mode(&context.snapshot) == RegistrationMode::Off {
        return Err(InviteError::Closed);
    }
    let email: Option<Email> = new.email.as_deref().map(str::parse).transpose()?;
    let life = Duration::from_secs(new.expires_in.into());
    if life.is_zero() || life > MAX_LIFE {
        return Err(InviteError::Life);
    }
    match new.uses {
        Some(0) => return Err(InviteError::NoUse),
        Some(1) => {}
        _ if email.is_some() => return Err(InviteError::UsesOfOne),
        _ => {}
    }
    let language = match &new.language {
        None => Language::fallback(),
        Some(tag) => Language::among(tag).ok_or_else(|| InviteError::Language(tag.clone()))?,
    };
    if let Some(email) = &email {
        let known = fetch_optional!(
            tx,
            (String,),
            "SELECT id FROM users WHERE email = $1",
            email.as_str()
        )?;
        if known.is_some() {
            return Err(InviteError::Exists(email.clone()));
        }
    }
    let token = token::opaque("assay_inv_").map_err(StoreError::from)?;
    let invitation = Invitation {
        id: token::uuid_v7(now).map_err(StoreError::from)?.to_string(),
        email: email.as_ref().map(Email::to_string),
        is_mailed: new.send,
        uses_left: new.uses.map(i64::from),
        created_by: actor.to_owned(),
        created_at: now,
        expires_at: now + life,
    };
    execute!(
        tx,
        "INSERT INTO invitations (id, token_hash, email, is_mailed, uses_left, created_by, created_at,
                                  expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &invitation.id,
        hash(&context.keyring, token.expose()),
        &invitation.email,
        invitation.is_mailed,
        invitation.uses_left,
        &invitation.created_by,
        now,
        invitation.expires_at,
    )?;
    // Who has the letter has the address, and need not show it again.
    let path = if new.send { FINISH_PATH } else { REGISTER_PATH };
    let secret = Cow::Borrowed(token.expose().as_str());
    let link = context.site.url(&append(path, &[("invitation", secret)]));
    if new.send {
        let Some(email) = &email else {
            return Err(InviteError::Nobody);
        };
        let to = Recipient {
            user_id: None,
            email: email.as_str(),
            language,
        };
        let letter = Letter::Invitation {
            link: &link,
            days: new.expires_in.div_ceil(86_400),
        };
        mail::queue(tx, context, &to, letter, now).await?;
    }
    Ok(InvitationSent {
        invitation,
        link: (!new.send).then_some(link),
    })
}

/// Every invitation that can be accepted, the newest first.
pub async fn list(store: &Store, now: UnixMillis) -> Result<InvitationsListed, StoreError> {
    let invitations = fetch_all!(
        store,
        Invitation,
        "SELECT id, email, is_mailed, uses_left, created_by, created_at, expires_at
           FROM invitations
          WHERE expires_at > $1 AND COALESCE(uses_left, 1) > 0
          ORDER BY id DESC
          LIMIT $2",
        now,
        MAX_LISTED,
    )?;
    Ok(InvitationsListed { invitations })
}

/// Takes an invitation back, with what was begun by it. `false` if there is none.
pub async fn revoke(tx: &mut Tx, id: &str) -> Result<bool, StoreError> {
    let rows = execute!(tx, "DELETE FROM invitations WHERE id = $1", id)?;
    Ok(rows == 1)
}

/// Somebody who has an invitation.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Invited {
    pub(super) id: String,
    pub(super) email: Option<String>,
    pub(super) is_mailed: bool,
}

/// The invitation that this token is of, if it can be accepted.
pub(super) async fn find(
    store: &Store,
    keyring: &Keyring,
    token: &str,
    now: UnixMillis,
) -> Result<Option<Invited>, StoreError> {
    fetch_optional!(
        store,
        Invited,
        "SELECT id, email, is_mailed FROM invitations
          WHERE token_hash = $1 AND expires_at > $2 AND COALESCE(uses_left, 1) > 0",
        hash(keyring, token),
        now,
    )
}

/// Uses an invitation up by one account. `false` if it cannot be accepted any more.
pub(super) async fn accept(tx: &mut Tx, id: &str, now: UnixMillis) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "UPDATE invitations SET uses_left = uses_left - 1
          WHERE id = $1 AND expires_at > $2 AND COALESCE(uses_left, 1) > 0",
        id,
        now,
    )?;
    Ok(rows == 1)
}
