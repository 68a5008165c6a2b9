//! A plan in the making for one owner.

use std::sync::Arc;

use super::{
    Action, Change, Conflict, ObservedState, Owner, Plan, PlanError, Reason, plan::Ownership,
};
use crate::object::{Object, ObjectKey};

/// What is decided so far.
pub(super) struct Draft<'a> {
    observed: &'a ObservedState,
    pub(super) owner: Owner,
    ownership: Ownership,
    changes: Vec<Change>,
    conflicts: Vec<Conflict>,
    unchanged: usize,
}

impl<'a> Draft<'a> {
    pub(super) fn new(observed: &'a ObservedState, owner: Owner, ownership: Ownership) -> Self {
        Self {
            observed,
            owner,
            ownership,
            changes: Vec::new(),
            conflicts: Vec::new(),
            unchanged: 0,
        }
    }

    /// `object` shall be there under `key`; it may be the object `renamed_from` under its new name.
    pub(super) fn put(
        &mut self,
        key: &ObjectKey,
        object: &Arc<Object>,
        hash: &str,
        renamed_from: Option<&ObjectKey>,
    ) -> Result<(), PlanError> {
        let at = renamed_from.unwrap_or(key);
        let Some(found) = self.observed.objects.get(at) else {
            self.changes.push(Change {
                action: Action::Create,
                key: key.clone(),
                id: None,
                renamed_from: None,
                owner_before: None,
                owner_after: Some(self.owner.clone()),
                before: None,
                after: Some((Arc::clone(object), hash.to_owned())),
                reasons: vec![Reason::Missing],
                ends: None,
            });
            return Ok(());
        };
        let mut reasons = Vec::new();
        if at != key {
            reasons.push(Reason::Renamed);
        }
        reasons.extend(self.claim(at, &found.owner));
        // The hash is the fast path. Where it differs, the content decides: a version that adds a
        // field with a default changes every hash and no content.
        if reasons.is_empty() && found.hash == hash {
            self.unchanged += 1;
            return Ok(());
        }
        let before = found.loaded(at)?;
        if !before.says_the_same_as(object) {
            reasons.push(Reason::Differs);
        }
        if reasons.is_empty() {
            self.unchanged += 1;
            return Ok(());
        }
        self.changes.push(Change {
            action: Action::Update,
            key: key.clone(),
            id: Some(found.id.clone()),
            renamed_from: (at != key).then(|| at.name.clone()),
            owner_before: Some(found.owner.clone()),
            owner_after: Some(self.owner.clone()),
            before: Some(before.clone()),
            after: Some((Arc::clone(object), hash.to_owned())),
            reasons,
            ends: None,
        });
        Ok(())
    }

    /// What is under `key` shall go.
    pub(super) fn delete(&mut self, key: &ObjectKey, reason: Reason) -> Result<(), PlanError> {
        let Some(found) = self.observed.objects.get(key) else {
            return Ok(());
        };
        let mut reasons = vec![reason];
        reasons.extend(self.claim(key, &found.owner));
        self.changes.push(Change {
            action: Action::Delete,
            key: key.clone(),
            id: Some(found.id.clone()),
            renamed_from: None,
            owner_before: Some(found.owner.clone()),
            owner_after: None,
            before: Some(found.loaded(key)?.clone()),
            after: None,
            reasons,
            ends: None,
        });
        Ok(())
    }

    /// Why the object may be touched though it is not this owner's own; notes a conflict if it may
    /// not.
    fn claim(&mut self, key: &ObjectKey, owner: &Owner) -> Option<Reason> {
        if *owner == self.owner {
            return None;
        }
        if owner.is_adoptable() {
            return Some(Reason::Adopted);
        }
        if !self.ownership.take_over {
            self.conflicts.push(Conflict {
                key: key.clone(),
                owner: owner.clone(),
            });
        }
        Some(Reason::TakenOver)
    }

    pub(super) fn finish(
        mut self,
        refusal: fn(Vec<Conflict>) -> PlanError,
    ) -> Result<Plan, PlanError> {
        if !self.conflicts.is_empty() {
            return Err(refusal(self.conflicts));
        }
        super::order::sort(&mut self.changes);
        Ok(Plan {
            base: self.observed.generation,
            set: None,
            ownership: self.ownership,
            digest: String::new(),
            changes: self.changes,
            unchanged: self.unchanged,
            unnamed: Vec::new(),
        })
    }
}
