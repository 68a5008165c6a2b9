use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::{Span, WebUri};

/// Settings of `passkey` (Web Authentication Level 3).
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PasskeySettings {
    /// The relying party id: the domain that passkeys belong to. The host of `public_url`, unless set;
    /// it may be a domain above it, so that passkeys survive a move to another host. A passkey is good
    /// for the id that it was made with and no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rp_id: Option<String>,
    /// The name that the authenticator shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rp_name: Option<String>,
    /// Origins of other sites, as in `https://example.co.uk`, at which the same passkeys are good.
    /// Browsers read them at `/.well-known/webauthn` of the relying party id.
    pub related_origins: BTreeSet<WebUri>,
    /// Whether a passkey checks its owner (PIN, finger, face) before it signs. With `required` a passkey
    /// alone is two factors. One that has once checked its owner always has to, whatever is set.
    pub user_verification: UserVerification,
    /// Models of authenticator (AAGUID) that may be registered; any, if none are listed. What an
    /// authenticator says of itself is believed, unless `attestationRoots` are given.
    #[schemars(with = "BTreeSet<AaguidText>")]
    pub allowed_authenticators: BTreeSet<String>,
    /// Certificates (PEM) of makers, one of which has to vouch for each new authenticator. Passkeys that
    /// are synchronised between devices have nobody who vouches for them, and are then refused.
    pub attestation_roots: Vec<String>,
    /// How long a person has for one use of their authenticator.
    pub ceremony_ttl: Span,
}

impl Default for PasskeySettings {
    fn default() -> Self {
        Self {
            rp_id: None,
            rp_name: None,
            related_origins: BTreeSet::new(),
            user_verification: UserVerification::Required,
            allowed_authenticators: BTreeSet::new(),
            attestation_roots: Vec::new(),
            ceremony_ttl: Span::minutes(5),
        }
    }
}

/// Whether an authenticator checks that it is its owner who uses it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UserVerification {
    /// One that cannot is refused.
    Required,
    /// One that can does so.
    Preferred,
    /// Only if it always does.
    Discouraged,
}

/// How an AAGUID is written.
struct AaguidText;

impl JsonSchema for AaguidText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        std::borrow::Cow::Borrowed("Aaguid")
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            "description": "The model of an authenticator, as in `ee882879-721c-4913-9775-3dfcce97072a`."
        })
    }
}
