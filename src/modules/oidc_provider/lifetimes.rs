use std::time::Duration;

use assay_reconciler::spec::oidc_client::ResponseType;

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
    pub(super) fn of_grant(&self, response_type: ResponseType) -> Duration {
        if response_type.gives_code() {
            self.code + self.refresh_token + self.access_token
        } else {
            self.access_token.max(self.id_token)
        }
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
