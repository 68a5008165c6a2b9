//! A client reads, changes and deletes its registration (RFC 7592).

use assay_reconciler::{
    kind::Kind,
    object::{Object, ObjectKey, Spec},
    spec::OidcClientSpec,
};
use axum::{
    Json,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{
    bearer,
    error::RegistrationError,
    metadata::ClientMetadata,
    policy,
    record::{self, Registration},
    register::{described, expiry, new_secret, options, served, show_secret},
    sector, settings,
};
use crate::{
    generation::Owner,
    modules::{Context, oidc_provider::client_auth::is_secret},
};

/// The registration at this address, which the token of the request manages, and the client.
async fn authorised(
    context: &Context,
    client_id: &str,
    headers: &HeaderMap,
) -> Result<(Registration, Object), RegistrationError> {
    let token = bearer(headers)?.ok_or(RegistrationError::Token)?;
    let now = context.clock.now();
    let registration = record::find(&context.store, &context.keyring, token, now)
        .await?
        // RFC 7592 3: the token of one client says nothing of another.
        .filter(|registration| registration.name == client_id)
        .ok_or(RegistrationError::Token)?;
    if registration.owner != Owner::Registration.to_string() {
        return Err(RegistrationError::TakenOver(registration.owner));
    }
    let listed = context
        .engine
        .listed_one(Kind::OidcClient, client_id)
        .await?;
    let client = listed.ok_or(RegistrationError::Token)?;
    Ok((registration, client.object))
}

fn answer(mut described: Map<String, Value>, headers: &HeaderMap) -> Response {
    // RFC 7592 3: the token, which is the one that was shown.
    if let Ok(Some(token)) = bearer(headers) {
        described.insert("registration_access_token".into(), token.into());
    }
    Json(described).into_response()
}

/// `GET`. The secret is not shown: nobody here knows it.
pub(super) async fn read(
    State(context): State<Context>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, RegistrationError> {
    let (registration, object) = authorised(&context, &client_id, &headers).await?;
    let described = described(&context, &object, registration.created_at)?;
    Ok(answer(described, &headers))
}

/// `PUT`: what is said now is all there is.
pub(super) async fn update(
    State(context): State<Context>,
    Path(client_id): Path<String>,
    request: Request,
) -> Result<Response, RegistrationError> {
    let headers = request.headers().clone();
    let (registration, before) = authorised(&context, &client_id, &headers).await?;
    let policy = settings(&context).ok_or(RegistrationError::Token)?;
    let said = ClientMetadata::read(request).await?;
    same_client(&context, &said, &before)?;

    let kept = kept_secret(&said, &before)?;
    let secret = match kept {
        Some(_) => None,
        None => new_secret(&said)?,
    };
    let in_spec = kept.or_else(|| {
        secret
            .as_ref()
            .map(|secret| json!({ "value": secret.expose() }))
    });
    let annotations = before
        .metadata
        .annotations
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let object = policy::object(policy, &client_id, &said, in_spec, &annotations)?;
    sector::check(&context, &object).await?;
    let mut described = described(&context, &object, registration.created_at)?;

    let applied = context
        .engine
        .apply_as(Owner::Registration, vec![object], Vec::new(), options())
        .await?;
    let expires_at = expiry(policy, context.clock.now());
    record::expire_at(&context.store, &registration.client_uid, expires_at).await?;
    served(&context, &applied).await;

    show_secret(&mut described, secret.as_ref(), expires_at);
    Ok(answer(described, &headers))
}

/// `DELETE`: the client goes, and all that it holds.
pub(super) async fn delete(
    State(context): State<Context>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, RegistrationError> {
    authorised(&context, &client_id, &headers).await?;
    let key = ObjectKey {
        kind: Kind::OidcClient,
        name: client_id,
    };
    let applied = context
        .engine
        .apply_as(Owner::Registration, Vec::new(), vec![key], options())
        .await?;
    served(&context, &applied).await;
    Ok(StatusCode::NO_CONTENT)
}

/// RFC 7592 2.2: a change names its client, may show the secret that it has, and cannot set what only
/// the provider sets.
fn same_client(
    context: &Context,
    said: &ClientMetadata,
    before: &Object,
) -> Result<(), RegistrationError> {
    let wrong = |what: &str| Err(RegistrationError::Metadata(what.to_owned()));
    if said.text("client_id") != Some(before.name()) {
        return wrong("client_id: must be the client's own");
    }
    for name in [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ] {
        if said.has(name) {
            return wrong(&format!("{name}: only the provider sets it"));
        }
    }
    if said.has("client_secret") {
        let shown = said.text("client_secret").unwrap_or_default();
        let is_its_own = client(before)
            .and_then(|client| client.client_secret.as_ref())
            .is_some_and(|stored| is_secret(context, stored, shown));
        if !is_its_own {
            return wrong("client_secret: must be the one the client has, or be left out");
        }
    }
    Ok(())
}

fn client(object: &Object) -> Option<&OidcClientSpec> {
    match &object.spec {
        Spec::OidcClient(client) => Some(client),
        _ => None,
    }
}

/// The secret as it is stored, if the client goes on authenticating in the same way.
fn kept_secret(said: &ClientMetadata, before: &Object) -> Result<Option<Value>, RegistrationError> {
    let Some(client) = client(before) else {
        return Ok(None);
    };
    let method = said
        .text("token_endpoint_auth_method")
        .unwrap_or("client_secret_basic");
    if method != client.auth_method().name() {
        return Ok(None);
    }
    Ok(client
        .client_secret
        .as_ref()
        .map(serde_json::to_value)
        .transpose()?)
}
