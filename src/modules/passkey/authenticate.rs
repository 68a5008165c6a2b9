//! `/auth/passkey/auth/{start,finish}`: signs somebody in.

use axum::{
    Json,
    extract::State,
    http::{
        StatusCode,
        header::{LOCATION, SET_COOKIE},
    },
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;
use webauthn_rs_core::proto::{
    AllowCredentials, AuthenticationResult, AuthenticationState, PublicKeyCredential,
    RequestChallengeResponse,
};

use super::{
    answer,
    body::Sent,
    ceremony::{self, Ceremony, For, Place, Purpose},
    decoy, record,
    refusal::Refusal,
    relying_party::RelyingParty,
};
use crate::{
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        session::{Browser, ReturnTo},
        sign_in::{self, Arrival},
        user::{self, Email, User, UserState},
    },
    store::StoreError,
};

/// Who is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {
    /// Whoever has this address; anybody, if it is empty.
    #[serde(default)]
    email: String,
}

/// What the authenticator signed.
#[derive(Deserialize)]
pub(super) struct Finish {
    credential: PublicKeyCredential,
    /// Where the person was going.
    return_to: Option<String>,
}

/// `POST /auth/passkey/auth/start`
pub(super) async fn start(
    State(context): State<Context>,
    arrival: Arrival,
    Sent(Start { email }): Sent<Start>,
) -> Result<Response, Problem> {
    let challenge = begin(&context, &arrival, email.trim()).await?;
    let response = Json(challenge).into_response();
    Ok(arrival.browser.kept_with(&context, response))
}

/// `POST /auth/passkey/auth/finish`: answers with where to go (`location`).
pub(super) async fn finish(
    State(context): State<Context>,
    arrival: Arrival,
    Sent(sent): Sent<Finish>,
) -> Result<Response, Problem> {
    let (user, result) = match end(&context, &arrival, &sent.credential).await {
        Ok(proved) => proved,
        Err((refusal, user_id)) => {
            record_failure(&context, &arrival, &refusal, user_id.as_deref()).await?;
            return Err(refusal.into());
        }
    };
    let place = ReturnTo::wished(&context.site, sent.return_to.as_deref());
    let response = sign_in::finish(
        &context,
        &arrival,
        &user,
        amr(result.user_verified()),
        &place,
    )
    .await?;
    Ok(followed_by_script(&response).unwrap_or(response))
}

fn place(browser: &Browser) -> Place<'_> {
    Place {
        purpose: Purpose::Authenticate,
        browser,
        session_id: "",
    }
}

async fn begin(
    context: &Context,
    arrival: &Arrival,
    entered: &str,
) -> Result<RequestChallengeResponse, Refusal> {
    let party = RelyingParty::of(context)?;
    let ids = if entered.is_empty() {
        Vec::new()
    } else {
        allowed(context, entered).await?
    };
    let (challenge, state) = challenge(&party, ids)?;
    let email = normal(entered);
    let whom = For {
        user_id: None,
        email: (!entered.is_empty()).then_some(&email),
    };
    ceremony::begin(
        context,
        place(&arrival.browser),
        &arrival.address,
        whom,
        &challenge.public_key.challenge,
        &state,
    )
    .await?;
    Ok(challenge)
}

/// A challenge for one of the passkeys that authenticators call this; for any that is discoverable, if there
/// is none.
pub(super) fn challenge(
    party: &RelyingParty,
    ids: Vec<Vec<u8>>,
) -> Result<(RequestChallengeResponse, AuthenticationState), Refusal> {
    let builder = party
        .core
        .new_challenge_authenticate_builder(Vec::new(), Some(party.user_verification))?;
    let (mut challenge, state) = party.core.generate_challenge_authenticate(builder)?;
    challenge.public_key.allow_credentials = ids
        .into_iter()
        .map(|id| AllowCredentials {
            type_: "public-key".to_owned(),
            id,
            // They would tell real ones from decoys.
            transports: None,
        })
        .collect();
    Ok((challenge, state))
}

/// An address in its normal form; what is no address is nobody's.
fn normal(entered: &str) -> String {
    entered
        .parse::<Email>()
        .map_or_else(|_| entered.to_lowercase(), |email| email.to_string())
}

/// The passkeys of whoever has this address. Somebody who has none, or no account, is answered alike and
/// after the same work.
async fn allowed(context: &Context, entered: &str) -> Result<Vec<Vec<u8>>, StoreError> {
    let email = normal(entered);
    let decoys = decoy::credential_ids(&context.keyring, &email);
    let own = record::credential_ids_at(&context.store, &email).await?;
    Ok(if own.is_empty() { decoys } else { own })
}

/// Who it is, and what the authenticator has proved. With a refusal, whose passkey it was.
async fn end(
    context: &Context,
    arrival: &Arrival,
    signed: &PublicKeyCredential,
) -> Result<(User, AuthenticationResult), (Refusal, Option<String>)> {
    let nobody = |error: StoreError| (error.into(), None);
    let store = &context.store;
    let passkey = record::find(store, signed.get_credential_id())
        .await
        .map_err(nobody)?;
    let owner = match &passkey {
        Some(passkey) => user::by_id(store, &passkey.user_id).await.map_err(nobody)?,
        None => None,
    };
    let (Some(passkey), Some(user)) = (passkey, owner) else {
        return Err((
            answer::of_nobody(context, place(&arrival.browser), signed).await,
            None,
        ));
    };
    let is_theirs = |ceremony: &Ceremony| {
        // Web Authentication Level 3, 7.2 step 6: the authenticator, if it says whose key this is, says the
        // same as we; without an address having been entered, it has to.
        let is_said = match signed.get_user_unique_id() {
            Some(handle) => handle == user.id.as_bytes(),
            None => ceremony.is_for_an_address(),
        };
        is_said && ceremony.allows(&context.keyring, &user.email)
    };
    let place = place(&arrival.browser);
    match answer::check(context, arrival, place, &passkey, signed, is_theirs).await {
        Ok(_) if user.state != UserState::Active => Err((Refusal::Closed, Some(user.id))),
        Ok(result) => Ok((user, result)),
        Err(refusal) => Err((refusal, Some(user.id))),
    }
}

/// How somebody has proved who they are with it (RFC 8176).
pub(super) fn amr(is_verified: bool) -> &'static [&'static str] {
    if is_verified {
        &["pop", "user", "mfa"]
    } else {
        &["pop", "user"]
    }
}

async fn record_failure(
    context: &Context,
    arrival: &Arrival,
    refusal: &Refusal,
    user_id: Option<&str>,
) -> Result<(), StoreError> {
    let Some(reason) = refusal.reason() else {
        return Ok(());
    };
    let subject = user_id.map(|id| format!("user:{id}"));
    let mut tx = context.store.begin().await?;
    let event = AuditEvent {
        actor: "anonymous",
        action: "session.sign_in_failed",
        subject: subject.as_deref(),
        detail: json!({ "method": "passkey", "reason": reason }),
        ip: arrival.address.text(),
    };
    audit::record(&mut tx, event, context.clock.now()).await?;
    tx.commit().await
}

/// A script cannot see where a redirect leads, nor leave the page with it: it is told.
pub fn followed_by_script(response: &Response) -> Option<Response> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let mut told = (StatusCode::OK, Json(json!({ "location": location }))).into_response();
    for cookie in response.headers().get_all(SET_COOKIE) {
        told.headers_mut().append(SET_COOKIE, cookie.clone());
    }
    Some(told)
}
