//! What all parts of the server hold on to.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{live::Live, metrics::Metrics, proxy::Proxies};
use crate::{
    generation::{Engine, Publisher},
    modules::{mail::Mails, oidc_provider::LogoutNotices},
    store::Store,
};

/// A clone is a handful of reference counts.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) engine: Engine,
    pub(super) publisher: Arc<Publisher>,
    pub(super) metrics: Arc<Metrics>,
    is_draining: Arc<AtomicBool>,
}

impl Shared {
    pub(super) fn new(
        store: Store,
        engine: Engine,
        publisher: Arc<Publisher>,
        logout_notices: &LogoutNotices,
        mails: &Mails,
    ) -> Self {
        let metrics = Arc::new(Metrics::new(store.engine_name(), logout_notices, mails));
        Self {
            store,
            engine,
            publisher,
            metrics,
            is_draining: Arc::default(),
        }
    }

    /// Says that no new work is wanted.
    pub(super) fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    /// Whether the server is on its way out.
    pub(super) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }
}

/// What is needed to answer a request.
pub(super) struct Front {
    pub(super) live: Arc<Live>,
    pub(super) metrics: Arc<Metrics>,
    /// Who is believed about where a request comes from.
    pub(super) proxies: Proxies,
    /// Whether browsers come by `https`.
    pub(super) is_https: bool,
    /// Tells the requests of this process from those of others in a log.
    pub(super) request_prefix: u32,
}
