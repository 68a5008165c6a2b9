use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::Span;

/// Settings of `biscuit`: capability tokens (Biscuit 3.3).
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BiscuitSettings {
    /// How long a token lives if whoever asks for it says nothing.
    pub token_ttl: Span,
    /// How long a token may live. A root key that was rotated out goes on verifying for as long as this.
    pub max_token_ttl: Span,
    /// How many bytes a token may have in base64url.
    pub max_token_bytes: u32,
    /// How many facts one verification may know, given and derived.
    pub max_facts: u32,
    /// How often one verification may apply all rules.
    pub max_iterations: u32,
    /// How long one verification may take. A token that needs longer is not taken.
    pub max_milliseconds: u32,
    /// What people may have put into tokens for themselves. Nothing, unless listed. They show an access
    /// token with the scope `biscuit`, or a client exchanges theirs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<BiscuitGrant>,
}

/// What some people may have put into tokens for themselves.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BiscuitGrant {
    /// Everybody.
    #[serde(default)]
    pub anyone: bool,
    /// Those in any of these groups, by name.
    #[serde(default)]
    pub groups: BTreeSet<String>,
    /// What a token may say of them, as in `user({user})`. `{user}` is the person's id, `{email}` the
    /// address if it is verified, `{group}` each of the groups they are in.
    pub facts: BTreeSet<String>,
    /// How long such a token lives at most: `maxTokenTtl`, unless shorter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ttl: Option<Span>,
}

impl Default for BiscuitSettings {
    fn default() -> Self {
        Self {
            token_ttl: Span::hours(1),
            max_token_ttl: Span::days(30),
            max_token_bytes: 16_384,
            max_facts: 1_000,
            max_iterations: 100,
            max_milliseconds: 20,
            grants: Vec::new(),
        }
    }
}
