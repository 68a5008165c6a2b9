//! A challenge for somebody who has proved one thing already, and shows a passkey of theirs as the second.

use webauthn_rs_core::proto::{PublicKeyCredential, RequestChallengeResponse};

use super::{
    answer, authenticate,
    ceremony::{self, Ceremony, For, Place, Purpose},
    record,
    refusal::Refusal,
    relying_party::RelyingParty,
};
use crate::modules::{Context, Problem, sign_in::Arrival};

/// Somebody who is to show one of their passkeys.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Who.
    pub user_id: &'a str,
    /// What waits for it, and it alone: the sign-in or the session.
    pub errand: &'a str,
}

/// Why a passkey does not count.
#[derive(Debug)]
pub struct NotShown {
    /// What is answered.
    pub problem: Problem,
    /// The word for it in the audit log, if somebody's passkey was refused.
    pub reason: Option<&'static str>,
}

impl From<Refusal> for NotShown {
    fn from(refusal: Refusal) -> Self {
        Self {
            reason: refusal.reason(),
            problem: refusal.into(),
        }
    }
}

/// Asks for one of the person's own passkeys.
pub async fn challenge(
    context: &Context,
    arrival: &Arrival,
    known: Known<'_>,
) -> Result<RequestChallengeResponse, Problem> {
    Ok(begin(context, arrival, known).await?)
}

/// Takes what an authenticator made of the challenge, and gives how the person has proved themselves by it
/// (RFC 8176).
pub async fn shown(
    context: &Context,
    arrival: &Arrival,
    known: Known<'_>,
    signed: &PublicKeyCredential,
) -> Result<&'static [&'static str], NotShown> {
    Ok(end(context, arrival, known, signed).await?)
}

fn place<'a>(arrival: &'a Arrival, known: Known<'a>) -> Place<'a> {
    Place {
        purpose: Purpose::SecondFactor,
        browser: &arrival.browser,
        session_id: known.errand,
    }
}

async fn begin(
    context: &Context,
    arrival: &Arrival,
    known: Known<'_>,
) -> Result<RequestChallengeResponse, Refusal> {
    let party = RelyingParty::of(context)?;
    let own = record::usable_credential_ids_of(&context.store, known.user_id).await?;
    let (challenge, state) = authenticate::challenge(&party, own)?;
    let whom = For {
        user_id: Some(known.user_id),
        email: None,
    };
    ceremony::begin(
        context,
        place(arrival, known),
        &arrival.address,
        whom,
        &challenge.public_key.challenge,
        &state,
    )
    .await?;
    Ok(challenge)
}

async fn end(
    context: &Context,
    arrival: &Arrival,
    known: Known<'_>,
    signed: &PublicKeyCredential,
) -> Result<&'static [&'static str], Refusal> {
    let place = place(arrival, known);
    let Some(passkey) = record::find(&context.store, signed.get_credential_id()).await? else {
        return Err(answer::of_nobody(context, place, signed).await);
    };
    // Web Authentication Level 3, 7.2 step 6: the passkey of whoever the ceremony was begun for, and of
    // nobody else; an authenticator that says whose it is says the same.
    let is_theirs = |ceremony: &Ceremony| {
        let handle = signed.get_user_unique_id();
        passkey.user_id == known.user_id
            && ceremony.user_id.as_deref() == Some(known.user_id)
            && handle.is_none_or(|handle| handle == known.user_id.as_bytes())
    };
    let result = answer::check(context, arrival, place, &passkey, signed, is_theirs).await?;
    Ok(authenticate::amr(result.user_verified()))
}
