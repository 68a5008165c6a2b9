//! `POST /auth/biscuit/issue`

use assay_reconciler::spec::ModuleName;
use axum::{
    extract::{FromRequest as _, FromRequestParts as _, Request, State},
    http::{StatusCode, request::Parts},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    block,
    datalog::Parsed,
    grants::{Person, made_for},
    problem::Refused,
    request::{Desk, Json, SHORT_SOURCE, aside},
    revoked::RevocationId,
    said::{self, Statements},
    token,
};
use crate::{
    clock::UnixMillis,
    generation::Snapshot,
    modules::{
        Context, Problem,
        admin::credential::{BiscuitIssue, Permitted},
        audit::{self, AuditEvent},
        oidc_provider::{Bearer, bearer},
    },
    store::{Store, StoreError},
};

/// The endpoint.
pub(super) const ISSUE_PATH: &str = "/auth/biscuit/issue";
/// What an access token must allow.
const SCOPE: &str = "biscuit";
/// Bytes of `context`.
const MAX_CONTEXT: usize = 1_024;

/// What a token is to say.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IssueRequest {
    /// As in `user("ada")`.
    #[serde(default)]
    pub facts: Vec<String>,
    /// As in `right($r, "read") <- owner($r)`.
    #[serde(default)]
    pub rules: Vec<String>,
    /// As in `check if operation("read")`.
    #[serde(default)]
    pub checks: Vec<String>,
    /// Values for `{name}` in any of them.
    #[serde(default)]
    pub parameters: serde_json::Map<String, serde_json::Value>,
    /// Seconds that the token lives: `tokenTtl` of module `biscuit` unless given, `maxTokenTtl` at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u32>,
    /// Text that goes with the token and means nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// A token that was made.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Issued {
    /// In base64url.
    pub token: String,
    /// By which each block is revoked, the first block first.
    pub revocation_ids: Vec<String>,
    /// Which root key signed it.
    pub root_key_id: u32,
    /// When it ends.
    pub expires_at: UnixMillis,
}

impl IssueRequest {
    pub(super) fn statements(&self) -> Statements {
        Statements {
            facts: self.facts.clone(),
            rules: self.rules.clone(),
            checks: self.checks.clone(),
            parameters: self.parameters.clone(),
        }
    }
}

/// Makes a token that says what is asked for.
pub(in crate::modules) fn made(
    snapshot: &Snapshot,
    request: &IssueRequest,
    now: UnixMillis,
) -> Result<Issued, Refused> {
    let settings = snapshot.biscuit_settings();
    let context = request.context.as_deref();
    let expires_at = said::ends_at(
        request.expires_in,
        settings.token_ttl.duration(),
        settings.max_token_ttl.duration(),
        now,
    )?;
    let said = request.statements().parse()?;
    sign(snapshot, said, context, expires_at)
}

/// Signs what is said, and that it ends.
pub(super) fn sign(
    snapshot: &Snapshot,
    mut said: Parsed,
    context: Option<&str>,
    expires_at: UnixMillis,
) -> Result<Issued, Refused> {
    let settings = snapshot.biscuit_settings();
    if context.is_some_and(|text| text.len() > MAX_CONTEXT) {
        let what = format!("context: {MAX_CONTEXT} bytes at most");
        return Err(Refused::Request(what.into()));
    }
    said.checks.extend(said::expiry(expires_at)?.checks);
    let root = snapshot.root_keys().active().ok_or(Refused::NoRootKey)?;
    let bytes = block::issue(&said, context, root)?;
    let token = token::encode(&bytes);
    if token.len() > settings.max_token_bytes as usize {
        let limit = settings.max_token_bytes as usize;
        return Err(token::TokenError::TooLong(limit).into());
    }
    let contents = token::read(&bytes)?;
    let ids = contents.revocation_ids().map(RevocationId::of);
    Ok(Issued {
        token,
        revocation_ids: ids.map(|id| id.as_str().to_owned()).collect(),
        root_key_id: root.id(),
        expires_at,
    })
}

/// Notes that a token was made: by whom, and by what it can be revoked; not what it says.
pub(in crate::modules) async fn note(
    store: &Store,
    issued: &Issued,
    actor: &str,
    subject: Option<&str>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let event = AuditEvent {
        actor,
        action: "biscuit.issue",
        subject,
        detail: json!({
            "revocationId": issued.revocation_ids.first(),
            "rootKey": issued.root_key_id,
            "expiresAt": issued.expires_at,
        }),
        ip: None,
    };
    let mut tx = store.begin().await?;
    audit::record(&mut tx, event, now).await?;
    tx.commit().await
}

/// Who asks.
enum Asking {
    /// Whoever holds an admin key with `biscuit.issue`, for anything.
    Key(String),
    /// A person, for what the module's `grants` say.
    Person(Box<Person>, Bearer),
}

/// The endpoint.
pub(super) async fn issue(
    State(context): State<Context>,
    request: Request,
) -> Result<(StatusCode, axum::Json<Issued>), Problem> {
    let (mut parts, body) = request.into_parts();
    let asking = asking(&context, &mut parts).await?;
    let request = Request::from_parts(parts, body);
    let Json(request) = Json::<IssueRequest>::from_request(request, &context).await?;
    let desk = Desk::from(&context);
    let now = desk.now;
    let is_short = request.statements().len() <= SHORT_SOURCE;
    let (actor, subject, person) = match asking {
        Asking::Key(actor) => (actor, None, None),
        Asking::Person(person, bearer) => (
            format!("user:{}", bearer.user_id),
            Some(format!("client:{}", bearer.client)),
            Some(person),
        ),
    };
    let issued = aside(&desk, is_short, move |desk| match person {
        Some(person) => made_for(desk, &person, &request),
        None => made(&desk.snapshot, &request, now),
    })
    .await?;
    note(&context.store, &issued, &actor, subject.as_deref(), now).await?;
    Ok((StatusCode::CREATED, axum::Json(issued)))
}

async fn asking(context: &Context, parts: &mut Parts) -> Result<Asking, Problem> {
    let refused = match Permitted::<BiscuitIssue>::from_request_parts(parts, context).await {
        Ok(permitted) => {
            let actor = permitted.administration.actor().as_str();
            return Ok(Asking::Key(actor.to_owned()));
        }
        Err(refused) => refused,
    };
    // A key that is known and may not is not looked at as something else.
    let is_unknown = refused.status() == StatusCode::UNAUTHORIZED;
    if !is_unknown || !context.snapshot.is_on(ModuleName::OidcProvider) {
        return Err(refused);
    }
    let bearer = bearer(context, parts, ISSUE_PATH, SCOPE).await?;
    let person = Person::find(&context.store, &bearer.user_id).await?;
    let person = person.ok_or(refused)?;
    Ok(Asking::Person(Box::new(person), bearer))
}
