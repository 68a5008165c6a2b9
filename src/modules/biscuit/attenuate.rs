//! `POST /auth/biscuit/attenuate`, `/seal` and `/third-party/...`: what whoever holds a token can do with
//! it anywhere, for those who would rather not bring a library. Only tokens of ours are taken, so that
//! nobody has theirs finished here.

use std::time::Duration;

use axum::extract::State;
use biscuit_auth::{
    PublicKey,
    format::{convert::proto_block_to_token_block, schema},
};
use prost::Message as _;
use serde::{Deserialize, Serialize};

use super::{
    block,
    datalog::Parameters,
    issue::IssueRequest,
    problem::Refused,
    request::{Desk, Json, SHORT_TOKEN, aside, living},
    revoked::RevocationId,
    said::{self, Statements},
    token::{self, TokenError},
};
use crate::{
    clock::UnixMillis,
    modules::{Context, Problem},
};

/// A token, and what one more block of it is to say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttenuateRequest {
    token: String,
    #[serde(default)]
    facts: Vec<String>,
    #[serde(default)]
    rules: Vec<String>,
    #[serde(default)]
    checks: Vec<String>,
    #[serde(default)]
    parameters: Parameters,
    /// Seconds that it lives at most.
    #[serde(default)]
    expires_in: Option<u32>,
    #[serde(default)]
    context: Option<String>,
}

/// A token that was made of another.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Changed {
    token: String,
    revocation_ids: Vec<String>,
}

/// A token alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    token: String,
}

/// What a third party is to be sent.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ThirdPartyRequest {
    request: String,
}

/// A block that a third party has signed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppendRequest {
    token: String,
    /// What the third party answered, in base64url.
    block: String,
}

fn changed(desk: &Desk, bytes: &[u8]) -> Result<Changed, Refused> {
    let token = token::encode(bytes);
    let longest = desk.snapshot.biscuit_settings().max_token_bytes as usize;
    if token.len() > longest {
        return Err(TokenError::TooLong(longest).into());
    }
    let contents = token::read(bytes)?;
    let ids = contents.revocation_ids().map(RevocationId::of);
    Ok(Changed {
        token,
        revocation_ids: ids.map(|id| id.as_str().to_owned()).collect(),
    })
}

pub(super) async fn attenuate(
    State(context): State<Context>,
    Json(request): Json<AttenuateRequest>,
) -> Result<axum::Json<Changed>, Problem> {
    let desk = Desk::from(&context);
    let is_short = request.token.len() <= SHORT_TOKEN;
    let changed = aside(&desk, is_short, move |desk| {
        let opened = living(desk, &request.token)?;
        let statements = Statements {
            facts: request.facts,
            rules: request.rules,
            checks: request.checks,
            parameters: request.parameters,
        };
        let mut said = statements.parse()?;
        if request.expires_in.is_some() {
            let longest = desk.snapshot.biscuit_settings().max_token_ttl.duration();
            let ends_at = said::ends_at(request.expires_in, longest, longest, desk.now)?;
            said.checks.extend(said::expiry(ends_at)?.checks);
        }
        let bytes = block::attenuate(&opened.bytes, &said, request.context.as_deref())?;
        changed(desk, &bytes)
    });
    Ok(axum::Json(changed.await?))
}

pub(super) async fn seal(
    State(context): State<Context>,
    Json(request): Json<Shown>,
) -> Result<axum::Json<Changed>, Problem> {
    let desk = Desk::from(&context);
    let is_short = request.token.len() <= SHORT_TOKEN;
    let changed = aside(&desk, is_short, move |desk| {
        let opened = living(desk, &request.token)?;
        changed(desk, &block::seal(&opened.bytes)?)
    });
    Ok(axum::Json(changed.await?))
}

pub(super) async fn third_party_request(
    State(context): State<Context>,
    Json(request): Json<Shown>,
) -> Result<axum::Json<ThirdPartyRequest>, Problem> {
    let desk = Desk::from(&context);
    let is_short = request.token.len() <= SHORT_TOKEN;
    let request = aside(&desk, is_short, move |desk| {
        let opened = living(desk, &request.token)?;
        Ok(token::encode(&block::third_party_request(&opened.bytes)?))
    });
    let request = request.await?;
    Ok(axum::Json(ThirdPartyRequest { request }))
}

pub(super) async fn append_third_party(
    State(context): State<Context>,
    Json(request): Json<AppendRequest>,
) -> Result<axum::Json<Changed>, Problem> {
    let desk = Desk::from(&context);
    let is_short = request.token.len() + request.block.len() <= SHORT_TOKEN;
    let changed = aside(&desk, is_short, move |desk| {
        let opened = living(desk, &request.token)?;
        let key = desk.snapshot.root_keys().get(opened.root_key_id);
        let key = key.ok_or(TokenError::UnknownRootKey)?.public;
        changed(desk, &appended(&opened.bytes, &request.block, key)?)
    });
    Ok(axum::Json(changed.await?))
}

/// The token with a third party's block, whose signature holds.
fn appended(bytes: &[u8], block: &str, root_key: PublicKey) -> Result<Vec<u8>, Refused> {
    let wrong = || Refused::Request("block: no block that a third party has signed".into());
    let block = token::decode(block, usize::MAX).map_err(|_| wrong())?;
    // The library takes a block that it cannot read for a reason to panic.
    let contents = schema::ThirdPartyBlockContents::decode(&block[..]).map_err(|_| wrong())?;
    let inner = schema::Block::decode(&contents.payload[..]).map_err(|_| wrong())?;
    let key =
        PublicKey::from_proto(&contents.external_signature.public_key).map_err(|_| wrong())?;
    proto_block_to_token_block(&inner, Some(key)).map_err(|_| wrong())?;
    let longer = block::append_third_party(bytes, &block)?;
    // Nor does it look at the third party's signature when it appends.
    if !block::is_genuine(&longer, root_key) {
        return Err(Refused::Request(
            "block: it was signed for another token, or not by the key that it names".into(),
        ));
    }
    token::read(&longer)?.compile()?;
    Ok(longer)
}

/// The token with one more block, without any key. Whether it is genuine is not known.
pub fn attenuated_offline(
    token: &str,
    request: &IssueRequest,
    now: UnixMillis,
) -> Result<String, AttenuateError> {
    let attenuated = || {
        let bytes = token::decode(token, usize::MAX)?;
        let mut said = request.statements().parse()?;
        if let Some(seconds) = request.expires_in {
            let life = Duration::from_secs(seconds.into());
            let ends_at = said::ends_at(Some(seconds), life, Duration::MAX, now)?;
            said.checks.extend(said::expiry(ends_at)?.checks);
        }
        let bytes = block::attenuate(&bytes, &said, request.context.as_deref())?;
        Ok(token::encode(&bytes))
    };
    attenuated().map_err(|refused: Refused| AttenuateError(refused.to_string()))
}

/// Nothing can be added to the token.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct AttenuateError(String);
