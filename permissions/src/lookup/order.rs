//! Numbers in the order of their names.

use crate::{index::Snapshot, plan::TypeId};

/// The numbers that are marked and whose name comes after `after`, in the order of names.
pub(super) fn by_name(
    snapshot: &Snapshot,
    of: TypeId,
    marks: &[u8],
    after: Option<&str>,
) -> Vec<u32> {
    let known = (0..snapshot.count(of)).zip(marks);
    let marked = known
        .filter(|(_, mark)| **mark > 0)
        .map(|(number, _)| number);
    sorted(snapshot, of, marked.collect(), after)
}

/// Those of `numbers`, which are in order, whose name comes after `after`, in the order of names.
pub(super) fn sorted(
    snapshot: &Snapshot,
    of: TypeId,
    mut numbers: Vec<u32>,
    after: Option<&str>,
) -> Vec<u32> {
    // Numbers of the base are in the order of names already; the few that came later are not.
    let later = numbers.partition_point(|number| *number < snapshot.base_count(of));
    if later < numbers.len() {
        numbers.sort_by(|a, b| snapshot.name(of, *a).cmp(snapshot.name(of, *b)));
    }
    if let Some(after) = after {
        let gone = numbers.partition_point(|number| snapshot.name(of, *number) <= after);
        numbers.drain(..gone);
    }
    numbers
}
