//! Pushed authorization requests (RFC 9126): a client sends its request itself, and the browser brings
//! a reference to it, which counts once.

use std::time::Duration;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::json;

use super::{
    authorize::{
        self,
        asked::{self, Asked, NotTaken},
        request::{self, Refusal, Untrusted},
    },
    client_auth, dpop,
    error::{ErrorCode, OAuthError, ascii},
};
use crate::{
    clock::UnixMillis,
    crypto::{Hashed, token},
    generation::Client,
    modules::{
        Context,
        audit::{self, AuditEvent},
        parameters::Parameters,
    },
    store::{StoreError, Tx, execute, fetch_optional},
};

/// The endpoint.
pub(super) const PAR_PATH: &str = "/auth/oauth2/par";

/// How a reference begins (RFC 9126 2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
/// How long a browser has to bring it.
const LIFETIME: Duration = Duration::from_secs(90);
/// What the seal of the parameters is bound to.
const PURPOSE: &str = "oidc_provider.pushed_request";
/// What proves who the client is, and is no part of what it asks for.
const PROOF: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

#[derive(Serialize)]
struct Reference {
    request_uri: String,
    expires_in: u64,
}

/// `POST /auth/oauth2/par`
pub(super) async fn push(State(context): State<Context>, http_request: Request) -> Response {
    let headers = http_request.headers().clone();
    let response = answer(&context, &headers, http_request)
        .await
        .unwrap_or_else(IntoResponse::into_response);
    dpop::with_nonce(&context, &headers, response)
}

async fn answer(
    context: &Context,
    headers: &HeaderMap,
    http_request: Request,
) -> Result<Response, OAuthError> {
    let (client, form) = client_auth::authenticated_form(context, http_request).await?;
    // RFC 9126 2.1.
    if form.get("request_uri").is_some() {
        let what = "request_uri cannot be pushed";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, what));
    }
    let mut asked = asked::opened(context, what_is_asked(&client, form), true)
        .await
        .map_err(not_taken)?;
    if let Some(holder) = dpop::proven(context, headers, &Method::POST, PAR_PATH, None).await? {
        announce(&mut asked, holder)?;
    }
    let request = request::check(&context.snapshot, &asked).map_err(refused)?;
    authorize::hinted_person(context, &request)
        .map_err(|(code, description)| OAuthError::new(code, description))?;
    let reference = Reference {
        request_uri: keep(context, &client, &asked).await?,
        expires_in: LIFETIME.as_secs(),
    };
    let headers = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, headers, Json(reference)).into_response())
}

/// RFC 9449 10.1: a proof announces its key as `dpop_jkt` does, and the two may not differ.
fn announce(asked: &mut Asked, holder: String) -> Result<(), OAuthError> {
    match asked.parameters.get("dpop_jkt") {
        Some(announced) if announced == holder => {}
        Some(_) => {
            let what = "dpop_jkt is of another key than the DPoP proof";
            return Err(OAuthError::new(ErrorCode::InvalidRequest, what));
        }
        None => {
            let mut pairs = std::mem::take(&mut asked.parameters).into_pairs();
            pairs.push(("dpop_jkt".to_owned(), holder));
            asked.parameters = Parameters::from_pairs(pairs);
        }
    }
    Ok(())
}

/// The request in the form, which the client that authenticated makes.
fn what_is_asked(client: &Client, form: Parameters) -> Parameters {
    let mut pairs = form.into_pairs();
    pairs.retain(|(name, _)| !PROOF.contains(&name.as_str()) && name != "client_id");
    pairs.push(("client_id".to_owned(), client.name.clone()));
    Parameters::from_pairs(pairs)
}

fn not_taken(error: NotTaken) -> OAuthError {
    match error {
        NotTaken::Refused(refusal) => refused(refusal),
        NotTaken::Failed(problem) => OAuthError::of_problem(&problem),
    }
}

fn refused(refusal: Refusal) -> OAuthError {
    match refusal {
        Refusal::There(_, code, description)
        | Refusal::Here(Untrusted::Unanswerable(code, description)) => {
            OAuthError::new(code, description)
        }
        Refusal::Here(why) => OAuthError::new(ErrorCode::InvalidRequest, ascii(&why.to_string())),
    }
}

/// Keeps the request until it is used or expires. Gives what refers to it.
async fn keep(context: &Context, client: &Client, asked: &Asked) -> Result<String, OAuthError> {
    let request_uri = format!("{PREFIX}{}", token::opaque("")?.expose());
    let now = context.clock.now();
    execute!(
        &context.store,
        "INSERT INTO oidc_pushed_requests (request_uri_hash, client_uid, parameters, created_at,
                                           expires_at)
         VALUES ($1, $2, $3, $4, $5)",
        hash(context, &request_uri),
        &client.uid,
        context.keyring.seal_json(PURPOSE, asked)?,
        now,
        now + LIFETIME,
    )?;
    Ok(request_uri)
}

/// Whether this refers to a pushed request, known or not.
pub(super) fn is_reference(request_uri: &str) -> bool {
    request_uri.starts_with(PREFIX)
}

/// Takes the request out of circulation; `None` if it was used, expired, unknown or another client's.
pub(super) async fn take(
    context: &Context,
    client: &Client,
    request_uri: &str,
) -> Result<Option<Asked>, StoreError> {
    let mut tx = context.store.begin().await?;
    let row = fetch_optional!(
        &mut tx,
        (Vec<u8>,),
        "UPDATE oidc_pushed_requests
            SET used_at = $3
          WHERE request_uri_hash = $1 AND client_uid = $2 AND used_at IS NULL AND expires_at > $3
      RETURNING parameters",
        hash(context, request_uri),
        &client.uid,
        context.clock.now(),
    )?;
    if row.is_none() {
        tell(context, &mut tx, client, request_uri).await?;
    }
    tx.commit().await?;
    // Sealed with another master key it is as good as unknown.
    Ok(row.and_then(|(sealed,)| context.keyring.open_json(PURPOSE, &sealed).ok()))
}

/// Records that a reference came again, or with another client than it was given to: somebody has it who
/// should not (RFC 9126 7.1 and 7.2).
async fn tell(
    context: &Context,
    tx: &mut Tx,
    client: &Client,
    request_uri: &str,
) -> Result<(), StoreError> {
    let known = fetch_optional!(
        tx,
        (String, Option<UnixMillis>),
        "SELECT client_uid, used_at FROM oidc_pushed_requests WHERE request_uri_hash = $1",
        hash(context, request_uri),
    )?;
    let action = match known {
        Some((client_uid, _)) if client_uid != client.uid => "oidc.request_uri_of_another",
        Some((_, Some(_))) => "oidc.request_uri_reuse",
        _ => return Ok(()),
    };
    let subject = format!("client:{}", client.name);
    let event = AuditEvent {
        // Whoever sits at the browser; nobody has to sign in for it.
        actor: "anonymous",
        action,
        subject: Some(&subject),
        detail: json!({}),
        ip: None,
    };
    audit::record(tx, event, context.clock.now()).await
}

fn hash(context: &Context, request_uri: &str) -> Hashed {
    context.keyring.token_hash("oidc.request_uri", request_uri)
}
