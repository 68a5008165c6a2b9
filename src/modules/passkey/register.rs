//! `/auth/passkey/register/{start,finish}`: adds a passkey to the account that is signed in.

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};
use webauthn_rs_core::proto::{CreationChallengeResponse, RegisterPublicKeyCredential};

use super::{
    body::Sent,
    ceremony::{Place, Purpose},
    making::{self, Owner},
    names,
    refusal::Refusal,
};
use crate::modules::{
    Context, Problem, account,
    mail::{self, Letter, Recipient},
    pages::{Language, Reader},
    second_factor,
    session::{SignedIn, Visitor},
    sign_in::Arrival,
};

/// Nothing is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {}

/// What the authenticator made.
#[derive(Deserialize)]
pub(super) struct Finish {
    credential: RegisterPublicKeyCredential,
    /// What its owner calls it.
    #[serde(default)]
    name: String,
}

/// `POST /auth/passkey/register/start`
pub(super) async fn start(
    State(context): State<Context>,
    arrival: Arrival,
    visitor: Visitor,
    Sent(Start {}): Sent<Start>,
) -> Result<Json<CreationChallengeResponse>, Problem> {
    let person = owner(&context, visitor).await?;
    Ok(Json(begin(&context, &arrival, &person).await?))
}

/// `POST /auth/passkey/register/finish`
pub(super) async fn finish(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    visitor: Visitor,
    Sent(sent): Sent<Finish>,
) -> Result<Json<Value>, Problem> {
    let person = owner(&context, visitor).await?;
    let language = reader.look(None, Some(&person)).language;
    let name = names::name(&sent.name, language);
    let id = end(
        &context,
        &arrival,
        &person,
        &sent.credential,
        &name,
        language,
    )
    .await?;
    Ok(Json(json!({ "id": id, "name": name })))
}

/// Whose passkey it is to be. Whoever found a browser that somebody left signed in must not come by.
async fn owner(context: &Context, visitor: Visitor) -> Result<SignedIn, Refusal> {
    let person = visitor.person.ok_or(Refusal::NotSignedIn)?;
    if !account::is_recent(context, &person) {
        return Err(Refusal::NotRecent);
    }
    // A new passkey would stand in for the second factor.
    if second_factor::owes(context, &person).await? {
        return Err(Refusal::OneFactor);
    }
    Ok(person)
}

fn place<'a>(arrival: &'a Arrival, person: &'a SignedIn) -> Place<'a> {
    Place {
        purpose: Purpose::Register,
        browser: &arrival.browser,
        session_id: &person.session_id,
    }
}

async fn begin(
    context: &Context,
    arrival: &Arrival,
    person: &SignedIn,
) -> Result<CreationChallengeResponse, Refusal> {
    let owner = Owner {
        user_id: &person.user_id,
        email: &person.email,
        name: person.name.as_deref().unwrap_or(&person.email),
    };
    making::begin(context, arrival, place(arrival, person), owner).await
}

async fn end(
    context: &Context,
    arrival: &Arrival,
    person: &SignedIn,
    made: &RegisterPublicKeyCredential,
    name: &str,
    language: &'static Language,
) -> Result<String, Refusal> {
    let made = making::end(context, place(arrival, person), made).await?;
    if made.user_id() != person.user_id {
        return Err(Refusal::Another);
    }
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    let id = made
        .keep(&mut tx, name, arrival.address.text(), now)
        .await?;
    let to = Recipient::signed_in(person, language);
    mail::queue(&mut tx, context, &to, Letter::PasskeyAdded { name }, now).await?;
    tx.commit().await?;
    context.mails.wake();
    Ok(id)
}
