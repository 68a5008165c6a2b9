#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::namespace::{Severity, check_syntax};

/// What `check` says about namespaces given as `{name: spec}`, as a person would read it.
fn report(namespaces: Value) -> String {
    let specs: BTreeMap<String, ZanzibarNamespaceSpec> =
        serde_json::from_value(namespaces.clone()).unwrap();
    let problems = check(
        &specs
            .iter()
            .map(|(name, spec)| (name.clone(), spec))
            .collect(),
    );
    render(&namespaces, &problems)
}

fn render(namespaces: &Value, problems: &[NamespaceProblem]) -> String {
    let mut report = String::new();
    for problem in problems {
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let spec = &namespaces[&problem.namespace];
        let pointer = problem.place.pointer(spec);
        writeln!(report, "{severity}: {}", problem.message).unwrap();
        writeln!(report, "  at {}{pointer}", problem.namespace).unwrap();
        if let Some(range) = problem.place.range() {
            let text = pointer
                .strip_prefix("/spec")
                .and_then(|pointer| spec.pointer(pointer))
                .and_then(Value::as_str)
                .unwrap();
            writeln!(report, "  | {text}").unwrap();
            let marked = "^".repeat((range.end - range.start).max(1));
            writeln!(report, "  | {}{marked}", " ".repeat(range.start)).unwrap();
        }
        if let Some(help) = &problem.help {
            writeln!(report, "  help: {help}").unwrap();
        }
        report.push('\n');
    }
    report
}

fn types(types: &[&str]) -> Value {
    json!({ "types": types })
}

/// A namespace `document` with the usual relations around it, and the given permissions.
fn with_permissions(permissions: Value) -> Value {
    json!({
        "user": {},
        "service": {},
        "group": { "relations": { "member": types(&["user", "group#member"]) } },
        "folder": {
            "relations": { "viewer": types(&["user"]), "owner": types(&["user"]) },
            "permissions": { "view": "viewer + owner" },
        },
        "document": {
            "relations": {
                "parent": types(&["folder"]),
                "owner": types(&["user"]),
                "viewer": types(&["user", "user:*", "group#member"]),
                "banned": types(&["user"]),
                "bot": types(&["service"]),
                "team": types(&["group"]),
            },
            "permissions": permissions,
        },
    })
}

#[test]
fn the_namespaces_of_the_documentation_are_right() {
    let problems = report(with_permissions(json!({
        "edit": "owner",
        "view": "viewer + edit + parent->view",
        "comment": "(view - banned) + self",
        "share": "view & team->member",
        "approve": "parent.all(owner)",
        "serve": "bot + (viewer & (owner + bot))",
    })));
    assert_eq!(problems, "");
}

#[test]
fn recursion_through_arrows_and_usersets_is_allowed() {
    let problems = report(json!({
        "user": {},
        "folder": {
            "relations": {
                "parent": types(&["folder"]),
                "viewer": types(&["user", "folder#view", "folder#viewer"]),
                "banned": types(&["user", "folder#hidden"]),
            },
            "permissions": {
                "view": "viewer + parent->view",
                // Whether this runs into itself depends on the tuples: a check says so then.
                "hidden": "(viewer + parent->hidden) - banned",
                "odd": "viewer - parent->odd",
            },
        },
    }));
    assert_eq!(problems, "");
}

#[test]
fn names_are_checked() {
    let mut many = serde_json::Map::new();
    for number in 0..=MAX_NAMES {
        many.insert(format!("r{number}"), types(&["user"]));
    }
    insta::assert_snapshot!(report(json!({
        "user": {},
        "Team-": {},
        "large": { "relations": many },
        "document": {
            "relations": {
                "nil": types(&["user"]),
                "can-view": types(&["user"]),
                "viewer": types(&["user"]),
            },
            "permissions": { "viewer": "viewer", "View": "Viewer", "self": "viewer" },
        },
    })));
}

#[test]
fn types_are_checked() {
    insta::assert_snapshot!(report(json!({
        "user": {},
        "group": { "relations": { "member": types(&["user"]) } },
        "document": {
            "relations": {
                "nobody": types(&[]),
                "owner": types(&["user", "usr"]),
                "viewer": types(&["user", "usr:*", "group#members", "team#member"]),
            },
            // What builds on a mistake is not reported again.
            "permissions": { "view": "nobody", "see": "viewer & owner" },
        },
    })));
}

#[test]
fn references_are_checked() {
    insta::assert_snapshot!(report(with_permissions(json!({
        "edit": "owners + editor",
        "view": "viewr + edit + parents->view + parent->veiw",
        "up": "edit->view",
        "out": "viewer->member",
        "far": "banned.all(anything)",
        "itself": "itslf",
    }))));
}

#[test]
fn cycles_are_named_with_their_chain() {
    insta::assert_snapshot!(report(with_permissions(json!({
        "a": "b",
        "b": "owner + c",
        "c": "viewer & a",
        "alone": "owner + alone",
        "x": "owner - y",
        "y": "banned + x",
        "uses_a": "a + parent->view",
    }))));
}

#[test]
fn permissions_that_can_never_be_granted_are_found() {
    insta::assert_snapshot!(report(json!({
        "user": {},
        "service": {},
        "folder": {
            "relations": { "parent": types(&["folder"]), "owner": types(&["user"]) },
            "permissions": { "lost": "parent->lost", "view": "owner" },
        },
        "document": {
            "relations": {
                "parent": types(&["folder"]),
                "owner": types(&["user"]),
                "bot": types(&["service"]),
            },
            "permissions": {
                "empty": "nil",
                "through": "empty",
                "further": "through + (nil & owner)",
                "both": "owner & bot",
                "none": "owner - owner",
                "all_of_them": "owner - (bot + owner)",
                "up": "parent->lost",
                "mirror": "self & owner",
                "fine": "empty + owner",
            },
        },
    })));
}

