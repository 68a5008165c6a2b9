//! What holds for every plan.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    Action, DesiredState, ObservedState, Owner, Ownership, Plan, PlanDocument, PlanError,
    fixture::{admin_key, apply_to, client, module, moved_from, observed, set},
};
use crate::{kind::Kind, object::Object};

/// Few names, so that objects meet.
fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c", "d"])
}

fn some_object() -> impl Strategy<Value = Object> {
    let clients = (name(), name(), prop::option::of(name())).prop_map(|(name, content, old)| {
        let object = client(name, content);
        match old {
            Some(old) => moved_from(old, object),
            None => object,
        }
    });
    let modules = (
        prop::sample::select(vec!["passkey", "password", "zanzibar"]),
        any::<bool>(),
    )
        .prop_map(|(name, enabled)| module(name, enabled));
    let keys = (name(), any::<bool>()).prop_map(|(name, is_root)| {
        admin_key(name, if is_root { &["*"] } else { &["config.read"] })
    });
    prop_oneof![4 => clients, 1 => modules, 1 => keys]
}

fn objects() -> impl Strategy<Value = Vec<Object>> {
    prop::collection::vec(some_object(), 0..8)
}

fn owner() -> impl Strategy<Value = Owner> {
    prop::sample::select(vec![
        set("default"),
        set("default"),
        set("other"),
        Owner::Boot,
        Owner::AdminApi,
    ])
}

fn database() -> impl Strategy<Value = ObservedState> {
    prop::collection::vec((owner(), some_object()), 0..8).prop_map(observed)
}

fn ownership() -> impl Strategy<Value = Ownership> {
    (any::<bool>(), any::<bool>()).prop_map(|(prune, take_over)| Ownership { prune, take_over })
}

/// Only what the engine would have loaded.
fn as_loaded(there: &ObservedState, desired: &DesiredState, ownership: Ownership) -> ObservedState {
    let keys = there.keys_to_load(desired, ownership.prune);
    let mut loaded = there.clone();
    for (key, found) in &mut loaded.objects {
        if !keys.contains(key) {
            found.object = None;
        }
    }
    loaded
}

fn state(objects: Vec<Object>) -> DesiredState {
    DesiredState::new("default".parse().unwrap(), objects).unwrap()
}

fn ids(state: &ObservedState) -> BTreeMap<&str, (String, Owner)> {
    state
        .objects
        .iter()
        .map(|(key, found)| (found.id.as_str(), (key.to_string(), found.owner.clone())))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// What is loaded suffices; and what is applied once is not planned again.
    #[test]
    fn planning_after_applying_finds_nothing(
        there in database(), wanted in objects(), ownership in ownership(),
    ) {
        let wanted = state(wanted);
        let loaded = as_loaded(&there, &wanted, ownership);
        match Plan::between(&loaded, &wanted, ownership) {
            Ok(plan) => {
                let after = apply_to(&there, &plan);
                let again = Plan::between(&as_loaded(&after, &wanted, ownership), &wanted, ownership).unwrap();
                prop_assert!(again.is_empty(), "{:?}", again.changes);
                prop_assert_eq!(again.unchanged, wanted.objects.len());
                for (key, (object, _)) in &wanted.objects {
                    prop_assert_eq!(after.objects[key].object.as_ref(), Some(&**object));
                    prop_assert_eq!(&after.objects[key].owner, &set("default"));
                }
            }
            Err(PlanError::NotLoaded(key)) => prop_assert!(false, "{key} was not asked for"),
            Err(_) => {}
        }
    }

    /// Applying a state to an empty database and planning it again finds nothing, in any order.
    #[test]
    fn the_order_of_manifests_does_not_matter(
        there in database(), wanted in objects(), ownership in ownership(), seed in any::<u64>(),
    ) {
        let mut by_key = BTreeMap::new();
        for object in wanted {
            by_key.insert(object.key(), object);
        }
        let forwards: Vec<Object> = by_key.into_values().collect();
        let mut shuffled = forwards.clone();
        if !shuffled.is_empty() {
            let by = usize::try_from(seed % shuffled.len() as u64).unwrap();
            shuffled.rotate_left(by);
        }
        let one = Plan::between(&there, &state(forwards), ownership);
        let other = Plan::between(&there, &state(shuffled), ownership);
        match (one, other) {
            (Ok(one), Ok(other)) => prop_assert_eq!(
                PlanDocument::new(&one, &[]).unwrap(),
                PlanDocument::new(&other, &[]).unwrap()
            ),
            (one, other) => prop_assert_eq!(
                one.err().map(|e| e.to_string()),
                other.err().map(|e| e.to_string())
            ),
        }
    }

    /// Nothing of another owner is touched unless it is taken over, and never pruned.
    #[test]
    fn others_keep_what_is_theirs(
        there in database(), wanted in objects(), prune in any::<bool>(), take_over in any::<bool>(),
    ) {
        let ownership = Ownership { prune, take_over };
        if let Ok(plan) = Plan::between(&there, &state(wanted), ownership) {
            for change in &plan.changes {
                let theirs = matches!(&change.owner_before, Some(owner) if *owner != set("default") && *owner != Owner::Boot);
                prop_assert!(!theirs || (take_over && change.action == Action::Update));
                prop_assert!(prune || change.action != Action::Delete);
            }
        }
    }

    /// An object that is renamed is the same object.
    #[test]
    fn ids_survive_all_but_deletion(
        there in database(), wanted in objects(), ownership in ownership(),
    ) {
        if let Ok(plan) = Plan::between(&there, &state(wanted), ownership) {
            let after = apply_to(&there, &plan);
            let deleted: Vec<_> = plan.changes.iter().filter(|c| c.action == Action::Delete).collect();
            for id in ids(&there).keys() {
                let is_deleted = deleted.iter().any(|change| change.id.as_deref() == Some(*id));
                prop_assert_eq!(ids(&after).contains_key(id), !is_deleted);
            }
            for change in plan.changes.iter().filter(|c| c.renamed_from.is_some()) {
                prop_assert_eq!(change.key.kind, Kind::OidcClient);
                let id = change.id.as_deref().unwrap();
                prop_assert_eq!(after.objects[&change.key].id.as_str(), id);
            }
        }
    }
}
