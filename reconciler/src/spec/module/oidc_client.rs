use std::collections::BTreeSet;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NetworkText, Span};

/// Settings of `oidc_client`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OidcClientSettings {
    /// Private networks, as in `10.1.0.0/16`, that the addresses of upstream providers may lie in. All
    /// others are refused; `127.0.0.0/8` allows the server's own machine.
    #[schemars(with = "BTreeSet<NetworkText>")]
    pub allowed_private_networks: BTreeSet<IpNet>,
    /// How long a person may take at the upstream provider.
    pub sign_in_ttl: Span,
}

impl Default for OidcClientSettings {
    fn default() -> Self {
        Self {
            allowed_private_networks: BTreeSet::new(),
            sign_in_ttl: Span::minutes(15),
        }
    }
}
