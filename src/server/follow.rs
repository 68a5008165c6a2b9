//! Follows the database: when there is a new generation, builds its snapshot and routes and puts them
//! into service.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use assay_reconciler::diff::Generation;
use tokio::time::{interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    assemble, limits,
    live::{Live, Running},
    shared::Shared,
    tasks::Tasks,
};
use crate::{
    generation::{HEARTBEAT, ReplicaId, Snapshot},
    modules::{Context, Module},
    store::ChangeWatch,
};

/// How long to wait before trying again what failed.
const RETRY: Duration = Duration::from_secs(1);

/// The one task that swaps.
pub(super) struct Follower {
    pub(super) context: Context,
    pub(super) modules: &'static [Module],
    pub(super) shared: Shared,
    pub(super) live: Arc<Live>,
    pub(super) watch: ChangeWatch,
    pub(super) replica: ReplicaId,
    pub(super) tasks: Tasks,
}

impl Follower {
    /// Follows until `stop` is cancelled; then ends the modules' tasks and says goodbye.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut heartbeat = interval(HEARTBEAT);
        let mut retry_at = None;
        loop {
            let retry = async {
                match retry_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let is_due = tokio::select! {
                () = stop.cancelled() => break,
                () = self.watch.changed() => true,
                () = self.shared.publisher.nudged() => true,
                () = retry => true,
                _ = heartbeat.tick() => false,
            };
            if is_due {
                retry_at = match self.advance().await {
                    Ok(()) => None,
                    Err(()) => Some(tokio::time::Instant::now() + RETRY),
                };
            } else {
                self.report().await;
            }
        }
        self.tasks.end().await;
        let leaving = self.shared.engine.leave(&self.replica);
        if !matches!(timeout(limits::DATABASE_PROBE, leaving).await, Ok(Ok(()))) {
            tracing::debug!("could not sign off; the others will notice");
        }
    }

    /// Serves what is newest. On failure what is served stays.
    async fn advance(&mut self) -> Result<(), ()> {
        let began = Instant::now();
        // Nobody waits for a configuration to learn what is revoked.
        let revocations = self.context.biscuits.catch_up(&self.shared.store).await;
        if let Err(error) = &revocations {
            tracing::warn!("which biscuits were revoked is not known: {error}");
        }
        let serving = self.live.load();
        match self.shared.engine.snapshot(Some(&serving.snapshot)).await {
            Ok(snapshot) if Arc::ptr_eq(&snapshot, &serving.snapshot) => {
                self.succeeded(serving.generation).await;
                revocations.map_err(drop)
            }
            Ok(snapshot) => {
                self.swap(snapshot, began).await;
                revocations.map_err(drop)
            }
            Err(error) => {
                self.failed(serving.generation, &error).await;
                Err(())
            }
        }
    }

    async fn swap(&mut self, snapshot: Arc<Snapshot>, began: Instant) {
        let generation = snapshot.generation;
        self.context.turn_to(&snapshot);
        let router = assemble::router(&self.context, self.modules, &self.shared);
        self.live.swap(Running::new(snapshot, router));
        let took = began.elapsed();
        self.shared.metrics.swapped(generation, took);
        tracing::info!(%generation, ?took, "serving a new configuration");
        self.succeeded(generation).await;
        self.tasks.follow(&self.context).await;
    }

    async fn succeeded(&self, generation: Generation) {
        let (announced, error) = self.shared.publisher.status();
        self.shared.publisher.publish(generation);
        if announced != generation || error.is_some() {
            self.report().await;
        }
    }

    async fn failed(&self, serving: Generation, error: &crate::generation::SnapshotError) {
        self.shared.metrics.snapshot_failures.inc();
        let reason = error.to_string();
        let (_, before) = self.shared.publisher.status();
        let is_news = before.as_ref() != Some(&reason);
        self.shared.publisher.failed(reason);
        if is_news {
            tracing::error!(%error, %serving, "cannot serve what is stored; the old configuration stays");
            self.report().await;
        }
    }

    /// Tells the other processes what this one serves.
    async fn report(&self) {
        let (serving, error) = self.shared.publisher.status();
        let beat = self
            .shared
            .engine
            .heartbeat(&self.replica, serving, error.as_deref());
        match timeout(limits::DATABASE_PROBE, beat).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "cannot report what is served"),
            Err(_) => tracing::warn!("cannot report what is served: the database does not answer"),
        }
    }
}
