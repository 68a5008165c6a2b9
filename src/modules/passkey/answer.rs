//! What an authenticator made of a challenge.

use serde_json::json;
use webauthn_rs_core::proto::{AuthenticationResult, AuthenticationState, PublicKeyCredential};

use super::{
    PAGE_PATH,
    ceremony::{self, Ceremony, Place},
    record::{self, Passkey},
    refusal::Refusal,
    relying_party::RelyingParty,
};
use crate::modules::{
    Context,
    audit::{self, AuditEvent},
    mail::{self, Letter, Recipient},
    sign_in::Arrival,
    user,
};

/// Takes the ceremony that was begun in this place, checks by it what was signed with this passkey, and
/// counts the use: all in one transaction, and the ceremony is over whatever comes of it. `is_theirs` says
/// whether the passkey may answer it.
pub(super) async fn check(
    context: &Context,
    arrival: &Arrival,
    place: Place<'_>,
    passkey: &Passkey,
    signed: &PublicKeyCredential,
    is_theirs: impl FnOnce(&Ceremony) -> bool,
) -> Result<AuthenticationResult, Refusal> {
    let party = RelyingParty::of(context)?;
    let mut tx = context.store.begin().await?;
    let ceremony =
        ceremony::take(&mut tx, context, place, &signed.response.client_data_json).await?;
    let verified = if is_theirs(&ceremony) {
        verify(&party, &ceremony, passkey, signed)
    } else {
        Err(Refusal::Another)
    };
    let proved = match verified {
        Ok(result) => {
            let now = context.clock.now();
            let has_moved_on = record::used(&mut tx, &passkey.id, &result, now).await?;
            has_moved_on.then_some(result).ok_or(Refusal::Suspected)
        }
        Err(refusal) => Err(refusal),
    };
    tx.commit().await?;
    match proved {
        Err(Refusal::Suspected) => suspect(context, arrival, passkey).await,
        proved => proved,
    }
}

/// Takes the ceremony for what was signed with nobody's passkey.
pub(super) async fn of_nobody(
    context: &Context,
    place: Place<'_>,
    signed: &PublicKeyCredential,
) -> Refusal {
    let taken = ceremony::take_alone(context, place, &signed.response.client_data_json).await;
    taken.err().unwrap_or(Refusal::Unknown)
}

fn verify(
    party: &RelyingParty,
    ceremony: &Ceremony,
    passkey: &Passkey,
    signed: &PublicKeyCredential,
) -> Result<AuthenticationResult, Refusal> {
    let state: AuthenticationState = ceremony.state()?;
    let credential = passkey.credential()?;
    let result = party
        .core
        .authenticate_single_credential(signed, &state, &credential)?;
    if passkey.suspected_at.is_some() {
        return Err(Refusal::Suspected);
    }
    Ok(result)
}

/// Its counter went back: two authenticators have the same key, and nobody knows which is the owner's.
async fn suspect<T>(context: &Context, arrival: &Arrival, passkey: &Passkey) -> Result<T, Refusal> {
    let now = context.clock.now();
    let owner = user::by_id(&context.store, &passkey.user_id).await?;
    let mut tx = context.store.begin().await?;
    if record::suspect(&mut tx, &passkey.id, now).await? {
        let event = AuditEvent {
            actor: "anonymous",
            action: "passkey.suspect",
            subject: Some(&format!("user:{}", passkey.user_id)),
            detail: json!({
                "passkey": passkey.id,
                "name": passkey.name,
                "sign_count": passkey.sign_count,
            }),
            ip: arrival.address.text(),
        };
        audit::record(&mut tx, event, now).await?;
        if let Some(user) = owner {
            let to = Recipient::of(&user, arrival.reader.look(None, None).language);
            let letter = Letter::PasskeySuspected {
                link: &context.site.url(PAGE_PATH),
                name: &passkey.name,
            };
            mail::queue(&mut tx, context, &to, letter, now).await?;
        }
    }
    tx.commit().await?;
    context.mails.wake();
    Err(Refusal::Suspected)
}
