//! Objects and states for the tests of this folder.

use serde_json::{Value, json};

use super::{DesiredState, Generation, ObservedObject, ObservedState, Owner, Plan};
use crate::{
    kind::Kind,
    object::{MOVED_FROM, Metadata, Object, ObjectKey, Spec},
};

pub(super) fn object(kind: Kind, name: &str, spec: Value) -> Object {
    Object {
        metadata: Metadata {
            name: name.to_owned(),
            labels: [].into(),
            annotations: [].into(),
        },
        spec: Spec::decode(kind, name, spec).unwrap(),
    }
}

pub(super) fn client(name: &str, display_name: &str) -> Object {
    object(
        Kind::OidcClient,
        name,
        json!({ "displayName": display_name }),
    )
}

pub(super) fn moved_from(old: &str, mut object: Object) -> Object {
    object
        .metadata
        .annotations
        .insert(MOVED_FROM.to_owned(), old.to_owned());
    object
}

pub(super) fn module(name: &str, enabled: bool) -> Object {
    object(Kind::Module, name, json!({ "enabled": enabled }))
}

/// The key whose plain text is its name.
pub(super) fn admin_key(name: &str, permissions: &[&str]) -> Object {
    let hash = crate::spec::admin_key::KeyHash::of(name);
    object(
        Kind::AdminKey,
        name,
        json!({ "hash": hash.as_str(), "permissions": permissions }),
    )
}

pub(super) fn key(kind: Kind, name: &str) -> ObjectKey {
    ObjectKey {
        kind,
        name: name.to_owned(),
    }
}

pub(super) fn set(name: &str) -> Owner {
    Owner::Set(name.parse().unwrap())
}

pub(super) fn desired(objects: impl IntoIterator<Item = Object>) -> DesiredState {
    DesiredState::new("default".parse().unwrap(), objects.into_iter().collect()).unwrap()
}

/// The id that [`observed`] gives an object.
pub(super) fn id_of(object: &Object) -> String {
    match object.kind() {
        Kind::OidcClient => format!("id-{}", object.name()),
        kind => format!("id-{kind}-{}", object.name()),
    }
}

/// A database with these objects.
pub(super) fn observed(objects: impl IntoIterator<Item = (Owner, Object)>) -> ObservedState {
    let row = |(owner, object): (Owner, Object)| {
        let stored = ObservedObject {
            id: id_of(&object),
            owner,
            hash: object.hash().unwrap(),
            object: Some(object.clone()),
        };
        (object.key(), stored)
    };
    ObservedState {
        generation: Generation(7),
        objects: objects.into_iter().map(row).collect(),
    }
}

/// What an engine does: writes the changes one by one, in their order, and refuses a name that is
/// taken at that moment.
pub(super) fn apply_to(observed: &ObservedState, plan: &Plan) -> ObservedState {
    let mut state = observed.clone();
    for change in &plan.changes {
        if let Some(id) = &change.id {
            state.objects.retain(|_, found| found.id != *id);
        }
        if let Some((object, hash)) = &change.after {
            let stored = ObservedObject {
                id: change
                    .id
                    .clone()
                    .unwrap_or_else(|| format!("{}-{}", id_of(object), plan.base.next())),
                owner: change.owner_after.clone().unwrap(),
                hash: hash.clone(),
                object: Some(Object::clone(object)),
            };
            let replaced = state.objects.insert(change.key.clone(), stored);
            assert!(replaced.is_none(), "{} was taken", change.key);
        }
    }
    state.generation = state.generation.next();
    state
}
