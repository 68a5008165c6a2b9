//! `POST /auth/biscuit/inspect`: what a token says, whoever signed it.

use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::{
    datalog::{escaped, shown_check, shown_fact, shown_rule, shown_scopes},
    problem::Refused,
    request::{Desk, Json, SHORT_TOKEN, aside},
    revoked::{RevocationId, mark},
    token::{self, TokenError},
};
use crate::modules::{Context, Problem};

/// A token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InspectRequest {
    token: String,
}

/// What a token says.
#[derive(Clone, Debug, Serialize)]
pub struct Inspected {
    /// Which root key is said to have signed it.
    pub root_key_id: Option<u32>,
    /// Whether nothing can be added to it.
    pub sealed: bool,
    /// Whether its signatures hold, and begin with a root key of ours; unknown without keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// Block by block.
    pub blocks: Vec<InspectedBlock>,
}

/// What a block says.
#[derive(Clone, Debug, Serialize)]
pub struct InspectedBlock {
    /// By which it is revoked.
    pub revocation_id: String,
    /// Whether it was; unknown without the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<bool>,
    /// The key of the third party that signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_key: Option<String>,
    /// Text that means nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Whom the whole block trusts, if it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusting: Option<String>,
    /// What it says to hold.
    pub facts: Vec<String>,
    /// What follows.
    pub rules: Vec<String>,
    /// What must hold.
    pub checks: Vec<String>,
}

/// What the token says. Whether that is to be believed is another question.
pub fn inspected(text: &str, longest: usize) -> Result<Inspected, TokenError> {
    let bytes = token::decode(text, longest)?;
    let contents = token::read(&bytes)?;
    let blocks = contents.blocks.iter().map(|block| InspectedBlock {
        revocation_id: RevocationId::of(&block.revocation_id).as_str().to_owned(),
        revoked: None,
        external_key: block.external_key.map(|key| key.to_string()),
        context: block.context.as_deref().map(escaped),
        trusting: (!block.scopes.is_empty()).then(|| shown_scopes(&block.scopes)),
        facts: block.facts.iter().map(shown_fact).collect(),
        rules: block.rules.iter().map(shown_rule).collect(),
        checks: block.checks.iter().map(shown_check).collect(),
    });
    Ok(Inspected {
        root_key_id: contents.root_key_id,
        sealed: contents.is_sealed,
        verified: None,
        blocks: blocks.collect(),
    })
}

fn with_keys(desk: &Desk, text: &str) -> Result<Inspected, Refused> {
    let longest = desk.snapshot.biscuit_settings().max_token_bytes as usize;
    let mut inspected = inspected(text, longest)?;
    let bytes = token::decode(text, longest)?;
    let keys = desk.snapshot.root_keys();
    let verified = token::check_signatures(&bytes, |id| Some(keys.get(id)?.public));
    inspected.verified = Some(verified.is_ok());
    let contents = token::read(&bytes)?;
    for (block, id) in inspected.blocks.iter_mut().zip(contents.revocation_ids()) {
        block.revoked = Some(desk.biscuits.revoked.any(&[mark(id)]));
    }
    Ok(inspected)
}

pub(super) async fn inspect(
    State(context): State<Context>,
    Json(request): Json<InspectRequest>,
) -> Result<axum::Json<Inspected>, Problem> {
    let is_short = request.token.len() <= SHORT_TOKEN;
    let work = move |desk: &Desk| with_keys(desk, &request.token);
    Ok(axum::Json(
        aside(&Desk::from(&context), is_short, work).await?,
    ))
}
