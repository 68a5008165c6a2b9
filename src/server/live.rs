//! What is being served, swapped whole.

use std::sync::Arc;

use arc_swap::ArcSwap;
use assay_reconciler::diff::Generation;
use axum::{Router, http::HeaderValue};

use crate::generation::Snapshot;

/// One generation in service. A request takes one and keeps it to its end, so it can never see half a
/// change.
pub(super) struct Running {
    /// Which configuration it is.
    pub(super) generation: Generation,
    /// The configuration.
    pub(super) snapshot: Arc<Snapshot>,
    /// The routes of the modules that are on.
    pub(super) router: Router,
    /// `generation` as the value of `assay-generation`.
    pub(super) header: HeaderValue,
}

impl Running {
    /// Puts a snapshot and its routes together.
    pub(super) fn new(snapshot: Arc<Snapshot>, router: Router) -> Self {
        Self {
            generation: snapshot.generation,
            header: HeaderValue::from(snapshot.generation.0),
            snapshot,
            router,
        }
    }
}

/// The place where the current generation is found.
pub(super) struct Live {
    current: ArcSwap<Running>,
}

impl Live {
    /// Begins with `running`.
    pub(super) fn new(running: Running) -> Self {
        Self {
            current: ArcSwap::from_pointee(running),
        }
    }

    /// What is in service at this moment.
    pub(super) fn load(&self) -> Arc<Running> {
        self.current.load_full()
    }

    /// Puts `running` into service. Only the follower swaps, one at a time, and never to an older
    /// generation.
    pub(super) fn swap(&self, running: Running) {
        self.current.store(Arc::new(running));
    }
}
