//! The usersets that a subject is in by nothing but unions, walked from the subject's side.
//!
//! A group of 100,000 is not looked through for a subject: its groups are found, and the groups
//! that an object names are looked for among them.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::{outcome::Truth, solve::Checker};
use crate::{
    index::{EVERYONE, Row},
    plan::{Closure, NodeId},
};

/// Beyond so many tuples, the walk goes from the object's side.
const MAX_WALKED: usize = 2_048;

/// Objects whose userset holds the subject, in order.
#[derive(Debug, Default)]
pub(super) struct Reached {
    has: Vec<u32>,
    unknown: Vec<u32>,
}

impl Reached {
    /// What it comes to that one of the usersets in a row holds the subject.
    pub(super) fn meets(&self, row: Row<'_>, mut condition: impl FnMut(u32) -> Truth) -> Truth {
        let mut best = Truth::No;
        for (reached, truth) in [(&self.has, Truth::Has), (&self.unknown, Truth::Unknown)] {
            each_common(reached, row, |depends_on| {
                best = best.max(truth.min(condition(depends_on)));
                best < Truth::Has
            });
            if best == Truth::Has {
                break;
            }
        }
        best
    }
}

/// Calls `visit` with the condition of what both hold, until it says no.
fn each_common(reached: &[u32], row: Row<'_>, mut visit: impl FnMut(u32) -> bool) {
    if reached.len() < row.len() {
        for id in reached {
            if let Some(condition) = row.find(*id)
                && !visit(condition)
            {
                return;
            }
        }
    } else {
        for (id, condition) in row.iter() {
            if reached.binary_search(&id).is_ok() && !visit(condition) {
                return;
            }
        }
    }
}

impl Checker<'_> {
    /// The number of the closure of a node, walked when it is first asked for; `None` where the
    /// node has none, or it is too large.
    pub(super) fn closure(&mut self, node: NodeId) -> Option<usize> {
        let known = self
            .scratch
            .closures
            .iter()
            .position(|(known, _)| *known == node);
        if let Some(at) = known {
            return self.scratch.closures[at].1.is_some().then_some(at);
        }
        let reached = match self.pruned.closure(node) {
            Some(closure) if self.walks_closures => self.walk(node, closure),
            _ => None,
        };
        let found = reached.is_some();
        self.scratch.closures.push((node, reached));
        found.then(|| self.scratch.closures.len() - 1)
    }

    fn walk(&mut self, root: NodeId, closure: &Closure) -> Option<Reached> {
        let snapshot = self.snapshot;
        let mut walk = Walk::default();
        for node in &closure.itself {
            walk.reach(*node, self.subject, Truth::Has);
        }
        for (edges, node, everyone) in &closure.starts {
            let from = if *everyone { EVERYONE } else { self.subject };
            let row = snapshot.reverse(*edges, from);
            walk.row(*node, row, Truth::Has, |number| self.condition(number))?;
        }
        // All that is certain goes first, so that nothing is first unknown and then certain.
        for level in [Truth::Has, Truth::Unknown] {
            while let Some((node, object)) = walk.next(level) {
                for (edges, to) in closure.lifts.get(&node).into_iter().flatten() {
                    let row = snapshot.reverse(*edges, object);
                    walk.row(*to, row, level, |number| self.condition(number))?;
                }
            }
        }
        self.spend(walk.walked as u64).ok()?;
        let mut reached = Reached::default();
        for ((node, object), truth) in walk.seen {
            match truth {
                Truth::Has if node == root => reached.has.push(object),
                Truth::Unknown if node == root => reached.unknown.push(object),
                _ => {}
            }
        }
        reached.has.sort_unstable();
        reached.unknown.sort_unstable();
        Some(reached)
    }
}

#[derive(Default)]
struct Walk {
    seen: FxHashMap<(NodeId, u32), Truth>,
    certain: Vec<(NodeId, u32)>,
    unknown: Vec<(NodeId, u32)>,
    walked: usize,
}

impl Walk {
    fn next(&mut self, level: Truth) -> Option<(NodeId, u32)> {
        match level {
            Truth::Has => self.certain.pop(),
            _ => loop {
                let next = self.unknown.pop()?;
                if self.seen.get(&next) == Some(&Truth::Unknown) {
                    return Some(next);
                }
            },
        }
    }

    fn reach(&mut self, node: NodeId, object: u32, truth: Truth) {
        match self.seen.entry((node, object)) {
            Entry::Occupied(mut known) if *known.get() < truth => {
                known.insert(truth);
            }
            Entry::Occupied(_) => return,
            Entry::Vacant(free) => {
                free.insert(truth);
            }
        }
        match truth {
            Truth::Has => self.certain.push((node, object)),
            _ => self.unknown.push((node, object)),
        }
    }

    fn row(
        &mut self,
        node: NodeId,
        row: Row<'_>,
        level: Truth,
        mut condition: impl FnMut(u32) -> Truth,
    ) -> Option<()> {
        self.walked += row.len() + 1;
        if self.walked > MAX_WALKED {
            return None;
        }
        for (object, depends_on) in row.iter() {
            let truth = level.min(condition(depends_on));
            if truth > Truth::No {
                self.reach(node, object, truth);
            }
        }
        Some(())
    }
}
