//! Closures that are kept between checks.
//!
//! They belong to a snapshot and those after it, up to the first change of a relation that closures
//! are made of; nothing is ever dropped one by one. Only what depends on nothing is kept: what a
//! caveat or an end could change is walked anew by every check.

use std::sync::{Arc, RwLock};

use rustc_hash::FxHashMap;

use super::closure::Reached;
use crate::plan::NodeId;

const SHARDS: usize = 64;

/// Numbers that a shard may keep: 16 MiB for all. A shard that is full begins anew.
const MAX_NUMBERS: usize = 65_536;

/// What an entry takes besides, in numbers.
const OVERHEAD: usize = 16;

/// The kind of subject, the subject, and the node.
type Key = (u32, u32, NodeId);

#[derive(Debug, Default)]
pub(crate) struct KeptClosures {
    shards: Vec<RwLock<Shard>>,
}

/// What is known of a closure.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    Reached(Arc<Reached>),
    /// It takes too long to walk.
    TooLarge,
}

impl Kept {
    pub(super) fn reached(self) -> Option<Arc<Reached>> {
        match self {
            Self::Reached(reached) => Some(reached),
            Self::TooLarge => None,
        }
    }
}

#[derive(Debug, Default)]
struct Shard {
    entries: FxHashMap<Key, Kept>,
    numbers: usize,
}

impl KeptClosures {
    pub(crate) fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
        }
    }

    fn shard(&self, (_, subject, _): Key) -> Option<&RwLock<Shard>> {
        self.shards.get(subject as usize % SHARDS)
    }

    pub(super) fn get(&self, key: Key) -> Option<Kept> {
        self.shard(key)?.read().ok()?.entries.get(&key).cloned()
    }

    pub(super) fn keep(&self, key: Key, kept: Kept) {
        let Some(Ok(mut shard)) = self.shard(key).map(RwLock::write) else {
            return;
        };
        let size = match &kept {
            Kept::Reached(reached) => OVERHEAD + reached.len(),
            Kept::TooLarge => OVERHEAD,
        };
        if shard.numbers + size > MAX_NUMBERS {
            *shard = Shard::default();
        }
        shard.numbers += size;
        shard.entries.insert(key, kept);
    }
}
