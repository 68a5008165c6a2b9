//! Challenges that wait for an authenticator: the rows of `passkey_ceremonies`.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::refusal::Refusal;
use crate::{
    crypto::{Hashed, Keyring},
    modules::{
        Context,
        attempts::Limit,
        session::{Browser, ClientAddress},
    },
    store::{Tx, execute, fetch_optional},
};

/// Ceremonies that one address may begin: each is a row until its time is over.
pub(super) const BEGINNINGS: Limit = Limit {
    domain: "passkey.begin.address",
    tries: 1_000,
    window: Duration::from_mins(5),
};

/// Which ceremony it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    Register,
    Authenticate,
    SecondFactor,
    Newcomer,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Purpose::Register => "register",
            Purpose::Authenticate => "authenticate",
            Purpose::SecondFactor => "second_factor",
            Purpose::Newcomer => "newcomer",
        }
    }
}

/// Where a ceremony is begun, and where alone it can be finished.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) purpose: Purpose,
    pub(super) browser: &'a Browser,
    /// The session, or the sign-in or registration that waits for it; empty before sign-in.
    pub(super) session_id: &'a str,
}

/// For whom it is begun.
#[derive(Debug, Default)]
pub(super) struct For<'a> {
    /// The person a passkey is made for.
    pub(super) user_id: Option<&'a str>,
    /// The address that was entered to sign in with.
    pub(super) email: Option<&'a str>,
}

/// One that was begun here.
#[derive(sqlx::FromRow)]
pub(super) struct Ceremony {
    pub(super) user_id: Option<String>,
    address_hash: Option<Hashed>,
    state: String,
}

impl Ceremony {
    /// What was to be checked.
    pub(super) fn state<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_str(&self.state).map_err(Refusal::Unreadable)
    }

    /// Whether an address was entered.
    pub(super) fn is_for_an_address(&self) -> bool {
        self.address_hash.is_some()
    }

    /// Whether this address was entered, or none.
    pub(super) fn allows(&self, keyring: &Keyring, email: &str) -> bool {
        self.address_hash
            .as_ref()
            .is_none_or(|hash| hash.as_bytes() == address_hash(keyring, email).as_bytes())
    }
}

fn address_hash(keyring: &Keyring, email: &str) -> Hashed {
    keyring.token_hash("passkey.address", email)
}

fn challenge_hash(keyring: &Keyring, challenge: &str) -> Hashed {
    keyring.token_hash("passkey.challenge", challenge)
}

fn browser_hash(keyring: &Keyring, browser: &Browser) -> Hashed {
    keyring.token_hash("passkey.browser", browser.id())
}

/// Keeps a challenge until its time is over.
pub(super) async fn begin(
    context: &Context,
    place: Place<'_>,
    address: &ClientAddress,
    whom: For<'_>,
    challenge: &[u8],
    state: &impl Serialize,
) -> Result<(), Refusal> {
    let keyring = &context.keyring;
    let now = context.clock.now();
    let ttl = context.snapshot.passkey_settings().ceremony_ttl;
    let state = serde_json::to_string(state).map_err(Refusal::Unreadable)?;
    let mut tx = context.store.begin().await?;
    if BEGINNINGS
        .count(&mut tx, keyring, &address.network(), now)
        .await?
        .is_none()
    {
        tx.commit().await?;
        return Err(Refusal::TooMany);
    }
    execute!(
        &mut tx,
        "INSERT INTO passkey_ceremonies (challenge_hash, purpose, browser_hash, session_id, user_id,
                                         address_hash, state, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        challenge_hash(keyring, &URL_SAFE_NO_PAD.encode(challenge)),
        place.purpose.name(),
        browser_hash(keyring, place.browser),
        place.session_id,
        whom.user_id,
        whom.email.map(|email| address_hash(keyring, email)),
        state,
        now + ttl.duration(),
    )?;
    Ok(tx.commit().await?)
}

/// [`take`], with nothing else to be done in its transaction.
pub(super) async fn take_alone(
    context: &Context,
    place: Place<'_>,
    client_data: &[u8],
) -> Result<Ceremony, Refusal> {
    let mut tx = context.store.begin().await?;
    let taken = take(&mut tx, context, place, client_data).await?;
    tx.commit().await?;
    Ok(taken)
}

/// Takes the ceremony whose challenge was answered, if it was begun in this very place. It is taken
/// whatever comes of it, in one statement: of many answers at once, one is looked at.
pub(super) async fn take(
    tx: &mut Tx,
    context: &Context,
    place: Place<'_>,
    client_data: &[u8],
) -> Result<Ceremony, Refusal> {
    /// What a browser says of the ceremony (Web Authentication Level 3, 5.8.1); the rest is checked later.
    #[derive(Deserialize)]
    struct ClientData {
        challenge: String,
    }
    let said: ClientData = serde_json::from_slice(client_data).map_err(|_| Refusal::NoCeremony)?;
    let keyring = &context.keyring;
    let taken = fetch_optional!(
        tx,
        Ceremony,
        "DELETE FROM passkey_ceremonies
          WHERE challenge_hash = $1 AND purpose = $2 AND browser_hash = $3 AND session_id = $4
            AND expires_at > $5
      RETURNING user_id, address_hash, state",
        challenge_hash(keyring, &said.challenge),
        place.purpose.name(),
        browser_hash(keyring, place.browser),
        place.session_id,
        context.clock.now(),
    )?;
    taken.ok_or(Refusal::NoCeremony)
}