#[test]
fn mixed_operators_are_a_warning() {
    insta::assert_snapshot!(report(with_permissions(json!({
        "view": "owner + viewer & team->member",
        "plain": "owner - banned",
    }))));
}

#[test]
fn caveats_are_checked() {
    insta::assert_snapshot!(report(json!({
        "user": {},
        "calendar": {
            "caveats": {
                "office_hours": {
                    "parameters": { "hour": "int" },
                    "expression": "hour >= 9 && hour < 17",
                },
                "expiration": { "expression": "true" },
                "twice": { "expression": "true" },
                "broken": { "parameters": { "in": "int", "x": "int" }, "expression": "x +" },
                "wrong": { "parameters": { "day": "int" }, "expression": "days > 1 && now() > 2" },
            },
        },
        "document": {
            "relations": {
                "viewer": types(&["user with office_hours", "user:* with office_hour"]),
            },
            "caveats": { "twice": { "expression": "false" } },
        },
    })));
}

#[test]
fn every_text_that_cannot_be_read_is_reported() {
    let namespaces = json!({
        "document": {
            "relations": {
                "viewer": types(&["user", "user with Office-Hours", "User_"]),
                "a/b": types(&["user:ada"]),
            },
            "permissions": { "view": "viewer | owner", "edit": "(owner", "ok": "viewer", "no": 1 },
            "caveats": { "c": { "parameters": { "p": "number" }, "expression": "true" } },
        },
    });
    let problems = check_syntax("document", &namespaces["document"]);
    insta::assert_snapshot!(render(&namespaces, &problems));
}

#[test]
fn a_chain_as_long_as_a_namespace_allows_is_walked() {
    let mut permissions = serde_json::Map::new();
    for number in 1..MAX_NAMES {
        permissions.insert(format!("p{number}"), json!(format!("p{}", number - 1)));
    }
    permissions.insert("p0".to_owned(), json!("nil & self"));
    let problems = report(json!({ "document": { "permissions": permissions } }));
    assert_eq!(
        problems.matches("can never be granted: ").count(),
        MAX_NAMES
    );
}

#[test]
fn a_ring_of_a_thousand_usersets_is_walked() {
    let ring: serde_json::Map<_, _> = (0..1_000)
        .map(|number| {
            let next = format!("t{}#r", (number + 1) % 1_000);
            let spec = json!({
                "relations": { "r": types(&[&next]) },
                "permissions": { "p": "r & r" },
            });
            (format!("t{number}"), spec)
        })
        .collect();
    let mut ring = Value::Object(ring);
    assert_eq!(report(ring.clone()), "");

    ring["t500"]["relations"]["r"] = types(&["t501#r", "t7"]);
    ring["t499"]["permissions"]["q"] = json!("r & self");
    let problems = report(ring);
    assert!(
        problems.contains(
            "`q` can never be granted: no subject is in all of `r & self`: `r` holds `t7`"
        ),
        "{problems}"
    );
}

fn wild_namespaces() -> impl Strategy<Value = BTreeMap<String, ZanzibarNamespaceSpec>> {
    let namespace = || prop::sample::select(vec!["user", "group", "folder", "nowhere"]);
    let name = || prop::sample::select(vec!["a", "b", "c", "d", "e"]);
    let subject = (namespace(), name(), 0..3).prop_map(|(namespace, name, form)| match form {
        0 => namespace.to_owned(),
        1 => format!("{namespace}:*"),
        _ => format!("{namespace}#{name}"),
    });
    let relation = prop::collection::btree_set(subject.prop_map(|s| s.parse().unwrap()), 0..3)
        .prop_map(|types| RelationSpec {
            types,
            description: None,
        });
    let leaf = prop_oneof![
        name().prop_map(str::to_owned),
        (name(), name()).prop_map(|(left, right)| format!("{left}->{right}")),
        Just("nil".to_owned()),
        Just("self".to_owned()),
    ];
    let expression = leaf
        .prop_recursive(3, 8, 2, |inner| {
            (
                inner.clone(),
                prop::sample::select(vec!["+", "&", "-"]),
                inner,
            )
                .prop_map(|(left, operator, right)| format!("({left}) {operator} ({right})"))
        })
        .prop_map(|text| text.parse().unwrap());
    let spec = (
        prop::collection::btree_map(name().prop_map(str::to_owned), relation, 0..4),
        prop::collection::btree_map(name().prop_map(str::to_owned), expression, 0..4),
    )
        .prop_map(|(relations, permissions)| ZanzibarNamespaceSpec {
            relations,
            permissions,
            ..ZanzibarNamespaceSpec::default()
        });
    prop::collection::btree_map(
        prop::sample::select(vec!["user", "group", "folder"]).prop_map(str::to_owned),
        spec,
        0..4,
    )
}

proptest! {
    /// Every problem points at something that is there, and checking twice says the same.
    #[test]
    fn any_set_of_namespaces_can_be_checked(namespaces in wild_namespaces()) {
        let set: BTreeMap<_, _> = namespaces.iter().map(|(name, spec)| (name.clone(), spec)).collect();
        let problems = check(&set);
        for problem in &problems {
            let spec = serde_json::to_value(&namespaces[&problem.namespace]).unwrap();
            let pointer = problem.place.pointer(&spec);
            let pointer = pointer.strip_prefix("/spec").unwrap();
            prop_assert!(spec.pointer(pointer).is_some(), "{pointer}");
        }
        prop_assert_eq!(check(&set), problems);
    }
}
