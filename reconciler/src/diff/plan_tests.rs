use serde_json::json;

use super::{
    Action, DesiredState, Owner, Ownership, Plan, PlanError, Reason, Restored,
    fixture::{
        admin_key, apply_to, client, desired, key, module, moved_from, object, observed, set,
    },
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
fn a_rename_keeps_the_object_and_happens_once() {
    let there = observed([own(client("old", "A"))]);
    let wanted = desired([moved_from("old", client("new", "A"))]);

    let plan = Plan::between(&there, &wanted, PRUNE).unwrap();
    assert_eq!(
        story(&plan),
        ["Update OidcClient/new from old: Renamed+Differs"]
    );
    assert_eq!(plan.changes[0].id.as_deref(), Some("id-old"));

    let there = apply_to(&there, &plan);
    assert!(Plan::between(&there, &wanted, PRUNE).unwrap().is_empty());

    // The old name is free again: the annotation is history, and does not take what comes there.
    let wanted = desired([moved_from("old", client("new", "A")), client("old", "B")]);
    let plan = Plan::between(&there, &wanted, PRUNE).unwrap();
    assert_eq!(story(&plan), ["Create OidcClient/old: Missing"]);
    let there = apply_to(&there, &plan);
    assert!(Plan::between(&there, &wanted, PRUNE).unwrap().is_empty());
}

#[test]
fn an_annotation_whose_new_name_is_there_already_is_history() {
    let there = observed([own(client("a", "A")), own(client("b", "B"))]);
    let wanted = desired([moved_from("a", client("b", "B"))]);

    let plan = Plan::between(&there, &wanted, Ownership::default()).unwrap();

    assert_eq!(story(&plan), ["Update OidcClient/b: Differs"]);
}

#[test]
fn names_that_move_up_a_chain_are_freed_before_they_are_taken() {
    let there = observed(["a", "b", "c", "x"].map(|name| own(client(name, name))));
    let wanted = desired([
        moved_from("a", client("b", "a")),
        moved_from("b", client("c", "b")),
        moved_from("c", client("d", "c")),
        client("x", "x"),
        client("a1", "new"),
    ]);

    let plan = Plan::between(&there, &wanted, PRUNE).unwrap();

    assert_eq!(
        story(&plan),
        [
            "Update OidcClient/d from c: Renamed+Differs",
            "Update OidcClient/c from b: Renamed+Differs",
            "Update OidcClient/b from a: Renamed+Differs",
            "Create OidcClient/a1: Missing",
        ]
    );
    let after = apply_to(&there, &plan);
    assert_eq!(after.objects[&key(Kind::OidcClient, "d")].id, "id-c");
    assert!(Plan::between(&after, &wanted, PRUNE).unwrap().is_empty());
}

#[test]
fn a_swap_is_refused_and_names_the_way_out() {
    let there = observed([own(client("a", "A")), own(client("b", "B"))]);
    let wanted = desired([
        moved_from("b", client("a", "B")),
        moved_from("a", client("b", "A")),
    ]);

    insta::assert_snapshot!(
        refusal(Plan::between(&there, &wanted, PRUNE)),
        @"OidcClient/a and OidcClient/b swap their names in one apply; move one of them to a name that nobody has, apply, then move it again"
    );
}

#[test]
fn two_manifests_cannot_be_the_same_object() {
    let there = observed([own(client("a", "A"))]);
    let wanted = desired(["b", "c", "d"].map(|name| moved_from("a", client(name, name))));

    insta::assert_snapshot!(
        refusal(Plan::between(&there, &wanted, PRUNE)),
        @"OidcClient/b, OidcClient/c and OidcClient/d all say in `assay/moved-from` that they were OidcClient/a; only one can be"
    );
}

#[test]
fn renaming_what_belongs_to_another_is_a_conflict() {
    let there = observed([(set("team-a"), client("old", "A"))]);
    let wanted = desired([moved_from("old", client("new", "A"))]);

    insta::assert_snapshot!(
        refusal(Plan::between(&there, &wanted, PRUNE)),
        @"OidcClient/old belongs to `set:team-a`; use --take-over to adopt it"
    );
    let plan = Plan::between(&there, &wanted, TAKE_OVER).unwrap();
    assert_eq!(
        story(&plan),
        ["Update OidcClient/new from old: Renamed+TakenOver+Differs"]
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
fn a_broken_requirement_is_refused_with_the_chain() {
    let there = observed([own(module("console", true))]);
    let wanted = desired([module("admin", false)]);

    insta::assert_snapshot!(
        refusal(Plan::between(&there, &wanted, Ownership::default())),
        @"module `admin` cannot be switched off"
    );
}

#[test]
fn a_client_whose_tokens_nobody_can_sign_is_refused() {
    let es256 = object(
        Kind::OidcClient,
        "app",
        json!({ "idTokenSignedResponseAlg": "ES256" }),
    );
    let jwt = |algorithms| {
        object(
            Kind::Module,
            "jwt",
            json!({ "settings": { "algorithms": algorithms } }),
        )
    };
    let refused = "OidcClient/app has `idTokenSignedResponseAlg: ES256`, but Module/jwt keeps no key for ES256: add `ES256` to its `algorithms`";

    let none = observed([]);
    let without = Plan::between(&none, &desired([es256.clone()]), PRUNE);
    assert_eq!(refusal(without), refused);
    let with = [es256.clone(), jwt(json!(["RS256", "ES256"]))];
    assert!(Plan::between(&none, &desired(with.clone()), PRUNE).is_ok());

    // A set that takes the algorithm away sees the clients of other sets.
    let there = observed([(set("apps"), es256), own(jwt(json!(["RS256", "ES256"])))]);
    let wanted = desired([jwt(json!(["RS256"]))]);
    assert!(
        there
            .keys_to_load(&wanted, false)
            .contains(&key(Kind::OidcClient, "app"))
    );
    assert_eq!(refusal(Plan::between(&there, &wanted, PRUNE)), refused);
    assert_eq!(refusal(Plan::between(&there, &desired([]), PRUNE)), refused);
}

#[test]
fn no_token_outlives_the_key_that_verifies_it_whoever_says_how_long_it_is_kept() {
    let slow = object(
        Kind::OidcClient,
        "app",
        json!({ "accessTokenTtl": "8d", "redirectUris": ["https://app.example.com/"] }),
    );
    let jwt = |ttl: &str| {
        object(
            Kind::Module,
            "jwt",
            json!({ "settings": { "retiredKeyTtl": ttl } }),
        )
    };
    let provider = object(
        Kind::Module,
        "oidc_provider",
        json!({ "settings": { "idTokenTtl": "9d" } }),
    );

    // Nobody has said anything of the module: its default is 7 days.
    insta::assert_snapshot!(
        refusal(Plan::between(&observed([]), &desired([slow.clone()]), PRUNE)),
        @"OidcClient/app has `accessTokenTtl: 8d`, but Module/jwt keeps the key that verifies such a token only 7d after a rotation: make it shorter, or `retiredKeyTtl` of Module/jwt longer"
    );
    // What another set says of it counts as well.
    let there = observed([(set("keys"), jwt("8d"))]);
    assert!(Plan::between(&there, &desired([slow.clone()]), PRUNE).is_ok());
    insta::assert_snapshot!(
        refusal(Plan::between(&there, &desired([provider]), PRUNE)),
        @"Module/oidc_provider has `settings.idTokenTtl: 9d`, but Module/jwt keeps the key that verifies such a token only 8d after a rotation: make it shorter, or `retiredKeyTtl` of Module/jwt longer"
    );
    // A set that keeps keys for less long sees the clients of other sets.
    let there = observed([(set("apps"), slow), own(jwt("8d"))]);
    let wanted = desired([jwt("7d")]);
    assert!(refusal(Plan::between(&there, &wanted, PRUNE)).starts_with("OidcClient/app has"));
    // Nor may what nobody has written down live on.
    insta::assert_snapshot!(
        refusal(Plan::between(&observed([]), &desired([jwt("1m")]), PRUNE)),
        @r"
    Module/oidc_provider has `settings.accessTokenTtl: 10m`, but Module/jwt keeps the key that verifies such a token only 1m after a rotation: make it shorter, or `retiredKeyTtl` of Module/jwt longer
    Module/oidc_provider has `settings.idTokenTtl: 10m`, but Module/jwt keeps the key that verifies such a token only 1m after a rotation: make it shorter, or `retiredKeyTtl` of Module/jwt longer
    "
    );
}

#[test]
fn one_key_under_two_names_is_refused() {
    let there = observed([(set("other"), admin_key("ci", &["*"]))]);
    let mut copy = admin_key("ci", &["config.read"]);
    copy.metadata.name = "reader".into();

    insta::assert_snapshot!(
        refusal(Plan::between(&there, &desired([copy]), PRUNE)),
        @"AdminKey/ci and AdminKey/reader have the same `hash`; one key is one AdminKey"
    );
}

#[test]
fn a_namespace_that_another_set_needs_is_kept() {
    let namespace = |name: &str, spec| object(Kind::ZanzibarNamespace, name, spec);
    let folder = namespace(
        "folder",
        json!({ "relations": { "viewer": { "types": ["user"] } } }),
    );
    let user = namespace("user", json!({}));
    let document = namespace(
        "document",
        json!({
            "relations": { "parent": { "types": ["folder"] } },
            "permissions": { "view": "parent->viewer" },
        }),
    );
    let there = observed([
        own(folder.clone()),
        own(user.clone()),
        (set("docs"), document),
    ]);

    let kept = Plan::between(
        &there,
        &desired([folder, user.clone(), client("a", "A")]),
        PRUNE,
    );
    assert!(kept.is_ok());
    insta::assert_snapshot!(
        refusal(Plan::between(&there, &desired([user]), PRUNE)),
        @"ZanzibarNamespace/document: no manifest declares the namespace `folder` (at /spec/relations/parent/types)"
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
