//! What other engines got wrong, each with the advisory or the thread it came from in mind.

use assay_permissions::{Answer, Change, CheckError, Snapshot, TupleError};
use serde_json::{Value, json};

use crate::world::{World, namespaces, plan, tuple, types, until, with_caveat};

fn documents() -> Value {
    json!({
        "user": {},
        "group": {
            "relations": {
                "admin": types(&["user"]),
                "member": types(&["user", "group#member", "group#admin"]),
            },
        },
        "document": {
            "relations": {
                "viewer": types(&["user", "user:*", "group#member"]),
                "banned": types(&["user", "user:*", "group#member"]),
                "parent": types(&["document"]),
            },
            "permissions": {
                "view": "viewer - banned",
                "read": "(viewer + parent->read) - banned",
                "strict": "parent.all(viewer)",
            },
        },
    })
}

fn conditional(parameters: &[&str]) -> Answer {
    let parameters = parameters.iter().map(|name| (*name).to_owned());
    Answer::Conditional(parameters.collect())
}

/// A cycle guard that keeps the object and forgets the relation cuts the way to the ban.
#[test]
fn a_ban_through_two_relations_of_one_group_counts() {
    let world = World::new(
        documents(),
        &[
            "document:1#viewer@user:eve",
            "document:1#banned@group:a#member",
            "group:a#member@group:a#admin",
            "group:a#admin@user:eve",
        ],
    );
    assert!(!world.has("document:1#view@user:eve"));
    assert!(world.has("document:1#viewer@user:eve"));
}

#[test]
fn everyone_can_be_let_in_and_kept_out() {
    let world = World::new(
        documents(),
        &[
            "document:1#viewer@user:*",
            "document:1#banned@user:eve",
            "document:2#viewer@user:ada",
            "document:2#banned@user:*",
        ],
    );
    assert!(world.has("document:1#view@user:ada"));
    assert!(world.has("document:1#view@user:nobody_wrote_about"));
    assert!(world.has("document:1#view@user:*"));
    assert!(!world.has("document:1#view@user:eve"));
    assert!(!world.has("document:2#view@user:ada"));
    // Everyone of a type is not everyone of another, and no userset.
    assert!(!world.has("document:1#view@group:a"));
    assert!(!world.has("document:1#view@group:a#member"));
}

#[test]
fn a_wildcard_is_no_object_and_no_userset() {
    let world = World::new(documents(), &[]);
    assert_eq!(
        world.check("document:1#view@group:*#member"),
        Err(CheckError::WildcardUserset(
            "group".to_owned(),
            "member".to_owned()
        ))
    );
    for text in [
        "document:*#viewer@user:ada",
        "document:1#viewer@group:*#member",
    ] {
        let change = Change::Touch(tuple(text));
        assert!(
            matches!(world.snapshot.apply(&[change]), Err(TupleError::Id { .. })),
            "{text}"
        );
    }
}

#[test]
fn a_userset_is_a_subject_by_its_name() {
    let world = World::new(
        documents(),
        &[
            "document:1#viewer@group:a#member",
            "group:a#member@group:b#member",
        ],
    );
    assert!(world.has("document:1#view@group:a#member"));
    assert!(world.has("document:1#view@group:b#member"));
    assert!(!world.has("document:1#view@group:c#member"));
    assert!(!world.has("document:1#view@group:a#admin"));
    assert!(world.has("group:z#member@group:z#member"));
}

#[test]
fn a_cycle_grants_what_any_of_it_grants() {
    let world = World::new(
        documents(),
        &[
            "group:a#member@group:b#member",
            "group:b#member@group:c#member",
            "group:c#member@group:a#member",
            "group:b#member@user:ada",
            "document:1#viewer@group:c#member",
        ],
    );
    assert!(world.has("document:1#view@user:ada"));
    assert!(!world.has("document:1#view@user:eve"));
}

#[test]
fn a_cycle_through_an_exclusion_is_an_error_and_no_answer() {
    let spec = json!({
        "user": {},
        "folder": {
            "relations": { "parent": types(&["folder"]), "viewer": types(&["user"]) },
            "permissions": { "odd": "viewer - parent->odd" },
        },
    });
    let tuples = [
        "folder:a#viewer@user:ada",
        "folder:b#viewer@user:ada",
        "folder:b#parent@folder:a",
        "folder:x#viewer@user:ada",
        "folder:x#parent@folder:x",
    ];
    let world = World::new(spec, &tuples);
    assert!(world.has("folder:a#odd@user:ada"));
    assert!(!world.has("folder:b#odd@user:ada"));
    assert!(!world.has("folder:x#odd@user:eve"));
    let error = world.check("folder:x#odd@user:ada").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`folder:x` has a cycle through the right side of `-`: whoever `odd` excludes depends on \
         who has `odd`; take one of the tuples of the cycle out"
    );
}

#[test]
fn going_over_the_budget_is_an_error_and_no_answer() {
    let chain = (0..100).map(|n| tuple(&format!("document:{n}#parent@document:{}", n + 1)));
    let last = tuple("document:100#viewer@user:ada");
    let mut world = World::of(documents(), chain.chain([last]));
    assert!(world.has("document:0#read@user:ada"));
    world.budget = 50;
    for subject in ["ada", "eve"] {
        let question = format!("document:0#read@user:{subject}");
        assert_eq!(world.check(&question), Err(CheckError::Budget(50)));
    }
    assert!(world.has("document:100#read@user:ada"));
}

#[test]
fn all_of_none_is_nobody() {
    let world = World::new(
        documents(),
        &[
            "document:both#parent@document:1",
            "document:both#parent@document:2",
            "document:one#parent@document:1",
            "document:1#viewer@user:ada",
        ],
    );
    assert!(!world.has("document:none#strict@user:ada"));
    assert!(!world.has("document:both#strict@user:ada"));
    assert!(world.has("document:one#strict@user:ada"));
}

