use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::profile::ProfileField;
use crate::spec::Span;

/// How people create accounts for themselves, at `/auth/register`. Everybody who does shows by a letter
/// that the e-mail address is theirs, before there is an account.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RegistrationSettings {
    /// Who can.
    pub mode: RegistrationMode,
    /// Domains of e-mail addresses, as in `example.com`, whose owners can; all, unless set. An invitation
    /// to one address is good whatever its domain.
    pub email_domains: BTreeSet<String>,
    /// What they are asked about themselves and may leave empty.
    pub fields: BTreeSet<ProfileField>,
    /// What they have to tell about themselves.
    pub required_fields: BTreeSet<ProfileField>,
    /// Make the account `pending`: it can be used once somebody with an admin key has made it `active`.
    pub approval: bool,
    /// How long the link and the code of the letter are good for.
    pub link_ttl: Span,
}

impl Default for RegistrationSettings {
    fn default() -> Self {
        Self {
            mode: RegistrationMode::Off,
            email_domains: BTreeSet::new(),
            fields: BTreeSet::from([ProfileField::Name]),
            required_fields: BTreeSet::new(),
            approval: false,
            link_ttl: Span::hours(1),
        }
    }
}

impl RegistrationSettings {
    /// Whether the owner of an address in this domain, in lower case, can create an account.
    pub fn takes_domain(&self, domain: &str) -> bool {
        self.email_domains.is_empty() || self.email_domains.contains(domain)
    }
}

/// Who can create an account.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationMode {
    /// Nobody; accounts are made for people.
    #[default]
    Off,
    /// Everybody.
    Open,
    /// Whoever has an invitation.
    Invitation,
}
