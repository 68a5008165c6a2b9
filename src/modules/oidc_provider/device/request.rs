use assay_reconciler::spec::oidc_client::GrantType;
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderValue, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{
    super::{
        client_auth,
        error::{ErrorCode, OAuthError, ascii},
        lifetimes::Lifetimes,
        resource::Resources,
        scope::Scopes,
    },
    DEVICE_PATH, hash_device_code,
    user_code::UserCode,
};
use crate::{
    crypto::token,
    generation::Client,
    modules::{Context, parameters::Parameters},
    store::execute,
};

/// Where devices ask.
pub(in crate::modules::oidc_provider) const DEVICE_AUTHORIZATION_PATH: &str = "/auth/oauth2/device";

/// Seconds between two polls, to begin with (RFC 8628 3.2).
const INTERVAL: i64 = 5;
/// How often another user code is tried when one is in use: at 20^8 of them, once is rare.
const TRIES: usize = 3;

/// RFC 8628 3.2.
#[derive(Serialize)]
struct DeviceAuthorization<'a> {
    device_code: &'a str,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: u64,
    interval: i64,
}

/// `POST /auth/oauth2/device`
pub(in crate::modules::oidc_provider) async fn authorize(
    State(context): State<Context>,
    request: Request,
) -> Result<Response, OAuthError> {
    let (client, form) = client_auth::authenticated_form(&context, request).await?;
    may_ask(&client)?;
    let resources = Resources::asked_by(&client, &form)
        .map_err(|what| OAuthError::new(ErrorCode::InvalidTarget, what))?;
    let scopes = scopes(&client, &form)?;
    let lifetime = Lifetimes::of(&context.snapshot, &client).device_code;
    let device_code = token::opaque("assay_dc_")?;
    let user_code = insert(&context, &client, &scopes, &resources, device_code.expose()).await?;
    let verification_uri = context.site.url(DEVICE_PATH);
    let answer = DeviceAuthorization {
        device_code: device_code.expose(),
        verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
        verification_uri,
        user_code: user_code.to_string(),
        expires_in: lifetime.as_secs(),
        interval: INTERVAL,
    };
    let headers = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((headers, Json(answer)).into_response())
}

fn may_ask(client: &Client) -> Result<(), OAuthError> {
    if client.spec.grant_types.contains(&GrantType::DeviceCode) {
        return Ok(());
    }
    let grant = GrantType::DeviceCode.name();
    let description = format!("this client may not use {grant}");
    Err(OAuthError::new(ErrorCode::UnauthorizedClient, description))
}

fn scopes(client: &Client, form: &Parameters) -> Result<Scopes, OAuthError> {
    let invalid = |description| OAuthError::new(ErrorCode::InvalidScope, description);
    let mut scopes = Scopes::parse(form.get("scope").unwrap_or_default());
    if scopes.is_empty() {
        return Err(invalid("the request has no scope".to_owned()));
    }
    if let Some(scope) = scopes.first_beyond(&client.spec.scopes) {
        let scope = ascii(scope);
        return Err(invalid(format!(
            "this client may not ask for the scope {scope}"
        )));
    }
    // OpenID Connect Core 11: it means a refresh token, which this client cannot have.
    if !client.spec.grant_types.contains(&GrantType::RefreshToken) {
        scopes.remove("offline_access");
    }
    Ok(scopes)
}

/// Remembers that the device waits, under a user code that no other device shows.
async fn insert(
    context: &Context,
    client: &Client,
    scopes: &Scopes,
    resources: &Resources,
    device_code: &str,
) -> Result<UserCode, OAuthError> {
    let now = context.clock.now();
    let lifetime = Lifetimes::of(&context.snapshot, client).device_code;
    for _ in 0..TRIES {
        let user_code = UserCode::new()?;
        let rows = execute!(
            &context.store,
            "INSERT INTO oidc_device_codes (device_code_hash, user_code_hash, client_uid, scope,
                                            poll_interval, created_at, expires_at, resource)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (user_code_hash) DO NOTHING",
            hash_device_code(&context.keyring, device_code),
            user_code.hash(&context.keyring),
            &client.uid,
            scopes.to_string(),
            INTERVAL,
            now,
            now + lifetime,
            resources.column(),
        )?;
        if rows == 1 {
            return Ok(user_code);
        }
    }
    Err(OAuthError::new(
        ErrorCode::TemporarilyUnavailable,
        "too many devices wait",
    ))
}
