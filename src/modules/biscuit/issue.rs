//! `POST /auth/biscuit/issue`

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    block,
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
    },
    store::{Store, StoreError},
};

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
    if context.is_some_and(|text| text.len() > MAX_CONTEXT) {
        let what = format!("context: {MAX_CONTEXT} bytes at most");
        return Err(Refused::Request(what.into()));
    }
    let expires_at = said::ends_at(
        request.expires_in,
        settings.token_ttl.duration(),
        settings.max_token_ttl.duration(),
        now,
    )?;
    let mut said = request.statements().parse()?;
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

/// The endpoint, for those who hold an admin key with `biscuit.issue`.
pub(super) async fn issue(
    permitted: Permitted<BiscuitIssue>,
    State(context): State<Context>,
    Json(request): Json<IssueRequest>,
) -> Result<(StatusCode, axum::Json<Issued>), Problem> {
    let now = context.clock.now();
    let is_short = request.statements().len() <= SHORT_SOURCE;
    let issued = aside(&Desk::from(&context), is_short, move |desk| {
        made(&desk.snapshot, &request, now)
    })
    .await?;
    let actor = permitted.administration.actor().as_str();
    note(&context.store, &issued, actor, None, now).await?;
    Ok((StatusCode::CREATED, axum::Json(issued)))
}
