use std::time::Duration;

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