#[test]
fn a_tuple_ends_at_its_moment() {
    let spec = json!({
        "user": {},
        "document": { "relations": { "viewer": types(&["user with expiration"]) } },
    });
    let tuples = [
        until("document:1#viewer@user:past", 999),
        until("document:1#viewer@user:now", 1_000),
        until("document:1#viewer@user:soon", 1_001),
    ];
    let world = World::of(spec, tuples);
    assert!(!world.has("document:1#viewer@user:past"));
    assert!(!world.has("document:1#viewer@user:now"));
    assert!(world.has("document:1#viewer@user:soon"));
}

fn caveated() -> Value {
    json!({
        "user": {},
        "document": {
            "relations": {
                "viewer": types(&["user", "user with limit", "user:* with limit"]),
                "banned": types(&["user", "user with limit", "user with inside"]),
            },
            "permissions": { "view": "viewer - banned" },
            "caveats": {
                "limit": {
                    "parameters": { "used": "int", "most": "int" },
                    "expression": "used < most",
                },
                "inside": {
                    "parameters": { "ip": "ipaddress", "nets": "list<string>" },
                    "expression": "nets.exists(net, ip.in_cidr(net))",
                },
            },
        },
    })
}

#[test]
fn what_is_missing_is_named() {
    let world = World::of(
        caveated(),
        [
            with_caveat("document:1#viewer@user:ada", "limit", json!({ "most": 10 })),
            tuple("document:1#viewer@user:eve"),
            with_caveat("document:1#banned@user:eve", "inside", json!({})),
        ],
    );
    assert_eq!(
        world.check("document:1#view@user:ada"),
        Ok(conditional(&["used"]))
    );
    assert_eq!(
        world.check("document:1#view@user:eve"),
        Ok(conditional(&["ip", "nets"]))
    );
    let used = |used: i64| world.check_with("document:1#view@user:ada", json!({ "used": used }));
    assert_eq!(used(9), Ok(Answer::Has));
    assert_eq!(used(10), Ok(Answer::No));
    let from = |ip: &str| {
        let context = json!({ "ip": ip, "nets": ["10.0.0.0/8", "fd00::/8"] });
        world.check_with("document:1#view@user:eve", context)
    };
    assert_eq!(from("10.1.2.3"), Ok(Answer::No));
    assert_eq!(from("192.0.2.1"), Ok(Answer::Has));
}

#[test]
fn who_asks_cannot_change_what_the_tuple_says() {
    let world = World::of(
        caveated(),
        [with_caveat(
            "document:1#viewer@user:ada",
            "limit",
            json!({ "most": 10 }),
        )],
    );
    let context = json!({ "used": 50, "most": 100 });
    assert_eq!(
        world.check_with("document:1#view@user:ada", context),
        Ok(Answer::No)
    );
}

#[test]
fn a_caveat_that_cannot_be_evaluated_is_an_error_and_no_answer() {
    let world = World::of(
        caveated(),
        [
            tuple("document:1#viewer@user:eve"),
            with_caveat(
                "document:1#banned@user:eve",
                "inside",
                json!({ "nets": ["nonsense"] }),
            ),
        ],
    );
    let context = json!({ "ip": "10.1.2.3" });
    let error = world
        .check_with("document:1#view@user:eve", context)
        .unwrap_err();
    assert!(
        matches!(error, CheckError::Caveat { ref caveat, .. } if caveat == "inside"),
        "{error}"
    );
    let context = json!({ "ip": "secret-word" });
    let error = world
        .check_with("document:1#view@user:eve", context)
        .unwrap_err()
        .to_string();
    assert!(!error.contains("secret-word"), "{error}");
}

#[test]
fn tuples_are_held_to_their_types() {
    let snapshot = Snapshot::load(plan(&namespaces(caveated())), []).unwrap();
    let limited = |context| with_caveat("document:1#viewer@user:ada", "limit", context);
    let refused = [
        tuple("nowhere:1#viewer@user:ada"),
        tuple("document:1#viewers@user:ada"),
        tuple("document:1#view@user:ada"),
        tuple("document:1#viewer@document:2"),
        tuple("document:1#viewer@user:*"),
        tuple("document: #viewer@user:ada"),
        until("document:1#viewer@user:ada", 5),
        with_caveat("document:1#viewer@user:ada", "inside", json!({})),
        limited(json!({ "most": "many" })),
        limited(json!({ "least": 1 })),
    ];
    let said: Vec<_> = refused
        .map(|tuple| {
            snapshot
                .apply(&[Change::Touch(tuple)])
                .unwrap_err()
                .to_string()
        })
        .into();
    insta::assert_snapshot!(said.join("\n"));
    assert!(
        snapshot
            .apply(&[Change::Touch(limited(json!({ "most": 1 })))])
            .is_ok()
    );
}

#[test]
fn an_object_that_no_tuple_names_can_be_itself() {
    let spec = json!({
        "user": { "relations": { "friend": types(&["user"]) }, "permissions": { "see": "self + friend" } },
        "robot": { "permissions": { "see": "self" } },
    });
    let world = World::new(spec, &[]);
    assert!(world.has("user:new#see@user:new"));
    assert!(!world.has("user:new#see@user:other"));
    assert!(!world.has("user:new#see@robot:new"));
}

#[test]
fn what_is_not_there_is_an_error() {
    let world = World::new(documents(), &[]);
    for question in [
        "folder:1#view@user:ada",
        "document:1#see@user:ada",
        "document:1#view@robot:r",
    ] {
        assert!(world.check(question).is_err(), "{question}");
    }
}
