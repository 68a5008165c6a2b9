//! `/auth/passkey/register/{start,finish}`: adds a passkey to the account that is signed in.

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};
use webauthn_rs_core::proto::{
    AttestationConveyancePreference, CreationChallengeResponse, RegisterPublicKeyCredential,
    RegistrationState, RequestRegistrationExtensions, ResidentKeyRequirement,
};

use super::{
    body::Sent,
    ceremony::{self, For, Place, Purpose},
    names,
    record::{self, NewPasskey},
    refusal::Refusal,
    relying_party::RelyingParty,
};
use crate::modules::{
    Context, Problem, account,
    audit::{self, AuditEvent},
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
    let party = RelyingParty::of(context)?;
    let own = record::credential_ids_of(&context.store, &person.user_id).await?;
    let shown = person.name.as_deref().unwrap_or(&person.email);
    // The id says nothing about the person (Web Authentication Level 3, 14.6.1).
    let builder = party
        .core
        .new_challenge_register_builder(person.user_id.as_bytes(), &person.email, shown)?
        .user_verification_policy(party.user_verification)
        .exclude_credentials(Some(own))
        .extensions(Some(RequestRegistrationExtensions {
            cred_protect: None,
            uvm: None,
            cred_props: Some(true),
            min_pin_length: None,
            hmac_create_secret: None,
        }))
        .attestation(if party.roots.is_some() || !party.models.is_empty() {
            AttestationConveyancePreference::Direct
        } else {
            AttestationConveyancePreference::None
        });
    let (mut challenge, state) = party.core.generate_challenge_register(builder)?;
    // One that signs in without an address being entered, where the authenticator has room for it.
    if let Some(selection) = &mut challenge.public_key.authenticator_selection {
        selection.resident_key = Some(ResidentKeyRequirement::Preferred);
    }
    let whom = For {
        user_id: Some(&person.user_id),
        email: None,
    };
    ceremony::begin(
        context,
        place(arrival, person),
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
    person: &SignedIn,
    made: &RegisterPublicKeyCredential,
    name: &str,
    language: &'static Language,
) -> Result<String, Refusal> {
    let party = RelyingParty::of(context)?;
    let client_data = &made.response.client_data_json;
    let ceremony = ceremony::take(context, place(arrival, person), client_data).await?;
    if ceremony.user_id.as_deref() != Some(&person.user_id) {
        return Err(Refusal::Another);
    }
    let state: RegistrationState = ceremony.state()?;
    let credential = party
        .core
        .register_credential(made, &state, party.roots.as_ref())?;
    let model = model(&made.response.attestation_object);
    if !party.models.is_empty() && !party.models.contains(&model) {
        return Err(Refusal::Model(model));
    }
    let now = context.clock.now();
    let new = NewPasskey {
        user_id: &person.user_id,
        name,
        aaguid: &model,
        credential,
    };
    let mut tx = context.store.begin().await?;
    let id = record::insert(&mut tx, new, now).await?;
    let actor = format!("user:{}", person.user_id);
    let event = AuditEvent {
        actor: &actor,
        action: "passkey.add",
        subject: Some(&actor),
        detail: json!({ "passkey": id, "name": name, "aaguid": model }),
        ip: arrival.address.text(),
    };
    audit::record(&mut tx, event, now).await?;
    let to = Recipient::signed_in(person, language);
    mail::queue(&mut tx, context, &to, Letter::PasskeyAdded { name }, now).await?;
    tx.commit().await?;
    context.mails.wake();
    Ok(id)
}

/// The model (AAGUID) in an attestation object that was checked, as a UUID; all zeroes if there is none.
fn model(attestation_object: &[u8]) -> String {
    /// Authenticator data (Web Authentication Level 3, 6.1): hash of 32 bytes, flags, counter of 4.
    const BEFORE: usize = 32 + 1 + 4;
    let read: Option<uuid::Uuid> = (|| {
        let object: serde_cbor_2::Value = serde_cbor_2::from_slice(attestation_object).ok()?;
        let serde_cbor_2::Value::Map(members) = object else {
            return None;
        };
        let key = serde_cbor_2::Value::Text("authData".to_owned());
        let Some(serde_cbor_2::Value::Bytes(data)) = members.get(&key) else {
            return None;
        };
        uuid::Uuid::from_slice(data.get(BEFORE..BEFORE + 16)?).ok()
    })();
    read.unwrap_or_default().to_string()
}
