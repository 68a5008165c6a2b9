//! Kind `OidcClient`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{RedirectUri, Span, WebUri, module::SigningAlgorithm};
use crate::secret::SecretSource;

/// A relying party that may ask this provider for tokens (OpenID Connect Registration 1.0,
/// section 2). `metadata.name` is its `client_id`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools)]
pub struct OidcClientSpec {
    /// The name people see on the sign-in and consent pages. `metadata.name`, unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub display_name: Option<String>,
    /// For whoever reads the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2_000))]
    pub description: Option<String>,
    /// A client that is off gets nothing: no code, no token, no refresh.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether the client can keep a secret (RFC 6749 2.1).
    #[serde(default)]
    pub client_type: ClientType,
    /// Whether it runs on a server or in a browser (`web`), or on a device (`native`).
    #[serde(default)]
    pub application_type: ApplicationType,

    /// How the client proves at the token endpoint who it is. `client_secret_basic` for a
    /// confidential client and `none` for a public one, unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<ClientAuthMethod>,
    /// The secret of a confidential client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<SecretSource>,
    /// The secret that was in use before, while the client's servers change over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_client_secret: Option<PreviousSecret>,
    /// The client's public keys, for `private_key_jwt` and signed request objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<JwkSetText>")]
    pub jwks: Option<Map<String, Value>>,
    /// Where the client publishes its keys, instead of `jwks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<WebUri>,
    /// The only algorithm taken for `private_key_jwt` and `client_secret_jwt`. Any, unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20))]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// The certificate of `tls_client_auth` (RFC 8705 2.1.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth: Option<TlsClientAuth>,

    /// Exact URIs the browser may be sent back to. `http` only on this machine, where the port may
    /// vary for IP literals (RFC 8252 7.3).
    #[serde(default)]
    pub redirect_uris: BTreeSet<RedirectUri>,
    /// Exact URIs the browser may be sent to after a logout.
    #[serde(default)]
    pub post_logout_redirect_uris: BTreeSet<RedirectUri>,
    /// Take `http` redirect URIs beyond this machine. Whoever shares the network can then read the
    /// code; meant for labs.
    #[serde(default)]
    pub allow_insecure_redirects: bool,
    /// Browser origins that may call the token and userinfo endpoints (CORS).
    #[serde(default)]
    pub allowed_origins: BTreeSet<WebUri>,

    /// The grants the client may use.
    #[serde(default = "authorization_code")]
    pub grant_types: BTreeSet<GrantType>,
    /// The response types the client may ask for.
    #[serde(default = "code")]
    pub response_types: BTreeSet<ResponseType>,
    /// The scopes the client may ask for.
    #[serde(default = "openid")]
    pub scopes: BTreeSet<Scope>,
    /// The resource servers it may ask tokens for (RFC 8707). Its tokens are for this provider
    /// alone, unless set.
    #[serde(default)]
    pub resources: BTreeSet<String>,
    /// Which tokens it may exchange for others, and for whom (RFC 8693). None, unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_exchange: Option<TokenExchange>,
    /// Demand PKCE with S256 (RFC 7636). Public clients always need it.
    #[serde(default = "yes")]
    pub require_pkce: bool,
    /// Take authorization requests only through the PAR endpoint (RFC 9126).
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// Take authorization requests only as signed objects (RFC 9101).
    #[serde(default)]
    pub require_signed_request_object: bool,
    /// The only algorithm taken for request objects. Any, unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20))]
    pub request_object_signing_alg: Option<String>,
    /// `explicit` asks the person what the client may see; `implicit` is for your own apps.
    #[serde(default)]
    pub consent: Consent,
    /// The oldest sign-in taken, unless the request says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<Span>,
    /// Always say in the ID token when the person signed in.
    #[serde(default)]
    pub require_auth_time: bool,
    /// The authentication contexts asked for, unless the request says otherwise.
    #[serde(default)]
    pub default_acr_values: Vec<String>,

    /// Whether access tokens are JWTs (RFC 9068) or opaque.
    #[serde(default)]
    pub access_token_format: AccessTokenFormat,
    /// Lifetime of access tokens. The provider's setting, unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_ttl: Option<Span>,
    /// Lifetime of ID tokens. The provider's setting, unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_ttl: Option<Span>,
    /// Lifetime of a refresh token from its last use. The provider's setting, unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token_ttl: Option<Span>,
    /// The algorithm that signs ID tokens and JWT access tokens. `Module jwt` must list it.
    #[serde(default)]
    pub id_token_signed_response_alg: SigningAlgorithm,
    /// Answer `/userinfo` as a JWT signed with this algorithm instead of JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<SigningAlgorithm>,
    /// The algorithm that signs authorization responses in a `*.jwt` response mode (JARM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_signed_response_alg: Option<SigningAlgorithm>,
    /// The algorithm that signs introspection responses (RFC 9701).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_signed_response_alg: Option<SigningAlgorithm>,
    /// Whether all clients see the same `sub` for a person (`public`) or each group of clients its
    /// own (`pairwise`).
    #[serde(default)]
    pub subject_type: SubjectIdentifierType,
    /// The JSON list of redirect URIs that share pairwise subjects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<WebUri>,
    /// Bind every access token to the client's DPoP key (RFC 9449 5.2).
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// Bind every access token to the client's TLS certificate (RFC 8705 3.4).
    #[serde(default)]
    pub tls_client_certificate_bound_access_tokens: bool,

