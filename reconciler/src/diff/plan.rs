//! The plan: what an apply would do, in order.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    DesiredState, Generation, ObservedState, Owner, PlanError, SetName, draft::Draft,
    rename::Renames,
};
use crate::object::{Object, ObjectKey, Spec};

/// What happens to an object.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema, PartialOrd, Ord,
)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// It is made.
    Create,
    /// Its content, name or owner changes.
    Update,
    /// It goes.
    Delete,
}

/// Why.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// The database has no such object.
    Missing,
    /// The manifest says something else than the database.
    Differs,
    /// The annotation `assay/moved-from` gave it a new name.
    Renamed,
    /// It belonged to `boot`, and the set names it now.
    Adopted,
    /// It belonged to another owner, and `--take-over` was given.
    TakenOver,
    /// The set owned it and no longer names it, and `--prune` was given.
    Pruned,
    /// It was deleted by name, through the admin API.
    Deleted,
    /// A rollback brings back what an earlier generation had, or takes away what it had not.
    RolledBack,
}

/// One object that changes.
#[derive(Clone, Debug)]
pub struct Change {
    /// What happens.
    pub action: Action,
    /// Kind and (new) name.
    pub key: ObjectKey,
    /// The id of the object that is there. Of an object that is made: the id it had before it was
    /// deleted, if a rollback brings it back, else `None` and the writer gives it one.
    pub id: Option<String>,
    /// The name it had, when it is renamed.
    pub renamed_from: Option<String>,
    /// Who owned it.
    pub owner_before: Option<Owner>,
    /// Who will own it, unless it goes.
    pub owner_after: Option<Owner>,
    /// What is there.
    pub before: Option<Object>,
    /// What will be there, with its hash.
    pub after: Option<(Arc<Object>, String)>,
    /// Why, at least one reason.
    pub reasons: Vec<Reason>,
    /// What people lose by it, once it was counted; see [`Change::ends_client`].
    pub ends: Option<Ended>,
}

/// What a client had that goes with it.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema,
)]
pub struct Ended {
    /// Sign-ins whose tokens are still good.
    pub grants: u64,
    /// Consents that are remembered.
    pub consents: u64,
}

impl Change {
    /// Whether it ends whatever a client holds: it goes, or is switched off.
    pub fn ends_client(&self) -> bool {
        let is_on = |object: &Object| match &object.spec {
            Spec::OidcClient(client) => client.enabled,
            _ => false,
        };
        match (&self.before, &self.after) {
            (Some(before), None) => matches!(before.spec, Spec::OidcClient(_)),
            (Some(before), Some((after, _))) => is_on(before) && !is_on(after),
            (None, _) => false,
        }
    }
}

/// What an apply would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The generation it was made against, and the only one it may be applied to.
    pub base: Generation,
    /// The set that it is for; none for changes by hand and for a rollback.
    pub set: Option<SetName>,
    /// What it may do to what is not the set's own.
    pub ownership: Ownership,
    /// The digest of the manifests.
    pub digest: String,
    /// The changes, in the order in which they can be written one by one: deletes first, so that
    /// whatever must be unique is free again (what refers before what is referred to), then each
    /// kind in the order of [`crate::kind::Kind::ALL`]: renames such that a name is freed before it
    /// is taken, then the rest by name.
    ///
    /// Whoever writes them set by set has to move renamed objects to names that nobody uses (such
    /// as their ids) first: a database may check uniqueness row by row, and a rollback may swap
    /// names.
    pub changes: Vec<Change>,
    /// How many of the named objects stay as they are.
    pub unchanged: usize,
    /// What the set owns and no longer names, and keeps because pruning was not asked for.
    pub unnamed: Vec<ObjectKey>,
}

/// What a plan may do beyond making and changing what is its own.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Ownership {
    /// Delete what the set owns and no longer names.
    pub prune: bool,
    /// Adopt what belongs to others.
    pub take_over: bool,
}

/// How many objects a plan makes, changes, deletes and leaves.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Objects that are made.
    pub create: usize,
    /// Objects whose content, name or owner changes.
    pub change: usize,
    /// Objects that go.
    pub delete: usize,
    /// Named objects that stay as they are.
    pub unchanged: usize,
}

impl Plan {
    /// The plan that turns `observed` into `desired`. What
    /// [`ObservedState::keys_to_load`] names must have been loaded.
    ///
    /// # Errors
    /// Every object of another owner that is named, unless it is to be taken over; renames that
    /// contradict each other; an outcome that does not hold together (see [`Plan::check`]).
    pub fn between(
        observed: &ObservedState,
        desired: &DesiredState,
        ownership: Ownership,
    ) -> Result<Self, PlanError> {
        let renames = Renames::resolve(observed, desired)?;
        let mut draft = Draft::new(observed, Owner::Set(desired.set.clone()), ownership);
        for (key, (object, hash)) in &desired.objects {
            draft.put(key, object, hash, renames.source_of(key))?;
        }
        let mut unnamed = Vec::new();
        for (key, found) in &observed.objects {
            let gone = !desired.objects.contains_key(key) && !renames.moves_away(key);
            if gone && found.owner == draft.owner {
                if ownership.prune {
                    draft.delete(key, Reason::Pruned)?;
                } else {
                    unnamed.push(key.clone());
                }
            }
        }
        let plan = Self {
            set: Some(desired.set.clone()),
            digest: desired.digest.clone(),
            unnamed,
            ..draft.finish(PlanError::Owned)?
        };
        plan.check(observed, |key| {
            desired.objects.get(key).map(|(object, _)| &**object)
        })?;
        Ok(plan)
    }

    /// The plan of changes made by hand: `owner` writes `upserts` and deletes `deletes`, and
    /// touches nothing else. All of these keys must have been loaded, as must every `Module` and
    /// every object of a kind that is touched.
    ///
    /// Names in `deletes` that are not there are passed over.
    ///
    /// # Errors
    /// As [`Plan::between`].
    pub fn by_hand(
        observed: &ObservedState,
        owner: Owner,
        upserts: &DesiredState,
        deletes: &[ObjectKey],
        ownership: Ownership,
    ) -> Result<Self, PlanError> {
        let mut draft = Draft::new(observed, owner, ownership);
        for (key, (object, hash)) in &upserts.objects {
            draft.put(key, object, hash, None)?;
        }
        for key in deletes {
            if !upserts.objects.contains_key(key) {
                draft.delete(key, Reason::Deleted)?;
            }
        }
        let plan = Self {
            digest: upserts.digest.clone(),
            ..draft.finish(PlanError::Managed)?
        };
        plan.check(observed, |key| {
            upserts.objects.get(key).map(|(object, _)| &**object)
        })?;
        Ok(plan)
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The counts.
    pub fn summary(&self) -> Summary {
        let count = |action| self.changes.iter().filter(|c| c.action == action).count();
        Summary {
            create: count(Action::Create),
            change: count(Action::Update),
            delete: count(Action::Delete),
            unchanged: self.unchanged,
        }
    }
}
