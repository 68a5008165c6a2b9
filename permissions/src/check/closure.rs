//! The usersets that a subject is in by nothing but unions, walked from the subject's side.
//!
//! A group of 100,000 is not looked through for a subject: its groups are found, and the groups
//! that an object names are looked for among them.

use std::{collections::hash_map::Entry, sync::Arc};

use rustc_hash::FxHashMap;

use super::{kept::Kept, outcome::Truth, solve::Checker};
use crate::{
    index::{EVERYONE, Row, Snapshot},
    plan::{Closure, NodeId},
};

/// Beyond so many tuples, the walk goes from the object's side.
const MAX_WALKED: usize = 2_048;

/// Groups that are walked with a list of those that were seen.
const MAX_BRIEF: usize = 24;

/// Objects whose userset holds the subject, in order.
#[derive(Debug, Default)]
pub(super) struct Reached {
    has: Vec<u32>,
    unknown: Vec<u32>,
}

impl Reached {
    /// Whether its memory can be used again for the closure of a few groups.
    pub(super) const fn is_brief(&self) -> bool {
        self.unknown.is_empty() && self.has.capacity() <= 4 * MAX_BRIEF
    }

    pub(super) const fn len(&self) -> usize {
        self.has.len() + self.unknown.len()
    }

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
    /// The closure of a node, walked when it is first asked for; `None` where the node has none, or it
    /// is too large.
    pub(super) fn closure(&mut self, node: NodeId) -> Option<Arc<Reached>> {
        if !self.walks_closures {
            return None;
        }
        let mut known = self.scratch.closures.iter();
        if let Some((_, reached)) = known.find(|(known, _)| *known == node) {
            return reached.clone();
        }
        let closure = self.pruned.closure(node)?;
        let reached = match self.walk_briefly(node, closure) {
            Some(reached) => Some(Arc::new(reached)),
            None => self.kept_closure(node, closure),
        };
        self.scratch.closures.push((node, reached.clone()));
        reached
    }

    /// One that takes longer to walk than to look for.
    fn kept_closure(&mut self, node: NodeId, closure: &Closure) -> Option<Arc<Reached>> {
        let key = (self.pruned.number(), self.subject, node);
        let closures = self.snapshot.kept_closures();
        let kept = closures.get(key).unwrap_or_else(|| {
            let mut walk = Walk::default();
            let reached = self.walk(node, closure, &mut walk);
            let kept = reached.map_or(Kept::TooLarge, |reached| Kept::Reached(Arc::new(reached)));
            if !walk.depends {
                closures.keep(key, kept.clone());
            }
            kept
        });
        kept.reached()
    }

    /// The walk of a subject in a few groups, none of which depends on anything: looking through a list of
    /// what was seen is faster than a map.
    fn walk_briefly(&mut self, root: NodeId, closure: &Closure) -> Option<Reached> {
        let mut brief = Brief {
            seen: std::mem::take(&mut self.scratch.quick_closure),
        };
        brief.seen.clear();
        let is_whole = brief.walk(self.snapshot, self.subject, closure);
        let reached = is_whole.map(|()| {
            let mut reached = self.scratch.spare_closures.pop().unwrap_or_default();
            let has = &mut reached.has;
            has.clear();
            let of_root = brief.seen.iter().filter(|(node, _)| *node == root);
            has.extend(of_root.map(|(_, object)| *object));
            has.sort_unstable();
            reached
        });
        self.scratch.quick_closure = brief.seen;
        reached
    }

    fn walk(&mut self, root: NodeId, closure: &Closure, walk: &mut Walk) -> Option<Reached> {
        let snapshot = self.snapshot;
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
                for (edges, to) in closure.lifts(node) {
                    let row = snapshot.reverse(*edges, object);
                    walk.row(*to, row, level, |number| self.condition(number))?;
                }
            }
        }
        let mut reached = Reached::default();
        for ((node, object), truth) in std::mem::take(&mut walk.seen) {
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

struct Brief {
    /// In the order of being reached.
    seen: Vec<(NodeId, u32)>,
}

impl Brief {
    /// `None` if there are more than a few, or something depends on something.
    fn walk(&mut self, snapshot: &Snapshot, subject: u32, closure: &Closure) -> Option<()> {
        for node in &closure.itself {
            self.seen.push((*node, subject));
        }
        for (edges, node, everyone) in &closure.starts {
            let from = if *everyone { EVERYONE } else { subject };
            self.row(*node, snapshot.reverse(*edges, from))?;
        }
        let mut at = 0;
        while let Some((node, object)) = self.seen.get(at).copied() {
            at += 1;
            for (edges, to) in closure.lifts(node) {
                self.row(*to, snapshot.reverse(*edges, object))?;
            }
        }
        Some(())
    }

    fn row(&mut self, node: NodeId, row: Row<'_>) -> Option<()> {
        if self.seen.len() + row.len() > MAX_BRIEF {
            return None;
        }
        for (object, condition) in row.iter() {
            if condition != 0 {
                return None;
            }
            if !self.seen.contains(&(node, object)) {
                self.seen.push((node, object));
            }
        }
        Some(())
    }
}

#[derive(Default)]
struct Walk {
    seen: FxHashMap<(NodeId, u32), Truth>,
    certain: Vec<(NodeId, u32)>,
    unknown: Vec<(NodeId, u32)>,
    walked: usize,
    /// Whether any tuple on the way has a condition.
    depends: bool,
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
            self.depends |= depends_on != 0;
            let truth = level.min(condition(depends_on));
            if truth > Truth::No {
                self.reach(node, object, truth);
            }
        }
        Some(())
    }
}
