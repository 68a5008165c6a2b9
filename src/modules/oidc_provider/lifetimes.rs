use std::time::Duration;

use assay_reconciler::spec::oidc_client::{GrantType, ResponseType};

use crate::generation::{Client, Snapshot};

/// How long what a client gets is good for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifetimes {
    pub(super) access_token: Duration,
    pub(super) id_token: Duration,
    pub(super) refresh_token: Duration,
    pub(super) code: Duration,
    pub(super) device_code: Duration,
}

impl Lifetimes {
    /// How long a grant can be of use that is given for this response type.
    pub(super) fn of_grant(&self, client: &Client, response_type: ResponseType) -> Duration {
        if response_type.gives_code() {
            self.code + self.beyond_code(client)
        } else {
            self.of_tokens()
        }
    }

    /// How long a grant can be of use once its code has expired.
    pub(super) fn beyond_code(&self, client: &Client) -> Duration {
        if client.spec.grant_types.contains(&GrantType::RefreshToken) {
            self.refresh_token + self.of_tokens()
        } else {
            self.of_tokens()
        }
    }

    /// How long what was given at once can be of use: an ID token can be exchanged for as long as it lives.
    pub(super) fn of_tokens(&self) -> Duration {
        self.access_token.max(self.id_token)
    }

    /// The client's own, or the provider's.
    pub(super) fn of(snapshot: &Snapshot, client: &Client) -> Self {
        let settings = snapshot.oidc_provider_settings();
        let spec = &client.spec;
        Self {
            access_token: spec
                .access_token_ttl
                .unwrap_or(settings.access_token_ttl)
                .duration(),
            id_token: spec
                .id_token_ttl
                .unwrap_or(settings.id_token_ttl)
                .duration(),
            refresh_token: spec
                .refresh_token_ttl
                .unwrap_or(settings.refresh_token_ttl)
                .duration(),
            code: settings.authorization_code_ttl.duration(),
            device_code: settings.device_code_ttl.duration(),
        }
    }
}
