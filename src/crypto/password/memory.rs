//! The memory that hashes are computed in. It is kept for a moment, because getting it from the kernel costs
//! a tenth of the hash, and then given back.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use argon2::Block;

/// How long it is kept for the next hash.
const KEPT: Duration = Duration::from_secs(5);

/// Memory for hashes. As many pieces as were computed at once. A cheap clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory(Arc<Mutex<Spares>>);

#[derive(Debug, Default)]
struct Spares {
    pieces: Vec<Spare>,
    /// Whether somebody waits to give back what is not used.
    is_watched: bool,
}

#[derive(Debug)]
struct Spare {
    blocks: Vec<Block>,
    since: Instant,
}

impl Memory {
    /// Works in so many blocks, whatever they hold.
    pub(super) fn with<T>(&self, count: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let spare = self.spares().pieces.pop().map(|spare| spare.blocks);
        let mut blocks = spare
            .filter(|blocks| blocks.len() == count)
            .unwrap_or_else(|| vec![Block::new(); count]);
        let outcome = work(&mut blocks);
        self.spares().pieces.push(Spare {
            blocks,
            since: Instant::now(),
        });
        outcome
    }

    /// Sees to it that memory which nobody needs is given back, in some seconds.
    pub(super) fn watch(&self) {
        if std::mem::replace(&mut self.spares().is_watched, true) {
            return;
        }
        let memory = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(KEPT).await;
                if memory.give_back(KEPT) {
                    return;
                }
            }
        });
    }

    /// Gives back what was not used for so long. Whether that was all there is.
    fn give_back(&self, unused: Duration) -> bool {
        let mut spares = self.spares();
        spares.pieces.retain(|spare| spare.since.elapsed() < unused);
        spares.is_watched = !spares.pieces.is_empty();
        !spares.is_watched
    }

    fn spares(&self) -> MutexGuard<'_, Spares> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_and_then_given_back() {
        let memory = Memory::default();
        let place = |count| memory.with(count, |blocks| blocks.as_ptr() as usize);
        let first = place(64);
        assert_eq!(place(64), first);
        // Two at once have their own.
        memory.with(64, |_| {
            assert_eq!(memory.with(64, |blocks| blocks.len()), 64);
        });
        assert_eq!(memory.spares().pieces.len(), 2);
        assert!(!memory.give_back(Duration::from_hours(1)));
        assert!(memory.give_back(Duration::ZERO));
        assert_eq!(memory.spares().pieces.len(), 0);
        assert_eq!(memory.with(8, |blocks| blocks.len()), 8);
    }
}
