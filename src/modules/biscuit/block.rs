//! Blocks, made of what was said.

use biscuit_auth::{Biscuit, BiscuitBuilder, BlockBuilder, UnverifiedBiscuit};

use super::{
    datalog::{Block, Parsed},
    problem::Refused,
    token::{self, TokenError},
};
use crate::crypto::RootKey;

/// A token of one block, signed by the root key.
pub(super) fn issue(
    said: &Parsed,
    context: Option<&str>,
    root: &RootKey,
) -> Result<Vec<u8>, Refused> {
    let mut builder = BiscuitBuilder::new()
        .merge(builder(said, context)?)
        .root_key_id(root.id());
    if let Some(context) = context {
        builder = builder.context(context.to_owned());
    }
    let token = builder.build(root.pair()).map_err(|_| Refused::Library)?;
    token.to_vec().map_err(|_| Refused::Library)
}

/// The token with one more block. Nobody's key is needed, and so it is for the caller to know that the
/// token is genuine.
pub(super) fn attenuate(
    bytes: &[u8],
    said: &Parsed,
    context: Option<&str>,
) -> Result<Vec<u8>, Refused> {
    let token = unsealed(bytes)?;
    let longer = token.append(builder(said, context)?);
    longer
        .and_then(|token| token.to_vec())
        .map_err(|_| Refused::Library)
}

/// The token, to which nothing can be added any more.
pub(super) fn seal(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    let sealed = unsealed(bytes)?.seal();
    sealed
        .and_then(|token| token.to_vec())
        .map_err(|_| Refused::Library)
}

/// What a third party needs to sign a block for the token.
pub(super) fn third_party_request(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    let request = unsealed(bytes)?.third_party_request();
    request
        .and_then(|request| request.serialize())
        .map_err(|_| Refused::Library)
}

fn unsealed(bytes: &[u8]) -> Result<UnverifiedBiscuit, Refused> {
    let contents = token::read(bytes)?;
    if contents.is_sealed {
        return Err(TokenError::Sealed.into());
    }
    UnverifiedBiscuit::from(bytes).map_err(|_| TokenError::NotAToken.into())
}

/// The library's builder. What it would panic at does not compile, and so does not come to it.
fn builder(said: &Parsed, context: Option<&str>) -> Result<BlockBuilder, Refused> {
    Block::compile(&said.facts, &said.rules, &said.checks, &said.scopes, None)
        .map_err(|why| Refused::Program(why.to_string()))?;
    let mut builder = BlockBuilder::new();
    let failed = |_| Refused::Program(String::from("what is said does not fit into a block"));
    for fact in &said.facts {
        builder = builder.fact(fact.clone()).map_err(failed)?;
    }
    for rule in &said.rules {
        builder = builder.rule(rule.clone()).map_err(failed)?;
    }
    for check in &said.checks {
        builder = builder.check(check.clone()).map_err(failed)?;
    }
    for scope in &said.scopes {
        builder = builder.scope(scope.clone());
    }
    if let Some(context) = context {
        builder = builder.context(context.to_owned());
    }
    Ok(builder)
}

/// Whether the library itself takes the token, with all that was added to it.
pub(super) fn is_genuine(bytes: &[u8], key: biscuit_auth::PublicKey) -> bool {
    Biscuit::from(bytes, |_: Option<u32>| Ok(key)).is_ok()
}

/// The token with a block that somebody else has signed. Whether they have is for the caller to look at.
pub(super) fn append_third_party(bytes: &[u8], block: &[u8]) -> Result<Vec<u8>, Refused> {
    let longer = unsealed(bytes)?.append_third_party(block);
    longer
        .and_then(|token| token.to_vec())
        .map_err(|_| Refused::Library)
}
