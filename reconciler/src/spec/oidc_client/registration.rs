//! What clients that register themselves may be.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{GrantType, Scope};
use crate::spec::Span;

/// Dynamic registration (RFC 7591, RFC 7592): clients that no manifest declares. They belong to
/// `registration`, and no manifest prunes them.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ClientRegistration {
    /// Take registrations from anybody. Otherwise a client shows an initial access token, which the
    /// admin API gives out.
    pub open: bool,
    /// The grants that a client may register for.
    pub grant_types: BTreeSet<GrantType>,
    /// The scopes that a client may ask for, and gets if it names none. Others are left out.
    pub scopes: BTreeSet<Scope>,
    /// The resource servers that a client may ask tokens for (RFC 8707).
    pub resources: BTreeSet<String>,
    /// The hosts that redirect URIs may lead to; `*.example.com` is every host below `example.com`.
    /// Any host, unless set.
    pub redirect_hosts: BTreeSet<String>,
    /// Demand PKCE of confidential clients, too.
    pub require_pkce: bool,
    /// How long a client lives from its registration or last change. For ever, unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ttl: Option<Span>,
    /// How many registrations of strangers are taken in an hour, from all of them together.
    #[schemars(range(min = 1, max = 100_000))]
    pub open_per_hour: u32,
}

impl Default for ClientRegistration {
    fn default() -> Self {
        let scopes = ["openid", "profile", "email", "offline_access"];
        Self {
            open: false,
            grant_types: BTreeSet::from([GrantType::AuthorizationCode, GrantType::RefreshToken]),
            scopes: scopes.map(|scope| Scope(scope.to_owned())).into(),
            resources: BTreeSet::new(),
            redirect_hosts: BTreeSet::new(),
            require_pkce: true,
            client_ttl: None,
            open_per_hour: 100,
        }
    }
}

impl ClientRegistration {
    /// Whether a redirect URI may lead to `host`, in lower case.
    pub fn permits_host(&self, host: &str) -> bool {
        self.redirect_hosts.is_empty()
            || self
                .redirect_hosts
                .iter()
                .any(|allowed| match allowed.strip_prefix("*.") {
                    Some(parent) => host
                        .strip_suffix(parent)
                        .and_then(|rest| rest.strip_suffix('.'))
                        .is_some_and(|below| !below.is_empty()),
                    None => host == allowed,
                })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_itself_or_lies_below_one_that_is() {
        let any = ClientRegistration::default();
        assert!(any.permits_host("anywhere.example"));
        let some = ClientRegistration {
            redirect_hosts: BTreeSet::from(["app.example".into(), "*.corp.example".into()]),
            ..ClientRegistration::default()
        };
        for host in ["app.example", "a.corp.example", "a.b.corp.example"] {
            assert!(some.permits_host(host), "{host}");
        }
        for host in [
            "corp.example",
            ".corp.example",
            "evilcorp.example",
            "x.app.example",
            "app.example.evil",
            "",
        ] {
            assert!(!some.permits_host(host), "{host}");
        }
    }
}
