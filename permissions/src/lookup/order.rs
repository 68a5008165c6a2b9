//! Numbers in the order of their names.

use crate::{index::Snapshot, plan::TypeId};

/// The objects of one type in a list, of which up to two may be named by the question alone.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) of: TypeId,
    /// What one is called that no tuple names.
    pub(super) stranger: &'a str,
}

impl<'a> Named<'a> {
    pub(super) fn name(self, number: u32) -> &'a str {
        if number < self.snapshot.count(self.of) {
            self.snapshot.name(self.of, number)
        } else {
            self.stranger
        }
    }

    /// Those of `numbers`, which are in order, whose name comes after `after`, in the order of names.
    pub(super) fn in_order(
        self,
        numbers: impl Iterator<Item = u32>,
        after: Option<&str>,
    ) -> Vec<u32> {
        // Numbers of the base are in the order of names already; the few that came later are not.
        let base = self.snapshot.base_count(self.of);
        let first = after.map_or(0, |after| self.snapshot.first_after(self.of, after));
        let mut numbers: Vec<u32> = numbers.filter(|number| *number >= first).collect();
        let later = numbers.partition_point(|number| *number < base);
        let mut others = numbers.split_off(later);
        others.retain(|number| after.is_none_or(|after| self.name(*number) > after));
        if !others.is_empty() {
            numbers.append(&mut others);
            // Two runs, of which the first is sorted: that is quick.
            numbers.sort_by(|a, b| self.name(*a).cmp(self.name(*b)));
        }
        numbers
    }
}
