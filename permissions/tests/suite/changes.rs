//! A snapshot stays what it is, and what comes after a change is as if it had always been so.

use std::collections::BTreeMap;

use assay_permissions::{Change, Snapshot, Tuple};
use serde_json::json;

use crate::{
    agreement::ask,
    generate::{self, Chance},
    world::{World, plan, tuple, types},
};

fn sorted(snapshot: &Snapshot) -> Vec<String> {
    let all = snapshot.tuples();
    let mut all: Vec<_> = all
        .map(|tuple| format!("{tuple} {:?} {:?}", tuple.caveat, tuple.expires_at))
        .collect();
    all.sort();
    all
}

#[test]
fn a_change_gives_another_snapshot() {
    let spec = json!({
        "user": {},
        "document": { "relations": { "viewer": types(&["user", "user:*"]) } },
    });
    let world = World::new(spec, &["document:1#viewer@user:ada"]);
    let before = world.snapshot.clone();
    let change = [
        Change::Delete(tuple("document:1#viewer@user:ada")),
        Change::Delete(tuple("document:1#viewer@user:nobody")),
        Change::Touch(tuple("document:1#viewer@user:bob")),
        Change::Touch(tuple("document:1#viewer@user:bob")),
        Change::Touch(tuple("document:2#viewer@user:*")),
    ];
    let after = World {
        snapshot: before.apply(&change).unwrap(),
        ..world
    };
    assert!(!after.has("document:1#viewer@user:ada"));
    assert!(after.has("document:1#viewer@user:bob"));
    assert!(after.has("document:2#viewer@user:ada"));
    assert_eq!((before.len(), after.snapshot.len()), (1, 2));
    assert_eq!(sorted(&before), ["document:1#viewer@user:ada None None"]);

    let refused = [
        change[2].clone(),
        Change::Touch(tuple("document:1#viewer@document:2")),
    ];
    assert!(before.apply(&refused).is_err());
    assert_eq!(before.len(), 1);
}

#[test]
fn of_two_tuples_that_say_the_same_the_later_counts() {
    let spec = json!({
        "user": {},
        "document": {
            "relations": { "viewer": types(&["user", "user with expiration"]) },
        },
    });
    let ada = "document:1#viewer@user:ada";
    let tuples = [crate::world::until(ada, 5), tuple(ada)];
    let world = World::of(spec.clone(), tuples.clone());
    assert_eq!((world.has(ada), world.snapshot.len()), (true, 1));
    let world = World::of(spec, tuples.into_iter().rev());
    assert_eq!((world.has(ada), world.snapshot.len()), (false, 1));
}

/// Whether tuples come at once, one by one, or are taken away again, is all the same.
#[test]
fn changes_lead_where_loading_leads() {
    for seed in 0..200 {
        let mut chance = Chance::new(seed + 77_000);
        let namespaces = generate::schema(&mut chance);
        let plan = plan(&namespaces);
        let mut live: BTreeMap<String, Tuple> = BTreeMap::new();
        let mut changed = Snapshot::load(plan.clone(), []).unwrap();
        for round in 0..6 {
            let mut changes = Vec::new();
            for tuple in generate::tuples(&mut chance, &namespaces) {
                if chance.below(3) == 0 {
                    let at = chance.below(live.len() + 1);
                    if let Some(gone) = live.values().nth(at).cloned() {
                        live.remove(&gone.to_string());
                        changes.push(Change::Delete(gone));
                    }
                }
                live.insert(tuple.to_string(), tuple.clone());
                changes.push(Change::Touch(tuple));
            }
            changed = changed.apply(&changes).unwrap();
            if round == 3 {
                changed = changed.rebuilt(plan.clone()).unwrap();
                assert_eq!(changed.changes(), 0);
            }
        }
        let loaded = Snapshot::load(plan, live.into_values()).unwrap();
        assert_eq!(sorted(&changed), sorted(&loaded), "seed {seed}");
        assert_eq!(changed.len(), loaded.len(), "seed {seed}");
        let context = generate::context(&mut chance, true);
        for (namespace, id) in generate::objects() {
            let spec = &namespaces[&namespace];
            for name in spec.relations.keys().chain(spec.permissions.keys()) {
                let key = (namespace.clone(), id.clone(), name.clone());
                let subject = &generate::subjects()[chance.below(16)];
                assert_eq!(
                    ask(&changed, &key, subject, &context).is_ok(),
                    ask(&loaded, &key, subject, &context).is_ok(),
                );
                if let Ok(said) = ask(&changed, &key, subject, &context) {
                    assert_eq!(
                        Ok(said),
                        ask(&loaded, &key, subject, &context),
                        "seed {seed}"
                    );
                }
            }
        }
    }
}

/// Closures are kept from one snapshot to the next: only where nothing they are made of changed.
#[test]
fn what_was_worked_out_before_a_change_is_not_used_after_it() {
    let spec = json!({
        "user": {},
        "group": { "relations": { "member": types(&["user", "group#member"]) } },
        "document": {
            "relations": {
                "viewer": types(&["user", "group#member"]),
                "banned": types(&["group#member"]),
            },
            "permissions": { "view": "viewer - banned" },
        },
    });
    let tuples = [
        "document:1#viewer@group:a#member",
        "document:1#banned@group:out#member",
        "group:a#member@group:b#member",
        "group:b#member@user:ada",
    ];
    let mut world = World::new(spec, &tuples);
    let ada = "document:1#view@user:ada";
    let touch = |text| Change::Touch(tuple(text));
    let delete = |text| Change::Delete(tuple(text));
    for (change, expected) in [
        (touch("document:2#viewer@user:new"), true),
        (delete("group:b#member@user:ada"), false),
        (touch("group:a#member@user:ada"), true),
        (touch("group:out#member@group:a#member"), false),
        (delete("document:1#banned@group:out#member"), true),
        (delete("group:a#member@user:ada"), false),
    ] {
        world.has(ada);
        let before = world.snapshot.clone();
        let was = world.has(ada);
        world.snapshot = world.snapshot.apply(std::slice::from_ref(&change)).unwrap();
        assert_eq!(world.has(ada), expected, "{change:?}");
        // A newcomer does not get what was found for one that nobody knew.
        assert!(world.has("document:2#view@user:new"));
        assert!(!world.has("document:1#view@user:stranger"));
        world.snapshot = before;
        assert_eq!(world.has(ada), was);
        world.snapshot = world.snapshot.apply(&[change]).unwrap();
    }
}
