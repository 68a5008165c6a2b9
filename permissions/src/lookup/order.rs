//! Numbers in the order of their names.

use crate::{index::Snapshot, plan::TypeId};

/// Those of `numbers` whose name comes after `after`, in the order of names.
pub(super) fn by_name(
    snapshot: &Snapshot,
    of: TypeId,
    mut numbers: Vec<u32>,
    after: Option<&str>,
) -> Vec<u32> {
    numbers.sort_unstable();
    numbers.dedup();
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
