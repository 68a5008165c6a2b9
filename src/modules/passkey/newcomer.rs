//! A passkey for an account that there will be once it is made.

use webauthn_rs_core::proto::{CreationChallengeResponse, RegisterPublicKeyCredential};

use super::{
    ceremony::{Place, Purpose},
    making::{self, Made, Owner},
    names,
};
use crate::{
    clock::UnixMillis,
    crypto::token,
    modules::{Context, Problem, pages::Language, sign_in::Arrival},
    store::Tx,
};

fn place<'a>(arrival: &'a Arrival, errand: &'a str) -> Place<'a> {
    Place {
        purpose: Purpose::Newcomer,
        browser: &arrival.browser,
        session_id: errand,
    }
}

/// Asks for a passkey of whoever has shown that the address is theirs. `errand` is the registration, and
/// the answer counts for it alone.
pub async fn challenge_newcomer(
    context: &Context,
    arrival: &Arrival,
    errand: &str,
    email: &str,
) -> Result<CreationChallengeResponse, Problem> {
    let user_id = token::uuid_v7(context.clock.now())?.to_string();
    let owner = Owner {
        user_id: &user_id,
        email,
        name: email,
    };
    let challenge = making::begin(context, arrival, place(arrival, errand), owner).await;
    Ok(challenge?)
}

/// Checks what an authenticator made of the challenge. The account is to have the id that it was made for.
pub async fn made_by_newcomer(
    context: &Context,
    arrival: &Arrival,
    errand: &str,
    made: &RegisterPublicKeyCredential,
) -> Result<Made, Problem> {
    Ok(making::end(context, place(arrival, errand), made).await?)
}

/// Keeps the first passkey of an account, in the transaction that makes the account.
pub async fn keep_first(
    tx: &mut Tx,
    made: Made,
    language: &Language,
    ip: Option<&str>,
    now: UnixMillis,
) -> Result<(), Problem> {
    let name = names::name("", language);
    made.keep(tx, &name, ip, now).await?;
    Ok(())
}
