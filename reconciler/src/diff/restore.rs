//! The way back: a plan that restores what an earlier generation held.

use std::{collections::BTreeMap, sync::Arc};

use super::{Action, Change, ObservedState, Owner, Plan, PlanError, Reason, plan::Ownership};
use crate::object::{Object, ObjectKey};

/// An object as an earlier generation held it.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The id it had, and will have.
    pub id: String,
    /// Who owned it, and will own it.
    pub owner: Owner,
    /// The object, with secrets in their stored form.
    pub object: Object,
    /// The hash it was stored with.
    pub hash: String,
}

impl Plan {
    /// The plan that brings back `target`: all objects of an earlier generation, of all owners but
    /// [`Owner::Registration`], and nothing else. Objects are known by their ids, so that names,
    /// owners and what was deleted come back as they were. `observed` must be loaded whole. `digest`
    /// is the digest of the generation that comes back.
    ///
    /// # Errors
    /// An outcome that does not hold together (see [`Plan::check`]): this version may demand more
    /// than the one that wrote it.
    pub fn restoring(
        observed: &ObservedState,
        target: &[Restored],
        digest: &str,
    ) -> Result<Self, PlanError> {
        let mut there: BTreeMap<&str, _> = observed
            .objects
            .iter()
            .filter(|(_, found)| found.owner != Owner::Registration)
            .map(|(key, found)| (found.id.as_str(), (key, found)))
            .collect();
        let mut changes = Vec::new();
        let mut unchanged = 0;
        // What registered itself stays as it is, and what a set has taken over since goes back.
        let target: Vec<&Restored> = target
            .iter()
            .filter(|restored| {
                restored.owner != Owner::Registration || there.contains_key(restored.id.as_str())
            })
            .collect();
        for restored in &target {
            let key = restored.object.key();
            let mut change = Change {
                action: Action::Create,
                key: key.clone(),
                id: Some(restored.id.clone()),
                renamed_from: None,
                owner_before: None,
                owner_after: Some(restored.owner.clone()),
                before: None,
                after: Some((Arc::new(restored.object.clone()), restored.hash.clone())),
                reasons: vec![Reason::RolledBack],
                ends: None,
            };
            if let Some((old_key, found)) = there.remove(restored.id.as_str()) {
                let before = found.loaded(old_key)?;
                if *old_key == key
                    && found.owner == restored.owner
                    && before.says_the_same_as(&restored.object)
                {
                    unchanged += 1;
                    continue;
                }
                change.action = Action::Update;
                change.renamed_from = (*old_key != key).then(|| old_key.name.clone());
                change.owner_before = Some(found.owner.clone());
                change.before = Some(before.clone());
            }
            changes.push(change);
        }
        for (id, (key, found)) in there {
            changes.push(Change {
                action: Action::Delete,
                key: key.clone(),
                id: Some(id.to_owned()),
                renamed_from: None,
                owner_before: Some(found.owner.clone()),
                owner_after: None,
                before: Some(found.loaded(key)?.clone()),
                after: None,
                reasons: vec![Reason::RolledBack],
                ends: None,
            });
        }
        super::order::sort(&mut changes);
        let plan = Self {
            base: observed.generation,
            set: None,
            ownership: Ownership::default(),
            digest: digest.to_owned(),
            changes,
            unchanged,
            unnamed: Vec::new(),
        };
        let said: BTreeMap<ObjectKey, &Object> = target
            .iter()
            .map(|restored| (restored.object.key(), &restored.object))
            .collect();
        plan.check(observed, |key| said.get(key).copied())?;
        Ok(plan)
    }
}
