//! Rows of several edge sets, those of one object beside each other.
//!
//! A check looks at most of what an object has, once: together that is in one or two lines of the
//! cache, and in one or two each if every edge set is by itself.

use super::adjacency::{Adjacency, Row};

/// The rows of some edge sets that have the same type of object. Nothing in them depends on anything.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    width: usize,
    /// Where each row begins: of the first object all of them, then of the next. One more follows the last.
    starts: Vec<u32>,
    ids: Vec<u32>,
}

impl Lanes {
    /// Takes over the rows of edge sets, for so many objects.
    pub(super) fn new(sets: &[Adjacency], objects: u32) -> Self {
        let mut lanes = Self {
            width: sets.len(),
            starts: Vec::with_capacity(sets.len() * objects as usize + 1),
            ids: Vec::with_capacity(sets.iter().map(Adjacency::len).sum()),
        };
        for object in 0..objects {
            for set in sets {
                lanes.starts.push(lanes.position());
                lanes.ids.extend(set.row(object).ids);
            }
        }
        lanes.starts.push(lanes.position());
        lanes
    }

    /// Edges are counted in 32 bits: 4 billion of one type are more than a memory has.
    fn position(&self) -> u32 {
        u32::try_from(self.ids.len()).unwrap_or(u32::MAX)
    }

    #[inline]
    pub(super) fn row(&self, lane: usize, object: u32) -> Row<'_> {
        let at = object as usize * self.width + lane;
        let Some([start, end]) = self.starts.get(at..at + 2) else {
            return Row::default();
        };
        Row {
            ids: &self.ids[*start as usize..*end as usize],
            conditions: &[],
        }
    }

    /// The objects that have a row in a lane, in order.
    pub(super) fn keys(&self, lane: usize) -> Vec<u32> {
        let objects = (0_u32..).take(self.starts.len() / self.width.max(1));
        let filled = objects.filter(|object| !self.row(lane, *object).is_empty());
        filled.collect()
    }

    /// Bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        4 * (self.starts.len() + self.ids.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_what_they_were() {
        let one = Adjacency::new(&[(0, 1, 0), (0, 2, 0), (3, 0, 0)]);
        let other = Adjacency::new(&[(1, 5, 0), (3, 4, 0), (3, 9, 0)]);
        let lanes = Lanes::new(&[one, other], 4);
        let row = |lane, object| lanes.row(lane, object).ids.to_vec();
        assert_eq!((row(0, 0), row(1, 0)), (vec![1, 2], vec![]));
        assert_eq!((row(0, 1), row(1, 1)), (vec![], vec![5]));
        assert_eq!((row(0, 3), row(1, 3)), (vec![0], vec![4, 9]));
        // Nobody has written about these.
        assert_eq!((row(0, 4), row(1, 5)), (vec![], vec![]));
        assert_eq!((lanes.keys(0), lanes.keys(1)), (vec![0, 3], vec![1, 3]));
    }
}
