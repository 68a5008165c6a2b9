use std::sync::Arc;

use assay_reconciler::spec::oidc_client::GrantType;
use serde_json::json;

use super::{
    super::{
        consent::{self, Consented},
        grant::{self, NewGrant},
        lifetimes::Lifetimes,
        resource::Resources,
        scope::Scopes,
    },
    flow::DeviceFlow,
    record::{self, Waiting},
    user_code::UserCode,
};
use crate::{
    clock::UnixMillis,
    generation::Client,
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        session::{Acr, ClientAddress, SignedIn},
    },
    store::{StoreError, Tx},
};

/// What a device asks for.
pub(super) struct Asked {
    pub(super) client: Arc<Client>,
    pub(super) scopes: Scopes,
    pub(super) resources: Resources,
    expires_at: UnixMillis,
}

/// What became of the answer.
pub(super) enum Outcome {
    Allowed,
    Denied,
    /// The client wants a sign-in that is more recent, or that proves more.
    SignInAgain,
    /// No device waits for it, or no longer.
    Gone,
}

/// What the device asks for that shows this code; `None` if none does, or if its client may no longer
/// ask.
pub(super) async fn asked(
    context: &Context,
    user_code: &UserCode,
) -> Result<Option<Asked>, StoreError> {
    let mut tx = context.store.begin_read().await?;
    let asked = asked_in(context, &mut tx, user_code).await?;
    tx.rollback().await?;
    Ok(asked)
}

async fn asked_in(
    context: &Context,
    tx: &mut Tx,
    user_code: &UserCode,
) -> Result<Option<Asked>, StoreError> {
    let hash = user_code.hash(&context.keyring);
    let waiting = record::waiting(tx, &hash, context.clock.now()).await?;
    Ok(waiting.and_then(|waiting| of(context, &waiting)))
}

fn of(context: &Context, waiting: &Waiting) -> Option<Asked> {
    let client = context.snapshot.client_by_uid(&waiting.client_uid)?;
    let spec = &client.spec;
    let may_ask = spec.enabled && spec.grant_types.contains(&GrantType::DeviceCode);
    may_ask.then(|| Asked {
        client: Arc::clone(client),
        scopes: Scopes::parse(&waiting.scope).within(&spec.scopes),
        resources: Resources::stored(waiting.resource.as_deref()),
        expires_at: waiting.expires_at,
    })
}

/// Whether the person signed in since the code was typed, or not longer ago than the client takes.
pub(super) fn is_recent_enough(
    person: &SignedIn,
    asked: &Asked,
    typed_at: UnixMillis,
    now: UnixMillis,
) -> bool {
    let limit = asked.client.spec.default_max_age;
    person.authenticated_at >= typed_at
        || limit.is_none_or(|limit| now.since(person.authenticated_at) <= limit.duration())
}

/// Whether the person has proved as much as the client takes.
pub(super) fn proves_enough(person: &SignedIn, asked: &Asked) -> bool {
    let reached = person.acr.as_deref().and_then(Acr::named);
    !asked.client.spec.require_second_factor || reached == Some(Acr::MultiFactor)
}

/// The person allows it: the device has a grant, and the consent is remembered. One commit.
pub(super) async fn allow(
    context: &Context,
    person: &SignedIn,
    flow: &DeviceFlow,
    address: &ClientAddress,
) -> Result<Outcome, Problem> {
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    let Some(asked) = asked_in(context, &mut tx, &flow.user_code).await? else {
        tx.rollback().await?;
        return Ok(Outcome::Gone);
    };
    if !is_recent_enough(person, &asked, flow.typed_at, now) || !proves_enough(person, &asked) {
        tx.rollback().await?;
        return Ok(Outcome::SignInAgain);
    }
    let client = &asked.client;
    let lifetimes = Lifetimes::of(&context.snapshot, client);
    let made = NewGrant {
        claims: None,
        acr: person.acr.as_deref(),
        client_uid: &client.uid,
        person,
        scopes: &asked.scopes,
        resources: &asked.resources,
        nonce: None,
        dpop_jkt: None,
        expires_at: asked.expires_at + lifetimes.beyond_code(client),
    };
    let grant_id = grant::make(&mut tx, made, now).await?;
    let hash = flow.user_code.hash(&context.keyring);
    if !record::approve(&mut tx, &hash, &grant_id, now).await? {
        tx.rollback().await?;
        return Ok(Outcome::Gone);
    }
    let scopes = &asked.scopes;
    let allowed = Consented {
        scopes: scopes.clone(),
        resources: asked.resources.beyond(&context.site.issuer),
        ..Consented::default()
    };
    consent::remember(&mut tx, &person.user_id, &client.uid, &allowed, now).await?;
    let detail = json!({ "scope": scopes.to_string(), "grant": grant_id });
    let action = "oidc.device_allowed";
    tell(&mut tx, action, person, client, detail, address, now).await?;
    tx.commit().await?;
    Ok(Outcome::Allowed)
}

/// The person denies it.
pub(super) async fn deny(
    context: &Context,
    person: &SignedIn,
    flow: &DeviceFlow,
    address: &ClientAddress,
) -> Result<Outcome, Problem> {
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    let Some(asked) = asked_in(context, &mut tx, &flow.user_code).await? else {
        tx.rollback().await?;
        return Ok(Outcome::Gone);
    };
    let hash = flow.user_code.hash(&context.keyring);
    if !record::deny(&mut tx, &hash, now).await? {
        tx.rollback().await?;
        return Ok(Outcome::Gone);
    }
    let client = &asked.client;
    let detail = json!({ "scope": asked.scopes.to_string() });
    let action = "oidc.device_denied";
    tell(&mut tx, action, person, client, detail, address, now).await?;
    tx.commit().await?;
    Ok(Outcome::Denied)
}

async fn tell(
    tx: &mut Tx,
    action: &'static str,
    person: &SignedIn,
    client: &Client,
    detail: serde_json::Value,
    address: &ClientAddress,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let actor = format!("user:{}", person.user_id);
    let subject = format!("client:{}", client.name);
    let event = AuditEvent {
        actor: &actor,
        action,
        subject: Some(&subject),
        detail,
        ip: address.text(),
    };
    audit::record(tx, event, now).await
}
