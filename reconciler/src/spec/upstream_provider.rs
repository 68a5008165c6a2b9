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
    /// How we authenticate there. `client_secret_basic` with a secret and `none` without, unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<ClientAuthMethod>,
    /// What we ask for.
    #[serde(default = "openid_email_profile")]
    pub scopes: BTreeSet<Scope>,
    /// Endpoints of a provider without a discovery document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<UpstreamEndpoints>,
    /// Parameters added to every authorization request, as in `hd: example.com`.
    #[serde(default)]
    pub authorization_parameters: BTreeMap<String, String>,
    /// Which claims become which attributes of a person.
    #[serde(default)]
    pub claims: ClaimMapping,
    /// Claims that must be there with exactly this value.
    #[serde(default)]
    pub required_claims: BTreeMap<String, Value>,
    /// E-mail domains that may sign in. All, unless set.
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
}

/// The claim that holds each attribute.
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
        }
    }
}

/// When an upstream identity joins an account that exists.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkingPolicy {
    /// Never by itself.
    Never,
    /// When both hold the same verified e-mail address, and `trustEmail` is set.
    VerifiedEmail,
    /// When the account's owner, signed in, agrees.
    #[default]
    Ask,
}
