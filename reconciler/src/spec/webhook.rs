//! Kind `Webhook`.

use std::collections::BTreeSet;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Span, WebUri, module::NetworkText};
use crate::secret::SecretSource;

/// A service that is told what happens here, or asked before it does. Each request is signed as
/// Standard Webhooks say.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookSpec {
    /// Whether it is told and asked.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Where requests go.
    pub url: WebUri,
    /// What requests are signed with: 16 characters or more, or `whsec_` and base64.
    pub secret: SecretSource,
    /// What it is told (`.after`) and asked (`.before`).
    #[schemars(length(min = 1))]
    pub events: BTreeSet<WebhookEvent>,
    /// How long an answer is waited for when it is asked, 10 seconds at most.
    #[serde(default = "three_seconds")]
    pub timeout: Span,
    /// What follows when it is asked and gives no answer.
    #[serde(default)]
    pub on_failure: FailurePolicy,
    /// Private networks, as in `10.1.0.0/16`, that `url` may lie in. All others are refused.
    #[serde(default)]
    #[schemars(with = "BTreeSet<NetworkText>")]
    pub allowed_private_networks: BTreeSet<IpNet>,
}

fn yes() -> bool {
    true
}

fn three_seconds() -> Span {
    Span::seconds(3)
}

/// Something that happens.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
pub enum WebhookEvent {
    /// Somebody wants an account. May be refused.
    #[serde(rename = "registration.before")]
    BeforeRegistration,
    /// Somebody has an account now.
    #[serde(rename = "registration.after")]
    AfterRegistration,
    /// Somebody has proved who they are and is about to be signed in. May be refused.
    #[serde(rename = "sign_in.before")]
    BeforeSignIn,
    /// Somebody has signed in.
    #[serde(rename = "sign_in.after")]
    AfterSignIn,
    /// A client is about to get tokens. May be refused.
    #[serde(rename = "token.before")]
    BeforeToken,
    /// A client has got tokens.
    #[serde(rename = "token.after")]
    AfterToken,
}

impl WebhookEvent {
    /// The name in manifests, and `type` of the request.
    pub const fn name(self) -> &'static str {
        match self {
            WebhookEvent::BeforeRegistration => "registration.before",
            WebhookEvent::AfterRegistration => "registration.after",
            WebhookEvent::BeforeSignIn => "sign_in.before",
            WebhookEvent::AfterSignIn => "sign_in.after",
            WebhookEvent::BeforeToken => "token.before",
            WebhookEvent::AfterToken => "token.after",
        }
    }
}

/// What follows when a service that is asked gives no answer.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailurePolicy {
    /// It does not happen.
    #[default]
    Refuse,
    /// It happens all the same.
    Allow,
}
