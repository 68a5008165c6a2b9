//! The tuples in memory, as one server has them: loaded at the start, and from then on following the log.
//!
//! It outlives generations: what a change of the configuration does to it is that the tuples are put
//! under the new namespaces, and only if those have changed. A request takes one [`View`], which is the
//! tuples of one revision under the namespaces of one generation, and keeps it to its end.

mod consistency;
mod follow;
mod kept;
mod load;
mod namespaces;
mod token;
mod view;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwapOption;
use assay_permissions::{Change, Snapshot};
use tokio::sync::{Notify, watch};

pub use self::{
    consistency::{Consistency, PinError},
    load::LoadError,
    token::RevisionError,
    view::View,
};
pub(super) use self::{follow::run, namespaces::Namespaces};
use self::{kept::Kept, token::Revision};
use super::tuples::Written;
use crate::{
    crypto::{CpuPool, Keyring},
    generation::Generation,
    store::Store,
};

/// Changes that are applied where they were written. More are read from the log by the follower, which
/// does it beside the requests.
const MAX_OFFERED: usize = 512;

/// Questions that take long and may wait for a core.
const MAX_WAITING: usize = 256;

/// The tuples of this server.
#[derive(Debug)]
pub struct Tuples {
    keyring: Arc<Keyring>,
    /// Works out what takes long.
    pool: CpuPool,
    /// The newest view; none while the tuples are loaded.
    current: ArcSwapOption<View>,
    inner: Mutex<Inner>,
    /// Moves with the newest view, for those who wait.
    moved: watch::Sender<u64>,
    /// There is something to do for the follower.
    nudge: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    /// What is to be served, and from which generation on.
    wanted: Option<(Generation, Arc<Namespaces>)>,
    kept: Kept,
    /// What was written here and has come before its predecessor.
    early: BTreeMap<i64, Arc<[Change]>>,
    /// What has come since a new base began to be made.
    meanwhile: Option<Vec<(i64, Arc<[Change]>)>>,
    /// Whether there are tuples that the namespaces did not allow, and which are missing.
    is_incomplete: bool,
}

impl Tuples {
    /// Without any yet.
    pub fn new(keyring: Arc<Keyring>) -> Self {
        Self {
            keyring,
            pool: CpuPool::for_this_machine(MAX_WAITING),
            current: ArcSwapOption::empty(),
            inner: Mutex::default(),
            moved: watch::Sender::new(0),
            nudge: Notify::new(),
        }
    }

    /// Where questions are worked out that take long.
    pub(super) fn pool(&self) -> &CpuPool {
        &self.pool
    }

    /// The newest view, if the tuples are loaded.
    pub fn newest(&self) -> Option<Arc<View>> {
        self.current.load_full()
    }

    /// Tells when there is a newer view, or none any more.
    pub(super) fn moves(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    /// Says that a generation with these namespaces is served from now on.
    pub(super) fn serve(&self, generation: Generation, namespaces: &Arc<Namespaces>) {
        let mut inner = self.inner();
        inner.wanted = Some((generation, Arc::clone(namespaces)));
        let current = self.current.load_full();
        match current {
            // Nothing but the number has changed.
            Some(view) if view.namespaces.hash == namespaces.hash => {
                if view.generation < generation {
                    let view = view.in_generation(generation, &self.keyring);
                    self.publish(&mut inner, view);
                }
            }
            _ => self.nudge.notify_one(),
        }
    }

    /// Loads the tuples, for who does not go on following them.
    pub(super) async fn load_once(&self, store: &Store) -> Result<(), LoadError> {
        follow::reload(self, store).await
    }

    /// The namespaces that are served.
    pub(super) fn wanted(&self) -> Option<(Generation, Arc<Namespaces>)> {
        self.inner().wanted.clone()
    }

    /// Takes over what this process has just written, so that it is seen without asking the database.
    pub(super) fn take_over(&self, written: &Written) {
        match &written.changes {
            Some(changes) if changes.len() <= MAX_OFFERED => {
                self.offer(written.revision, Arc::clone(changes));
            }
            _ => self.nudge.notify_one(),
        }
    }

    fn offer(&self, revision: i64, changes: Arc<[Change]>) {
        let mut inner = self.inner();
        let Some(mut revisions) = self.current.load_full().map(|view| view.revision) else {
            return;
        };
        if revision <= revisions {
            return;
        }
        inner.early.insert(revision, changes);
        while let Some(changes) = inner.early.remove(&(revisions + 1)) {
            revisions += 1;
            self.advance(&mut inner, revisions, &changes);
        }
        inner.early = inner.early.split_off(&(revisions + 1));
        // Somebody else has written before, or will offer it in a moment.
        if !inner.early.is_empty() {
            self.nudge.notify_one();
        }
    }

    /// Makes the next view. `revision` is the one after that of the view before, or a later one if the
    /// changes are all that came between.
    fn advance(&self, inner: &mut Inner, revision: i64, changes: &Arc<[Change]>) {
        let Some(view) = self.current.load_full() else {
            return;
        };
        let (snapshot, left_out) = applied(&view.snapshot, changes);
        if left_out > 0 {
            tracing::warn!(
                revision,
                left_out,
                "tuples that the namespaces do not allow do not count"
            );
            inner.is_incomplete = true;
        }
        if let Some(meanwhile) = &mut inner.meanwhile {
            meanwhile.push((revision, Arc::clone(changes)));
        }
        let view = View::new(
            view.generation,
            Arc::clone(&view.namespaces),
            revision,
            snapshot,
            view.base,
            &self.keyring,
        );
        self.publish(inner, view);
    }

    fn publish(&self, inner: &mut Inner, view: View) {
        let view = Arc::new(view);
        inner.kept.keep(Arc::clone(&view));
        self.current.store(Some(view));
        self.moved.send_modify(|count| *count += 1);
    }

    /// Forgets everything, when the module is switched off or the server ends.
    fn clear(&self) {
        let mut inner = self.inner();
        let wanted = inner.wanted.take();
        *inner = Inner {
            wanted,
            ..Inner::default()
        };
        self.current.store(None);
        self.moved.send_modify(|count| *count += 1);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The snapshot after the changes that its namespaces allow, and how many they do not.
fn applied(snapshot: &Snapshot, changes: &[Change]) -> (Snapshot, usize) {
    if let Ok(next) = snapshot.apply(changes) {
        return (next, 0);
    }
    let plan = snapshot.plan();
    let allowed: Vec<Change> = changes
        .iter()
        .filter(|change| match change {
            Change::Touch(tuple) => plan.accepts(tuple).is_ok(),
            Change::Delete(tuple) => plan.places(tuple).is_ok(),
        })
        .cloned()
        .collect();
    let left_out = changes.len() - allowed.len();
    match snapshot.apply(&allowed) {
        Ok(next) => (next, left_out),
        // Too many for one index: the view stays what it is, and the loading says so.
        Err(_) => (snapshot.clone(), changes.len()),
    }
}
