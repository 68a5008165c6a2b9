//! A passkey is made: the challenge, and what an authenticator makes of it.

use serde_json::json;
use webauthn_rs_core::proto::{
    AttestationConveyancePreference, CreationChallengeResponse, Credential,
    RegisterPublicKeyCredential, RegistrationState, RequestRegistrationExtensions,
    ResidentKeyRequirement,
};

use super::{
    ceremony::{self, For, Place},
    record::{self, NewPasskey},
    refusal::Refusal,
    relying_party::RelyingParty,
};
use crate::{
    clock::UnixMillis,
    modules::{
        Context,
        audit::{self, AuditEvent},
        sign_in::Arrival,
    },
    store::Tx,
};

/// Whose passkey it is to be.
pub(super) struct Owner<'a> {
    pub(super) user_id: &'a str,
    pub(super) email: &'a str,
    /// What authenticators show.
    pub(super) name: &'a str,
}

/// A passkey that was made, and is not kept yet.
#[derive(Debug)]
pub struct Made {
    user_id: String,
    credential: Credential,
    model: String,
}

pub(super) async fn begin(
    context: &Context,
    arrival: &Arrival,
    place: Place<'_>,
    owner: Owner<'_>,
) -> Result<CreationChallengeResponse, Refusal> {
    let party = RelyingParty::of(context)?;
    let own = record::credential_ids_of(&context.store, owner.user_id).await?;
    // The id says nothing about the person (Web Authentication Level 3, 14.6.1).
    let builder = party
        .core
        .new_challenge_register_builder(owner.user_id.as_bytes(), owner.email, owner.name)?
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
        user_id: Some(owner.user_id),
        email: None,
    };
    ceremony::begin(
        context,
        place,
        &arrival.address,
        whom,
        &challenge.public_key.challenge,
        &state,
    )
    .await?;
    Ok(challenge)
}

pub(super) async fn end(
    context: &Context,
    place: Place<'_>,
    made: &RegisterPublicKeyCredential,
) -> Result<Made, Refusal> {
    let party = RelyingParty::of(context)?;
    let client_data = &made.response.client_data_json;
    let ceremony = ceremony::take_alone(context, place, client_data).await?;
    let state: RegistrationState = ceremony.state()?;
    let credential = party
        .core
        .register_credential(made, &state, party.roots.as_ref())?;
    let model = model(&made.response.attestation_object);
    if !party.models.is_empty() && !party.models.contains(&model) {
        return Err(Refusal::Model(model));
    }
    Ok(Made {
        user_id: ceremony.user_id.ok_or(Refusal::Another)?,
        credential,
        model,
    })
}

impl Made {
    /// Whom it was made for.
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// How they have proved who they are by making it (RFC 8176).
    pub fn amr(&self) -> &'static [&'static str] {
        super::authenticate::amr(self.credential.user_verified)
    }

    /// Keeps it under this name, and gives its id.
    pub(super) async fn keep(
        self,
        tx: &mut Tx,
        name: &str,
        ip: Option<&str>,
        now: UnixMillis,
    ) -> Result<String, Refusal> {
        let new = NewPasskey {
            user_id: &self.user_id,
            name,
            aaguid: &self.model,
            credential: self.credential,
        };
        let id = record::insert(tx, new, now).await?;
        let actor = format!("user:{}", self.user_id);
        let event = AuditEvent {
            actor: &actor,
            action: "passkey.add",
            subject: Some(&actor),
            detail: json!({ "passkey": id, "name": name, "aaguid": self.model }),
            ip,
        };
        audit::record(tx, event, now).await?;
        Ok(id)
    }
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
