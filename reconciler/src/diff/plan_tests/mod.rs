mod outcomes;
mod renames;

use super::{
    Action, DesiredState, Owner, Ownership, Plan, PlanError, Reason, Restored,
    fixture::{admin_key, apply_to, client, desired, key, module, observed, set},
};
use crate::{kind::Kind, object::Object};

const PRUNE: Ownership = Ownership {
    prune: true,
    take_over: false,
};
const TAKE_OVER: Ownership = Ownership {
    prune: false,
    take_over: true,
};

fn own(object: Object) -> (Owner, Object) {
    (set("default"), object)
}

/// The changes, one a line.
fn story(plan: &Plan) -> Vec<String> {
    plan.changes
        .iter()
        .map(|change| {
            let reasons: Vec<String> = change.reasons.iter().map(|r| format!("{r:?}")).collect();
            let from = change
                .renamed_from
                .as_ref()
                .map(|old| format!(" from {old}"))
                .unwrap_or_default();
            format!(
                "{:?} {}{from}: {}",
                change.action,
                change.key,
                reasons.join("+")
            )
        })
        .collect()
}

fn refusal(result: Result<Plan, PlanError>) -> String {
    result.expect_err("a refusal").to_string()
}

#[test]
fn what_is_missing_is_made_what_differs_is_changed_the_rest_stays() {
    let there = observed([own(client("a", "A")), own(client("b", "B"))]);
    let wanted = desired([client("a", "A"), client("b", "Bee"), client("c", "C")]);

    let plan = Plan::between(&there, &wanted, Ownership::default()).unwrap();

    assert_eq!(
        story(&plan),
        [
            "Update OidcClient/b: Differs",
            "Create OidcClient/c: Missing"
        ]
    );
    assert_eq!(plan.unchanged, 1);
    assert_eq!(plan.changes[0].id.as_deref(), Some("id-b"));
}

#[test]
fn pruning_takes_only_what_the_set_owned() {
    let there = observed([
        own(client("mine", "M")),
        (set("other"), client("theirs", "T")),
        (Owner::AdminApi, client("by-hand", "H")),
        (Owner::Boot, module("passkey", true)),
    ]);

    let kept = Plan::between(&there, &desired([]), Ownership::default()).unwrap();
    let pruned = Plan::between(&there, &desired([]), PRUNE).unwrap();

    assert_eq!(story(&kept), [""; 0]);
    assert_eq!(kept.unnamed, [key(Kind::OidcClient, "mine")]);
    assert_eq!(story(&pruned), ["Delete OidcClient/mine: Pruned"]);
}

