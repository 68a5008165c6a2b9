//! The order in which changes are written.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{Action, plan::Change};
use crate::object::ObjectKey;

/// Sorts changes as [`super::Plan::changes`] promises.
pub(super) fn sort(changes: &mut [Change]) {
    let depths = rename_depths(changes);
    changes.sort_by(|a, b| {
        let rank = |change: &Change| match change.action {
            Action::Delete => (0, Reverse(Some(change.key.kind)), None, 0),
            Action::Create | Action::Update => {
                let depth = depths.get(&change.key).copied();
                (
                    1,
                    Reverse(None),
                    Some((change.key.kind, depth.is_none())),
                    depth.unwrap_or(0),
                )
            }
        };
        rank(a).cmp(&rank(b)).then_with(|| a.key.cmp(&b.key))
    });
}

/// How many renames must come before each rename, because they free the name it takes.
///
/// A rollback may swap names, so a walk ends where it comes round.
fn rename_depths(changes: &[Change]) -> BTreeMap<ObjectKey, usize> {
    let new_name_of: BTreeMap<ObjectKey, &ObjectKey> = changes
        .iter()
        .filter_map(|change| {
            let old = ObjectKey {
                kind: change.key.kind,
                name: change.renamed_from.clone()?,
            };
            Some((old, &change.key))
        })
        .collect();
    let mut depths: BTreeMap<ObjectKey, usize> = BTreeMap::new();
    for start in new_name_of.values() {
        let mut path = Vec::new();
        let mut at = *start;
        let mut depth = 0;
        loop {
            if let Some(known) = depths.get(at) {
                depth = *known + 1;
                break;
            }
            path.push(at);
            match new_name_of.get(at) {
                Some(next) if *next != *start => at = next,
                _ => break,
            }
        }
        for key in path.into_iter().rev() {
            depths.insert(key.clone(), depth);
            depth += 1;
        }
    }
    depths
}
