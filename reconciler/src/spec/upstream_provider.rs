//! Kind `UpstreamProvider`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    WebUri,
    oidc_client::{ClientAuthMethod, Scope},
};
use crate::secret::SecretSource;

/// An identity provider that people may sign in with.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools)]
pub struct UpstreamProviderSpec {
    /// The name on the sign-in button. `metadata.name`, unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub display_name: Option<String>,
    /// Whether people may sign in with it.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The issuer, exactly as its ID tokens and its discovery document say it.
    pub issuer: WebUri,
    /// Our `client_id` there.
    #[schemars(length(min = 1, max = 500))]
    pub client_id: String,
    /// Our secret there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<SecretSource>,
    /// The secret as a JWT that we sign anew each time (Sign in with Apple).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_client_secret: Option<SignedClientSecret>,
    /// How we authenticate there. `client_secret_basic` with `clientSecret`, `client_secret_post` with
    /// `signedClientSecret` and `none` without either, unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<ClientAuthMethod>,
    /// What we ask for.
    #[serde(default = "openid_email_profile")]
    pub scopes: BTreeSet<Scope>,
    /// The discovery document. `/.well-known/openid-configuration` under the issuer, unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<WebUri>,
    /// Endpoints of a provider without a discovery document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<UpstreamEndpoints>,
    /// How the answer comes back. `form_post` for Apple, which sends name and address no other way.
    #[serde(default)]
    pub response_mode: UpstreamResponseMode,
    /// Parameters added to every authorization request, as in `hd: example.com`.
    #[serde(default)]
    pub authorization_parameters: BTreeMap<String, String>,
    /// Which claims become which attributes of a person.
    #[serde(default)]
    pub claims: ClaimMapping,
    /// Whether each sign-in brings the attributes up to date. The first one fills them in any case.
    #[serde(default)]
    pub update_attributes: bool,
    /// Claims that must be there with exactly this value, or as a list with it.
    #[serde(default)]
    pub required_claims: BTreeMap<String, Value>,
    /// E-mail domains that may sign in, with an address that is verified there. All, unless set.
    #[serde(default)]
    pub allowed_domains: BTreeSet<String>,
    /// Whether a first sign-in makes an account.
    #[serde(default = "yes")]
    pub sign_up: bool,
    /// When an upstream identity joins an account that exists.
    #[serde(default)]
    pub linking: LinkingPolicy,
    /// Whether its word that an e-mail address is verified is taken.
    #[serde(default)]
    pub trust_email: bool,
    /// What an ID token says when the provider has asked for two factors. Never believed, unless set.
    #[serde(default, skip_serializing_if = "MultiFactorSigns::is_empty")]
    pub multi_factor: MultiFactorSigns,
    /// Whether its tokens are kept, encrypted, for as long as the account is linked.
    #[serde(default)]
    pub keep_tokens: bool,
}

/// What stands in an issuer in the place of the tenant's id, where each tenant has its own.
pub const TENANT: &str = "{tenantid}";

impl UpstreamProviderSpec {
    /// How we authenticate there.
    pub fn auth_method(&self) -> ClientAuthMethod {
        self.token_endpoint_auth_method
            .unwrap_or(if self.signed_client_secret.is_some() {
                ClientAuthMethod::ClientSecretPost
            } else if self.client_secret.is_some() {
                ClientAuthMethod::ClientSecretBasic
            } else {
                ClientAuthMethod::None
            })
    }

    /// Whether each tenant is an issuer of its own (Microsoft).
    pub fn has_tenants(&self) -> bool {
        self.issuer.as_str().contains(TENANT)
    }

    /// The secrets in it, each with the JSON pointer within `spec`.
    pub fn secrets_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut SecretSource)> {
        let secret = self.client_secret.as_mut().map(|s| ("/clientSecret", s));
        let signed = self.signed_client_secret.as_mut();
        let key = signed.map(|signed| (SIGNED_SECRET_KEY, &mut signed.key));
        secret.into_iter().chain(key)
    }
}

/// Where the key of a signed client secret stands in `spec`.
pub const SIGNED_SECRET_KEY: &str = "/signedClientSecret/key";

/// A client secret that is a JWT signed with a key of ours.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedClientSecret {
    /// Who signs: `iss` of the JWT. At Apple the team's id.
    #[schemars(length(min = 1, max = 200))]
    pub issuer: String,
    /// Which key: `kid` of the JWT.
    #[schemars(length(min = 1, max = 200))]
    pub key_id: String,
    /// The private key for ES256, as PKCS#8 in PEM: the `.p8` file.
    pub key: SecretSource,
}

/// How an upstream sends its answer.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamResponseMode {
    /// In the address.
    #[default]
    Query,
    /// As a form that the browser sends on.
    FormPost,
}

/// Values of claims that tell of two factors.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MultiFactorSigns {
    /// Values of `acr`.
    pub acr: BTreeSet<String>,
    /// Values of which `amr` has one, as in `mfa`.
    pub amr: BTreeSet<String>,
}

impl MultiFactorSigns {
    /// Whether nothing is taken for a sign.
    pub fn is_empty(&self) -> bool {
        self.acr.is_empty() && self.amr.is_empty()
    }
}

fn yes() -> bool {
    true
}

fn openid_email_profile() -> BTreeSet<Scope> {
    ["openid", "email", "profile"]
        .into_iter()
        .filter_map(|scope| scope.parse().ok())
        .collect()
}

/// Endpoints of a provider without a discovery document.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamEndpoints {
    /// Where people are sent.
    pub authorization: WebUri,
    /// Where codes are redeemed.
    pub token: WebUri,
    /// Where claims are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo: Option<WebUri>,
    /// Where the signing keys are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<WebUri>,
    /// Where a list of e-mail addresses is read, each with `primary` and `verified` (GitHub).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emails: Option<WebUri>,
}

/// The claim that holds each attribute: its name, or a JSON pointer as in `/profile/name`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ClaimMapping {
    /// What never changes for a person.
    pub subject: String,
    /// The e-mail address.
    pub email: String,
    /// Whether the address is verified.
    pub email_verified: String,
    /// The full name.
    pub name: String,
    /// The user name.
    pub preferred_username: String,
    /// The picture's address.
    pub picture: String,
    /// Further attributes, each with its claim, as in `department: /profile/department`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

impl Default for ClaimMapping {
    fn default() -> Self {
        let claim = String::from;
        Self {
            subject: claim("sub"),
            email: claim("email"),
            email_verified: claim("email_verified"),
            name: claim("name"),
            preferred_username: claim("preferred_username"),
            picture: claim("picture"),
            attributes: BTreeMap::new(),
        }
    }
}

/// When an upstream identity joins an account that exists.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkingPolicy {
    /// Never by itself.
    Never,
    /// When both hold the same verified e-mail address, and `trustEmail` is set; else as with `ask`.
    VerifiedEmail,
    /// When the account's owner, signed in, agrees.
    #[default]
    Ask,
}
