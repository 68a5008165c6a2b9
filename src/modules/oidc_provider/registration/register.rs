//! A client registers itself (RFC 7591 3).

use std::time::Duration;

use assay_reconciler::{object::Object, spec::oidc_client::ClientRegistration};
use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

use super::{
    REGISTRATION_PATH, bearer, error::RegistrationError, initial_access, metadata,
    metadata::ClientMetadata, policy, record, sector, settings,
};
use crate::{
    clock::UnixMillis,
    crypto::{Hashed, Secret, token},
    generation::{Actor, Applied, ApplyOptions, Beside, Owner},
    modules::{Context, attempts::Limit, session::ClientAddress},
    store::{StoreError, Tx},
};

/// How long the answer waits for this server to serve the client.
const SERVING: Duration = Duration::from_secs(10);
/// From one address, where strangers may register.
const PER_ADDRESS: Limit = Limit {
    domain: "oidc.registration.address",
    tries: 20,
    window: Duration::from_hours(1),
};

/// What comes of a registration is not drastic, whatever it is.
pub(super) fn options() -> ApplyOptions {
    ApplyOptions {
        yes: true,
        ..ApplyOptions::new(Actor::registration())
    }
}

/// When a client that registers or changes at `now` expires.
pub(super) fn expiry(policy: &ClientRegistration, now: UnixMillis) -> Option<UnixMillis> {
    policy.client_ttl.map(|ttl| now + ttl.duration())
}

/// A new secret, if the client needs one.
pub(super) fn new_secret(
    said: &ClientMetadata,
) -> Result<Option<Secret<String>>, RegistrationError> {
    let needs_one = matches!(
        said.text("token_endpoint_auth_method"),
        None | Some("client_secret_basic" | "client_secret_post" | "client_secret_jwt")
    );
    Ok(needs_one.then(|| token::opaque("assay_cs_")).transpose()?)
}

/// Waits until this server knows the client, so that what it does next is answered by one that does.
pub(super) async fn served(context: &Context, applied: &Applied) {
    if let Err(error) = context.publisher.serving(applied.generation, SERVING).await {
        tracing::warn!("a registered client is not served yet: {error}");
    }
}

/// `client_secret` and `client_secret_expires_at` (RFC 7591 3.2.1).
pub(super) fn show_secret(
    answer: &mut Map<String, Value>,
    secret: Option<&Secret<String>>,
    expires_at: Option<UnixMillis>,
) {
    if let Some(secret) = secret {
        answer.insert("client_secret".into(), secret.expose().as_str().into());
        let expires_at = expires_at.map_or(0, UnixMillis::as_seconds);
        answer.insert("client_secret_expires_at".into(), expires_at.into());
    }
}

/// The client as it is registered, in the words of the registries.
pub(super) fn described(
    context: &Context,
    object: &Object,
    created_at: UnixMillis,
) -> Result<Map<String, Value>, RegistrationError> {
    let spec = serde_json::to_value(&object.spec)?;
    let mut answer = metadata::of_spec(&spec);
    if let assay_reconciler::object::Spec::OidcClient(client) = &object.spec {
        let method = client.auth_method().name();
        answer.insert("token_endpoint_auth_method".into(), method.into());
    }
    let uri = context
        .site
        .url(&format!("{REGISTRATION_PATH}/{}", object.name()));
    answer.insert("client_id".into(), object.name().into());
    answer.insert("client_id_issued_at".into(), created_at.as_seconds().into());
    answer.insert("registration_client_uri".into(), uri.into());
    Ok(answer)
}

/// The rows that come with a new client.
struct Registered {
    /// The initial access token, of which one use is spent.
    spends: Option<Hashed>,
    client_id: String,
    token_hash: Hashed,
    now: UnixMillis,
    expires_at: Option<UnixMillis>,
}

impl Beside for Registered {
    fn write<'a>(&'a self, tx: &'a mut Tx) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            if let Some(token) = &self.spends
                && !initial_access::spend(tx, token, self.now).await?
            {
                return Ok(false);
            }
            let (client_id, token_hash) = (&self.client_id, &self.token_hash);
            record::insert(tx, client_id, token_hash, self.now, self.expires_at).await?;
            Ok(true)
        })
    }
}

/// `POST /auth/oauth2/register`.
pub(super) async fn register(
    State(context): State<Context>,
    address: ClientAddress,
    request: Request,
) -> Result<Response, RegistrationError> {
    let policy = settings(&context).ok_or(RegistrationError::Token)?;
    let now = context.clock.now();
    let invited = match bearer(request.headers())? {
        Some(token) => Some(
            initial_access::find(&context, token, now)
                .await?
                .ok_or(RegistrationError::Token)?,
        ),
        None if policy.open => None,
        None => return Err(RegistrationError::Token),
    };
    let said = ClientMetadata::read(request).await?;
    let secret = new_secret(&said)?;
    let client_id = token::uuid_v7(now)?.to_string();
    let mut annotations = Map::new();
    if let Some(invited) = &invited {
        annotations.insert("initial-access-token".into(), invited.name.as_str().into());
    }
    let in_spec = secret
        .as_ref()
        .map(|secret| json!({ "value": secret.expose() }));
    let object = policy::object(policy, &client_id, &said, in_spec, &annotations)?;
    sector::check(&context, &object).await?;
    if invited.is_none() {
        count_stranger(&context, policy, &address, now).await?;
    }

    let token = token::opaque(record::TOKEN_PREFIX)?;
    let expires_at = expiry(policy, now);
    let mut answer = described(&context, &object, now)?;
    let beside = Registered {
        spends: invited.map(|invited| invited.hash),
        client_id,
        token_hash: record::hash_token(&context.keyring, token.expose()),
        now,
        expires_at,
    };
    let applied = context
        .engine
        .apply_with(Owner::Registration, object, &beside, options())
        .await?;
    served(&context, &applied).await;

    show_secret(&mut answer, secret.as_ref(), expires_at);
    let token = token.expose().as_str();
    answer.insert("registration_access_token".into(), token.into());
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Counts a registration by somebody unknown, and refuses one too many.
async fn count_stranger(
    context: &Context,
    policy: &ClientRegistration,
    address: &ClientAddress,
    now: UnixMillis,
) -> Result<(), RegistrationError> {
    let all = Limit {
        domain: "oidc.registration",
        tries: i64::from(policy.open_per_hour),
        window: PER_ADDRESS.window,
    };
    let mut tx = context.store.begin().await?;
    let keyring = &context.keyring;
    let from = address.network();
    let is_within = PER_ADDRESS
        .count(&mut tx, keyring, &from, now)
        .await?
        .is_some()
        && all.count(&mut tx, keyring, "", now).await?.is_some();
    tx.commit().await?;
    if is_within {
        Ok(())
    } else {
        Err(RegistrationError::TooMany)
    }
}
