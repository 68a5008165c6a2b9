//! Which of the annotations `assay/moved-from` rename something, and which are history.

use std::collections::{BTreeMap, BTreeSet};

use super::{DesiredState, ObservedState, PlanError};
use crate::object::ObjectKey;

/// The renames of one plan.
///
/// A manifest `new` that was moved from `old` renames if
/// - `old` is there, and `new` is not or moves away itself,
/// - no manifest names `old`, unless as the new name of another object,
/// - and the object that has the name `new` does not say already that it was `old`.
///
/// Else the annotation tells of something that happened before, and may stay in the manifest for
/// as long as one likes.
#[derive(Debug, Default)]
pub(super) struct Renames {
    /// The old key of each new one.
    sources: BTreeMap<ObjectKey, ObjectKey>,
    /// The old keys.
    moving: BTreeSet<ObjectKey>,
}

impl Renames {
    pub(super) fn resolve(
        observed: &ObservedState,
        desired: &DesiredState,
    ) -> Result<Self, PlanError> {
        let mut sources = BTreeMap::new();
        for (new, (object, hash)) in &desired.objects {
            let Some(name) = object.moved_from() else {
                continue;
            };
            let old = ObjectKey {
                kind: new.kind,
                name: name.to_owned(),
            };
            if old == *new || !observed.objects.contains_key(&old) {
                continue;
            }
            if let Some(there) = observed.objects.get(new)
                && (there.hash == *hash || there.loaded(new)?.moved_from() == Some(name))
            {
                continue;
            }
            sources.insert(new.clone(), old);
        }

        // Each rename may hang on another one of the same chain: take away what cannot be until
        // nothing more falls.
        loop {
            let moving: BTreeSet<ObjectKey> = sources.values().cloned().collect();
            let before = sources.len();
            let targets: BTreeSet<ObjectKey> = sources.keys().cloned().collect();
            sources.retain(|new, old| {
                let is_free = !observed.objects.contains_key(new) || moving.contains(new);
                let leaves = !desired.objects.contains_key(old) || targets.contains(old);
                is_free && leaves
            });
            if sources.len() == before {
                let renames = Self { sources, moving };
                renames.refuse_contradictions()?;
                return Ok(renames);
            }
        }
    }

    fn refuse_contradictions(&self) -> Result<(), PlanError> {
        if self.moving.len() < self.sources.len() {
            let mut claims: BTreeMap<&ObjectKey, Vec<ObjectKey>> = BTreeMap::new();
            for (new, old) in &self.sources {
                claims.entry(old).or_default().push(new.clone());
            }
            if let Some((from, to)) = claims.into_iter().find(|(_, to)| to.len() > 1) {
                return Err(PlanError::RenamedTwice {
                    from: from.clone(),
                    to,
                });
            }
        }
        // Every old name has one new name here, so a walk along them either ends or comes round.
        let mut known_to_end: BTreeSet<&ObjectKey> = BTreeSet::new();
        for start in self.sources.keys() {
            let mut path = Vec::new();
            let mut at = start;
            while let Some(old) = self.sources.get(at) {
                if known_to_end.contains(at) {
                    break;
                }
                path.push(at);
                if old == start {
                    return Err(PlanError::RenameCycle(path.into_iter().cloned().collect()));
                }
                at = old;
            }
            known_to_end.extend(path);
        }
        Ok(())
    }

    /// The key that the object of this manifest has now, if it gets a new name.
    pub(super) fn source_of(&self, new: &ObjectKey) -> Option<&ObjectKey> {
        self.sources.get(new)
    }

    /// Whether the object of this key gets another name.
    pub(super) fn moves_away(&self, old: &ObjectKey) -> bool {
        self.moving.contains(old)
    }
}
