//! Kind `OidcClient`.

mod authentication;
mod grants;
mod registration;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::{
    authentication::{ClientAuthMethod, PreviousSecret, TlsClientAuth},
    grants::{GrantType, NotAScope, ResponseType, Scope, TokenExchange},
    registration::ClientRegistration,
};
use super::{RedirectUri, SigningAlgorithm, Span, WebUri};
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
    /// The resource servers it may ask tokens for (RFC 8707), each by its absolute URI. Its tokens
    /// are for this provider alone, unless a request names others.
    #[serde(default)]
    pub resources: BTreeSet<String>,
    /// The resources that it serves: it may introspect the tokens that are for them.
    #[serde(default)]
    pub serves_resources: BTreeSet<String>,
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
    /// Take only people who have proved themselves with two factors
    /// (`urn:assay:acr:multi-factor`), whatever the request says.
    #[serde(default)]
    pub require_second_factor: bool,

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
    /// Its host is the sector that shares pairwise subjects. That of the redirect URIs, unless set.
    /// Not fetched: this manifest says who belongs together.
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

    /// The algorithms with which the provider is to sign for the client, each with its field.
    pub fn signing_algorithms(&self) -> impl Iterator<Item = (&'static str, SigningAlgorithm)> {
        [
            (
                "idTokenSignedResponseAlg",
                Some(self.id_token_signed_response_alg),
            ),
            (
                "userinfoSignedResponseAlg",
                self.userinfo_signed_response_alg,
            ),
            (
                "authorizationSignedResponseAlg",
                self.authorization_signed_response_alg,
            ),
            (
                "introspectionSignedResponseAlg",
                self.introspection_signed_response_alg,
            ),
        ]
        .into_iter()
        .filter_map(|(field, algorithm)| Some((field, algorithm?)))
    }

    /// The hosts beyond this machine that the client's redirect URIs are on.
    pub fn sites(&self) -> BTreeSet<String> {
        let uris = self.redirect_uris.iter();
        uris.filter_map(RedirectUri::site).collect()
    }

    /// The host whose clients share pairwise subjects (OpenID Connect Core 8.1), if there is one.
    pub fn sector(&self) -> Option<String> {
        if let Some(uri) = &self.sector_identifier_uri {
            return uri.host();
        }
        let mut sites = self.sites();
        let first = sites.pop_first();
        first.filter(|_| sites.is_empty())
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
