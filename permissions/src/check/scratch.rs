//! Memory that one check leaves to the next on the same thread.

use std::{cell::Cell, sync::Arc};

use rustc_hash::FxHashMap;

use super::{closure::Reached, outcome::Truth};
use crate::{caveat::Outcome, plan::NodeId};

/// A relation or permission of one object, for the subject at hand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground {
    pub(super) node: NodeId,
    pub(super) object: u32,
    pub(super) state: State,
    /// The truth, or what is proven of it so far.
    pub(super) truth: Truth,
    /// Whether the truth is final, although a cycle that it is part of is not.
    pub(super) decided: bool,
    pub(super) entered: u32,
    /// The earliest that is reached from it of those that are not done.
    pub(super) lowest: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    Fresh,
    Open,
    Done,
}

/// A ground that is being worked out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) ground: u32,
    /// Where those that it waits for begin, and which is next.
    pub(super) pending: usize,
    pub(super) next: usize,
    /// How many it may wait for at once.
    pub(super) at_most: usize,
}

/// A ground that another waits for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) ground: u32,
    /// Whether its being granted settles it.
    pub(super) settles: bool,
}

#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) numbers: FxHashMap<u64, u32>,
    pub(super) grounds: Vec<Ground>,
    pub(super) frames: Vec<Frame>,
    pub(super) pending: Vec<Pending>,
    /// Grounds that are not done, in the order of entering.
    pub(super) open: Vec<u32>,
    /// The list of the quick way, for its memory.
    pub(super) quick: Vec<(NodeId, u32)>,
    /// The same of closures.
    pub(super) quick_closure: Vec<(NodeId, u32)>,
    /// The memory of closures that nobody holds any more.
    pub(super) spare_closures: Vec<Reached>,
    pub(super) conditions: FxHashMap<u32, Outcome>,
    pub(super) closures: Vec<(NodeId, Option<Arc<Reached>>)>,
}

thread_local! {
    static SPARE: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// Beyond so many, clearing would cost more than making it anew.
const KEPT: usize = 4_096;

const SPARE_CLOSURES: usize = 8;

impl Scratch {
    pub(super) fn take() -> Box<Self> {
        SPARE.take().unwrap_or_default()
    }

    pub(super) fn give_back(mut self: Box<Self>) {
        if self.numbers.capacity() > KEPT * 2 || self.conditions.capacity() > KEPT {
            return;
        }
        self.clear();
        SPARE.set(Some(self));
    }

    fn clear(&mut self) {
        self.numbers.clear();
        self.grounds.clear();
        self.conditions.clear();
        for (_, reached) in self.closures.drain(..) {
            let reached = reached.and_then(Arc::into_inner);
            self.spare_closures
                .extend(reached.filter(Reached::is_brief));
        }
        self.spare_closures.truncate(SPARE_CLOSURES);
        self.abandon();
    }

    /// Forgets what a check that ended in an error was in the middle of.
    pub(super) fn abandon(&mut self) {
        self.frames.clear();
        self.pending.clear();
        self.open.clear();
    }
}
