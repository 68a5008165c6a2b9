//! Views that are not the newest any more, for those who come back to them.

use std::{collections::VecDeque, sync::Arc};

use super::{Revision, View};

/// How many there are. One costs little more than what has changed since the one before.
const MAX_VIEWS: usize = 256;
/// How many bases they may have among them: each has all tuples.
const MAX_BASES: usize = 2;

/// The latest views, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Kept {
    views: VecDeque<Arc<View>>,
}

impl Kept {
    pub(super) fn keep(&mut self, view: Arc<View>) {
        // The same in a later generation, or with another base.
        if self.views.back().is_some_and(|last| is_same(last, &view)) {
            self.views.pop_back();
        }
        self.views.push_back(view);
        while self.views.len() > MAX_VIEWS || self.bases() > MAX_BASES {
            self.views.pop_front();
        }
    }

    /// Bases are numbered one after the other.
    fn bases(&self) -> usize {
        let mut bases: Vec<u64> = self.views.iter().map(|view| view.base).collect();
        bases.dedup();
        bases.len()
    }

    /// The view of a revision, under the namespaces that it had.
    pub(super) fn find(&self, revision: &Revision) -> Option<Arc<View>> {
        let mut views = self.views.iter().rev();
        let found = views.find(|view| {
            view.revision == revision.number && view.namespaces.hash == revision.namespaces
        });
        found.map(Arc::clone)
    }

    /// The oldest one.
    pub(super) fn oldest(&self) -> Option<&Arc<View>> {
        self.views.front()
    }
}

fn is_same(one: &View, other: &View) -> bool {
    one.revision == other.revision && one.namespaces.hash == other.namespaces.hash
}
