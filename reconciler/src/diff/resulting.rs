//! The configuration as it will be when a plan is applied.

use std::collections::{BTreeMap, BTreeSet};

use super::{ObservedState, Owner, Plan, PlanError};
use crate::{
    kind::Kind,
    object::{Object, ObjectKey},
};

/// An object as it will be.
#[derive(Clone, Copy, Debug)]
pub struct ResultingObject<'a> {
    /// Whose it will be.
    pub owner: &'a Owner,
    /// What it says. `None` where neither the database's form was loaded nor a manifest says it.
    pub object: Option<&'a Object>,
    /// Whether the plan makes or changes it.
    pub is_touched: bool,
}

impl<'a> ResultingObject<'a> {
    /// What it says.
    ///
    /// # Errors
    /// It was not loaded, and no manifest says it.
    pub(super) fn loaded(self, key: &ObjectKey) -> Result<&'a Object, PlanError> {
        self.object.ok_or_else(|| PlanError::NotLoaded(key.clone()))
    }
}

/// The whole configuration as it will be when a plan is applied, of all owners: what checks that
/// look across sets need.
///
/// [`ObservedState::keys_to_load`] sees to it that every `Module` is loaded; every
/// `ZanzibarNamespace` and `AdminKey` if the plan touches one; and every `OidcClient` if the plan
/// touches `Module/jwt`.
#[derive(Debug)]
pub struct Resulting<'a> {
    objects: BTreeMap<&'a ObjectKey, ResultingObject<'a>>,
    touched: BTreeSet<&'a ObjectKey>,
}

impl<'a> Resulting<'a> {
    /// What `observed` becomes through `plan`. `said` gives what is known of objects that stay as
    /// they are, and so were not loaded: what the manifests say.
    pub fn of(
        observed: &'a ObservedState,
        plan: &'a Plan,
        said: impl Fn(&ObjectKey) -> Option<&'a Object>,
    ) -> Self {
        let mut objects: BTreeMap<&ObjectKey, ResultingObject<'_>> = observed
            .objects
            .iter()
            .map(|(key, found)| {
                let there = ResultingObject {
                    owner: &found.owner,
                    object: found.object.as_ref().or_else(|| said(key)),
                    is_touched: false,
                };
                (key, there)
            })
            .collect();
        let ids: BTreeMap<&str, &ObjectKey> = if plan.changes.is_empty() {
            BTreeMap::new()
        } else {
            let by_id =
                |(key, found): (&'a ObjectKey, &'a super::ObservedObject)| (found.id.as_str(), key);
            observed.objects.iter().map(by_id).collect()
        };
        for change in &plan.changes {
            if let Some(key) = change.id.as_deref().and_then(|id| ids.get(id)) {
                objects.remove(key);
            }
        }
        for change in &plan.changes {
            if let (Some((object, _)), Some(owner)) = (&change.after, &change.owner_after) {
                let there = ResultingObject {
                    owner,
                    object: Some(object),
                    is_touched: true,
                };
                objects.insert(&change.key, there);
            }
        }
        Self {
            objects,
            touched: plan.changes.iter().map(|change| &change.key).collect(),
        }
    }

    /// Every object, by kind and name.
    pub fn iter(&self) -> impl Iterator<Item = (&'a ObjectKey, ResultingObject<'a>)> {
        self.objects.iter().map(|(key, object)| (*key, *object))
    }

    /// The objects of one kind, by name.
    pub fn of_kind(
        &self,
        kind: Kind,
    ) -> impl Iterator<Item = (&'a ObjectKey, ResultingObject<'a>)> {
        self.iter().filter(move |(key, _)| key.kind == kind)
    }

    /// One object.
    pub fn get(&self, key: &ObjectKey) -> Option<ResultingObject<'a>> {
        self.objects.get(key).copied()
    }

    /// Whether the plan makes, changes or deletes an object of this kind.
    pub fn touches(&self, kind: Kind) -> bool {
        self.touched.iter().any(|key| key.kind == kind)
    }

    /// Whether the plan makes, changes or deletes this object.
    pub fn touches_object(&self, key: &ObjectKey) -> bool {
        self.touched.contains(key)
    }
}
