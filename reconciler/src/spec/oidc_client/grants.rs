//! What a client may ask for: grants, response types, scopes, other tokens.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a client may exchange tokens for. The scopes of a token only ever become fewer: those of the
/// token shown that are also among the client's own `scopes`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenExchange {
    /// The clients whose tokens of people it may exchange, by name.
    #[schemars(length(min = 1))]
    pub subjects: BTreeSet<String>,
    /// Whom the new tokens may be for, as `audience` or `resource` asks. The issuer's own URL allows
    /// `/userinfo`.
    #[schemars(length(min = 1))]
    pub audiences: BTreeSet<String>,
    /// Give tokens that do not say who acts for the person. Otherwise the client must show an
    /// `actor_token`, and the new token names the actor in `act`.
    #[serde(default)]
    pub impersonation: bool,
    /// Give biscuits too (`requested_token_type=urn:assay:token-type:biscuit`), which say of the person
    /// what `grants` of module `biscuit` do.
    #[serde(default, skip_serializing_if = "is_false")]
    pub biscuits: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// A grant (RFC 6749, 8628, 8693).
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
pub enum GrantType {
    /// A code, redeemed for tokens.
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    /// A refresh token.
    #[serde(rename = "refresh_token")]
    RefreshToken,
    /// The client on its own behalf.
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// Tokens straight from the authorization endpoint. Not recommended (RFC 9700 2.1.2).
    #[serde(rename = "implicit")]
    Implicit,
    /// A device without a browser.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// One token for another.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
}

impl GrantType {
    /// The name in the registry.
    pub const fn name(self) -> &'static str {
        match self {
            GrantType::AuthorizationCode => "authorization_code",
            GrantType::RefreshToken => "refresh_token",
            GrantType::ClientCredentials => "client_credentials",
            GrantType::Implicit => "implicit",
            GrantType::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            GrantType::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
        }
    }
}

/// A response type (OAuth 2.0 Multiple Response Type Encoding Practices).
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
pub enum ResponseType {
    /// A code.
    #[serde(rename = "code")]
    Code,
    /// A code and an ID token.
    #[serde(rename = "code id_token")]
    CodeIdToken,
    /// A code and an access token.
    #[serde(rename = "code token")]
    CodeToken,
    /// All three.
    #[serde(rename = "code id_token token")]
    CodeIdTokenToken,
    /// An ID token.
    #[serde(rename = "id_token")]
    IdToken,
    /// An ID token and an access token.
    #[serde(rename = "id_token token")]
    IdTokenToken,
    /// An access token.
    #[serde(rename = "token")]
    Token,
    /// Nothing but the fact.
    #[serde(rename = "none")]
    None,
}

impl ResponseType {
    /// The name in the registry.
    pub const fn name(self) -> &'static str {
        match self {
            ResponseType::Code => "code",
            ResponseType::CodeIdToken => "code id_token",
            ResponseType::CodeToken => "code token",
            ResponseType::CodeIdTokenToken => "code id_token token",
            ResponseType::IdToken => "id_token",
            ResponseType::IdTokenToken => "id_token token",
            ResponseType::Token => "token",
            ResponseType::None => "none",
        }
    }

    /// Whether the answer holds a code.
    pub const fn gives_code(self) -> bool {
        matches!(
            self,
            ResponseType::Code
                | ResponseType::CodeIdToken
                | ResponseType::CodeToken
                | ResponseType::CodeIdTokenToken
        )
    }

    /// Whether the answer holds an ID token.
    pub const fn gives_id_token(self) -> bool {
        matches!(
            self,
            ResponseType::CodeIdToken
                | ResponseType::CodeIdTokenToken
                | ResponseType::IdToken
                | ResponseType::IdTokenToken
        )
    }

    /// Whether the answer holds an access token.
    pub const fn gives_token(self) -> bool {
        matches!(
            self,
            ResponseType::CodeToken
                | ResponseType::CodeIdTokenToken
                | ResponseType::IdTokenToken
                | ResponseType::Token
        )
    }

    /// Whether tokens leave the authorization endpoint, which needs the grant `implicit`.
    pub const fn is_implicit(self) -> bool {
        self.gives_id_token() || self.gives_token()
    }
}

/// A scope token (RFC 6749 3.3).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Scope(pub(super) String);

impl Scope {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Scope {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The text is no scope token.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is not a scope: one word of printable ASCII without blanks, quotes or backslashes (RFC 6749 3.3)"
)]
pub struct NotAScope(String);

impl std::str::FromStr for Scope {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let is_scope_char = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if !text.is_empty() && text.len() <= 200 && text.bytes().all(is_scope_char) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAScope(text.to_owned()))
        }
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Scope {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scope".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[!#-\\[\\]-~]+$",
            "maxLength": 200,
            "description": "A scope, as in `openid`, `profile`, `email`, `offline_access`."
        })
    }
}