    /// Where logout tokens are posted (OpenID Connect Back-Channel Logout 1.0).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<WebUri>,
    /// Put the session id into logout tokens.
    #[serde(default)]
    pub backchannel_logout_session_required: bool,
    /// The page loaded in a frame at logout (OpenID Connect Front-Channel Logout 1.0).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_uri: Option<WebUri>,
    /// Add the session id to that page's address.
    #[serde(default)]
    pub frontchannel_logout_session_required: bool,
    /// Where a sign-in that begins at the provider is sent (OpenID Connect Core 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<WebUri>,

    /// A picture for the sign-in and consent pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<WebUri>,
    /// The client's home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<WebUri>,
    /// What the client does with what it learns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<WebUri>,
    /// The client's terms of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<WebUri>,
    /// Who is responsible for the client: e-mail addresses.
    #[serde(default)]
    pub contacts: BTreeSet<String>,
}

fn yes() -> bool {
    true
}

fn authorization_code() -> BTreeSet<GrantType> {
    BTreeSet::from([GrantType::AuthorizationCode])
}

fn code() -> BTreeSet<ResponseType> {
    BTreeSet::from([ResponseType::Code])
}

fn openid() -> BTreeSet<Scope> {
    BTreeSet::from([Scope(String::from("openid"))])
}

impl OidcClientSpec {
    /// How the client authenticates, with the default for its type.
    pub fn auth_method(&self) -> ClientAuthMethod {
        self.token_endpoint_auth_method
            .unwrap_or(match self.client_type {
                ClientType::Confidential => ClientAuthMethod::ClientSecretBasic,
                ClientType::Public => ClientAuthMethod::None,
            })
    }

    /// Whether authorization requests must carry a code challenge (RFC 9700 2.1.1).
    pub fn needs_pkce(&self) -> bool {
        self.require_pkce || self.client_type == ClientType::Public
    }
}

/// Whether a client can keep a secret.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientType {
    /// Runs where its secret stays secret.
    #[default]
    Confidential,
    /// Runs in a browser or on a device.
    Public,
}

/// Where a client runs.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// On a server or in a browser.
    #[default]
    Web,
    /// On a device.
    Native,
}

/// How a client authenticates (OpenID Connect Core 9, RFC 8705).
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthMethod {
    /// Id and secret in the `Authorization` header.
    ClientSecretBasic,
    /// Id and secret in the form.
    ClientSecretPost,
    /// A JWT keyed with the secret.
    ClientSecretJwt,
    /// A JWT signed with the client's private key.
    PrivateKeyJwt,
    /// A certificate from a known authority.
    TlsClientAuth,
    /// The certificate itself is known.
    SelfSignedTlsClientAuth,
    /// Not at all: a public client.
    None,
}

impl ClientAuthMethod {
    /// The name in the registry.
    pub const fn name(self) -> &'static str {
        match self {
            ClientAuthMethod::ClientSecretBasic => "client_secret_basic",
            ClientAuthMethod::ClientSecretPost => "client_secret_post",
            ClientAuthMethod::ClientSecretJwt => "client_secret_jwt",
            ClientAuthMethod::PrivateKeyJwt => "private_key_jwt",
            ClientAuthMethod::TlsClientAuth => "tls_client_auth",
            ClientAuthMethod::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            ClientAuthMethod::None => "none",
        }
    }

    /// Whether it needs `clientSecret`.
    pub const fn uses_secret(self) -> bool {
        matches!(
            self,
            ClientAuthMethod::ClientSecretBasic
                | ClientAuthMethod::ClientSecretPost
                | ClientAuthMethod::ClientSecretJwt
        )
    }
}

/// A secret on its way out.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreviousSecret {
    /// The old secret.
    pub secret: SecretSource,
    /// From when on it is refused.
    #[schemars(with = "String")]
    pub expires_at: Timestamp,
}

/// The certificate that `tls_client_auth` expects: exactly one of these (RFC 8705 2.1.2).
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TlsClientAuth {
    /// The subject's distinguished name, as RFC 4514 writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_dn: Option<String>,
    /// A DNS name among the alternative names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub san_dns: Option<String>,
    /// A URI among the alternative names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub san_uri: Option<String>,
    /// An IP address among the alternative names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub san_ip: Option<String>,
    /// An e-mail address among the alternative names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub san_email: Option<String>,
}

impl TlsClientAuth {
    /// How many of the fields are set.
    pub fn count(&self) -> usize {
        [
            &self.subject_dn,
            &self.san_dns,
            &self.san_uri,
            &self.san_ip,
            &self.san_email,
        ]
        .into_iter()
        .flatten()
        .count()
    }
}

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
    /// Whether tokens leave the authorization endpoint, which needs the grant `implicit`.
    pub const fn is_implicit(self) -> bool {
        !matches!(self, ResponseType::Code | ResponseType::None)
    }
}

/// A scope token (RFC 6749 3.3).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Scope(String);

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

/// Whether people are asked what a client may see.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// They are asked once per set of scopes.
    #[default]
    Explicit,
    /// They are not asked: a first-party client.
    Implicit,
}

/// The form of access tokens.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// A signed JWT (RFC 9068).
    #[default]
    Jwt,
    /// A random string, known to this provider alone.
    Opaque,
}

/// Whether subjects are the same for all clients (OpenID Connect Core 8).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectIdentifierType {
    /// The same for all.
    #[default]
    Public,
    /// One per sector.
    Pairwise,
}

/// Only describes a JWK Set for the schema.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct JwkSetText {
    /// The keys (RFC 7517 5). Public ones only.
    keys: Vec<Map<String, Value>>,
}