#[test]
fn every_owner_in_the_way_is_named() {
    let there = observed([
        (set("team-a"), client("a", "A")),
        (Owner::AdminApi, client("b", "B")),
    ]);
    let wanted = desired([client("a", "A"), client("b", "B"), client("c", "C")]);

    insta::assert_snapshot!(refusal(Plan::between(&there, &wanted, Ownership::default())), @r"
    OidcClient/a belongs to `set:team-a`; use --take-over to adopt it
    OidcClient/b belongs to `admin-api`; use --take-over to adopt it
    ");
    let plan = Plan::between(&there, &wanted, TAKE_OVER).unwrap();
    assert_eq!(
        story(&plan),
        [
            "Update OidcClient/a: TakenOver",
            "Update OidcClient/b: TakenOver",
            "Create OidcClient/c: Missing"
        ]
    );
    assert_eq!(plan.changes[0].owner_after, Some(set("default")));
}

#[test]
fn what_boot_made_is_adopted_without_asking() {
    let there = observed([
        (Owner::Boot, module("passkey", true)),
        (Owner::Boot, module("password", true)),
    ]);
    let wanted = desired([module("passkey", true), module("password", false)]);

    let plan = Plan::between(&there, &wanted, Ownership::default()).unwrap();

    assert_eq!(
        story(&plan),
        [
            "Update Module/passkey: Adopted",
            "Update Module/password: Adopted+Differs"
        ]
    );
}

#[test]
fn an_upgrade_that_adds_a_field_with_a_default_is_no_difference() {
    let mut there = observed([own(client("a", "A"))]);
    for found in there.objects.values_mut() {
        found.hash = "of an older version".into();
    }

    let plan = Plan::between(&there, &desired([client("a", "A")]), PRUNE).unwrap();

    assert!(plan.is_empty());
    assert_eq!(plan.unchanged, 1);
}

#[test]
fn what_the_plan_needs_and_was_not_loaded_is_an_error() {
    let mut there = observed([own(client("a", "A")), own(client("b", "B"))]);
    let wanted = desired([client("a", "A"), client("b", "Bee")]);
    assert_eq!(
        there.keys_to_load(&wanted, false),
        [key(Kind::OidcClient, "b")]
    );
    for found in there.objects.values_mut() {
        found.object = None;
    }

    insta::assert_snapshot!(
        refusal(Plan::between(&there, &wanted, Ownership::default())),
        @"OidcClient/b was not loaded from the database before planning"
    );
}

#[test]
fn deletes_come_first_and_in_the_reverse_order_of_kinds() {
    let there = observed([own(client("a", "A")), own(admin_key("k", &["*"]))]);
    let wanted = desired([
        client("z", "Z"),
        module("zanzibar", true),
        admin_key("n", &["*"]),
    ]);

    let plan = Plan::between(&there, &wanted, PRUNE).unwrap();

    assert_eq!(
        story(&plan),
        [
            "Delete OidcClient/a: Pruned",
            "Delete AdminKey/k: Pruned",
            "Create Module/zanzibar: Missing",
            "Create AdminKey/n: Missing",
            "Create OidcClient/z: Missing",
        ]
    );
}

#[test]
fn by_hand_touches_what_it_names_and_nothing_that_manifests_own() {
    let there = observed([
        (Owner::Boot, module("passkey", true)),
        own(module("password", true)),
        (Owner::AdminApi, client("a", "A")),
        (Owner::AdminApi, client("b", "B")),
    ]);
    let upserts = |objects: Vec<Object>| DesiredState::new("default".parse().unwrap(), objects);
    let by_hand = |objects, deletes: &[_]| {
        Plan::by_hand(
            &there,
            Owner::AdminApi,
            &upserts(objects).unwrap(),
            deletes,
            Ownership::default(),
        )
    };

    let plan = by_hand(
        vec![module("passkey", false)],
        &[key(Kind::OidcClient, "a")],
    )
    .unwrap();

    assert_eq!(
        story(&plan),
        [
            "Delete OidcClient/a: Deleted",
            "Update Module/passkey: Adopted+Differs"
        ]
    );
    assert_eq!(plan.set, None);
    insta::assert_snapshot!(
        refusal(by_hand(vec![module("password", false)], &[])),
        @"Module/password belongs to `set:default` and is not changed by hand; change its manifest and apply it"
    );
}

#[test]
fn a_rollback_brings_back_ids_names_owners_and_what_was_deleted() {
    let restored = |id: &str, owner: Owner, object: Object| Restored {
        id: id.into(),
        owner,
        hash: object.hash().unwrap(),
        object,
    };
    let there = observed([
        own(client("kept", "K")),
        own(client("renamed", "R")),
        own(client("taken", "T")),
        own(client("new", "N")),
    ]);
    let target = [
        restored("id-kept", set("default"), client("kept", "K")),
        restored("id-renamed", set("default"), client("was", "R")),
        restored("id-taken", Owner::AdminApi, client("taken", "T")),
        restored("id-gone", set("default"), client("gone", "G")),
    ];

    let plan = Plan::restoring(&there, &target, "abc").unwrap();

    assert_eq!(
        story(&plan),
        [
            "Delete OidcClient/new: RolledBack",
            "Update OidcClient/was from renamed: RolledBack",
            "Create OidcClient/gone: RolledBack",
            "Update OidcClient/taken: RolledBack",
        ]
    );
    assert_eq!(plan.changes[2].action, Action::Create);
    assert_eq!(plan.changes[2].id.as_deref(), Some("id-gone"));
    assert_eq!(plan.changes[2].reasons, [Reason::RolledBack]);
    let after = apply_to(&there, &plan);
    assert!(Plan::restoring(&after, &target, "abc").unwrap().is_empty());
}
