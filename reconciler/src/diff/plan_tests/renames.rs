//! The annotation `assay/moved-from`.

use super::{
    super::{
        Ownership, Plan,
        fixture::{apply_to, client, desired, key, moved_from, observed, set},
    },
    PRUNE, TAKE_OVER, own, refusal, story,
};
use crate::kind::Kind;

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
