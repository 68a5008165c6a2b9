//! A token as it comes: read, its signatures checked, its blocks compiled.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use biscuit_auth::{
    PublicKey,
    builder::{Check, Convert, Fact, Rule, Scope},
    datalog::SymbolTable,
    error::Format,
    format::{
        SerializedBiscuit,
        convert::proto_block_to_token_block,
        schema::{self, proof::Content},
    },
};
use prost::Message as _;

use super::datalog::{Block, MAX_BLOCKS};

/// URL-safe Base64, with or without padding: libraries write it, URLs do without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What some libraries write before a token.
const PREFIX: &str = "biscuit:";

/// What is shown is no token of ours. None of these says anything of what was shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than may be.
    #[error("the token is longer than {0} bytes")]
    TooLong(usize),
    /// No biscuit.
    #[error("this is not a biscuit in base64url")]
    NotAToken,
    /// More blocks than may be.
    #[error("the token has more than {MAX_BLOCKS} blocks")]
    TooManyBlocks,
    /// None of our keys.
    #[error("no root key of ours has signed this token, or it was withdrawn")]
    UnknownRootKey,
    /// A signature that does not hold.
    #[error("a signature of the token does not hold")]
    Signature,
    /// A block that says what nobody understands.
    #[error("block {block} of the token cannot be understood")]
    Block {
        /// Which.
        block: usize,
    },
    /// A block that says what cannot be evaluated.
    #[error("block {block} of the token cannot be evaluated: {why}")]
    Program {
        /// Which.
        block: usize,
        /// Why.
        why: String,
    },
    /// A sealed token, where one that can be attenuated is needed.
    #[error("the token is sealed: nothing can be added to it")]
    Sealed,
}

/// The bytes of a token.
pub(super) fn decode(text: &str, longest: usize) -> Result<Vec<u8>, TokenError> {
    let text = text.trim();
    let text = text.strip_prefix(PREFIX).unwrap_or(text);
    if text.len() > longest {
        return Err(TokenError::TooLong(longest));
    }
    BASE64.decode(text).map_err(|_| TokenError::NotAToken)
}

/// A token, or a part of one, as text.
pub(super) fn encode(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Checks every signature of the token with the root key that it names, and no other.
pub(super) fn check_signatures(
    bytes: &[u8],
    root_key: impl Fn(u32) -> Option<PublicKey>,
) -> Result<(), TokenError> {
    let choose = |id: Option<u32>| id.and_then(&root_key).ok_or(Format::UnknownPublicKey);
    SerializedBiscuit::from_slice(bytes, choose)
        .map(drop)
        .map_err(|error| match error {
            Format::UnknownPublicKey => TokenError::UnknownRootKey,
            Format::DeserializationError(_) => TokenError::NotAToken,
            _ => TokenError::Signature,
        })
}

/// What a token says, whoever signed it.
#[derive(Clone, Debug)]
pub(super) struct Contents {
    /// Which root key is said to have signed it.
    pub(super) root_key_id: Option<u32>,
    /// Whether nothing can be added.
    pub(super) is_sealed: bool,
    /// Block by block.
    pub(super) blocks: Vec<Written>,
}

/// What one block says.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) facts: Vec<Fact>,
    pub(super) rules: Vec<Rule>,
    pub(super) checks: Vec<Check>,
    pub(super) scopes: Vec<Scope>,
    pub(super) context: Option<String>,
    /// The third party that signed it.
    pub(super) external_key: Option<PublicKey>,
    /// Its signature, by which it is revoked.
    pub(super) revocation_id: Vec<u8>,
}

/// Reads a token without looking at its signatures.
pub(super) fn read(bytes: &[u8]) -> Result<Contents, TokenError> {
    let token = schema::Biscuit::decode(bytes).map_err(|_| TokenError::NotAToken)?;
    if token.blocks.len() >= MAX_BLOCKS {
        return Err(TokenError::TooManyBlocks);
    }
    let signed: Vec<&schema::SignedBlock> = std::iter::once(&token.authority)
        .chain(&token.blocks)
        .collect();
    // Blocks share their texts; a third party, who does not see the others, has its own.
    let mut shared = SymbolTable::new();
    let mut decoded = Vec::with_capacity(signed.len());
    for (block, signed) in signed.iter().enumerate() {
        let unclear = |_| TokenError::Block { block };
        decoded.push(decode_block(signed, &mut shared).map_err(unclear)?);
    }
    let blocks = signed.iter().zip(&decoded).enumerate();
    let blocks = blocks.map(|(block, (signed, (proto, external_key)))| {
        let mut written =
            written(proto, *external_key, &shared).map_err(|_| TokenError::Block { block })?;
        written.revocation_id.clone_from(&signed.signature);
        Ok(written)
    });
    Ok(Contents {
        root_key_id: token.root_key_id,
        is_sealed: !matches!(token.proof.content, Some(Content::NextSecret(_))),
        blocks: blocks.collect::<Result<_, _>>()?,
    })
}

/// The block and the third party that signed it. What its indices stand for goes to the others'.
fn decode_block(
    signed: &schema::SignedBlock,
    shared: &mut SymbolTable,
) -> Result<(schema::Block, Option<PublicKey>), Format> {
    let block = schema::Block::decode(&signed.block[..])
        .map_err(|_| Format::BlockDeserializationError(String::new()))?;
    if let Some(signature) = &signed.external_signature {
        let key = PublicKey::from_proto(&signature.public_key)?;
        return Ok((block, Some(key)));
    }
    let keys: Result<_, _> = block
        .public_keys
        .iter()
        .map(PublicKey::from_proto)
        .collect();
    let own = SymbolTable::from_symbols_and_public_keys(block.symbols.clone(), keys?)?;
    shared.extend(&own)?;
    Ok((block, None))
}

fn written(
    block: &schema::Block,
    external_key: Option<PublicKey>,
    shared: &SymbolTable,
) -> Result<Written, Format> {
    let parsed = proto_block_to_token_block(block, external_key)?;
    let symbols = if external_key.is_some() {
        &parsed.symbols
    } else {
        shared
    };
    let facts = parsed
        .facts
        .iter()
        .map(|fact| Fact::convert_from(fact, symbols));
    let rules = parsed
        .rules
        .iter()
        .map(|rule| Rule::convert_from(rule, symbols));
    let checks = parsed
        .checks
        .iter()
        .map(|check| Check::convert_from(check, symbols));
    let scopes = parsed
        .scopes
        .iter()
        .map(|scope| Scope::convert_from(scope, symbols));
    Ok(Written {
        facts: facts.collect::<Result<_, _>>()?,
        rules: rules.collect::<Result<_, _>>()?,
        checks: checks.collect::<Result<_, _>>()?,
        scopes: scopes.collect::<Result<_, _>>()?,
        context: parsed.context,
        external_key,
        revocation_id: Vec::new(),
    })
}

impl Contents {
    /// Compiles every block.
    pub(super) fn compile(&self) -> Result<Vec<Block>, TokenError> {
        let compiled = self.blocks.iter().enumerate().map(|(number, block)| {
            Block::compile(
                &block.facts,
                &block.rules,
                &block.checks,
                &block.scopes,
                block.external_key,
            )
            .map_err(|why| TokenError::Program {
                block: number,
                why: why.to_string(),
            })
        });
        compiled.collect()
    }

    /// The revocation ids, block by block.
    pub(super) fn revocation_ids(&self) -> impl Iterator<Item = &[u8]> {
        self.blocks
            .iter()
            .map(|block| block.revocation_id.as_slice())
    }
}
