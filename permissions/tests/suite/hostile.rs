//! Graphs made to be slow: each right, and fast even where nothing is optimised.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use assay_permissions::Tuple;
use serde_json::{Value, json};

use crate::world::{World, tuple, types};

fn spec() -> Value {
    json!({
        "user": {},
        "group": { "relations": { "member": types(&["user", "group#member"]) } },
        "folder": {
            "relations": {
                "parent": types(&["folder"]),
                "viewer": types(&["user", "group#member"]),
                "banned": types(&["user"]),
            },
            "permissions": {
                "view": "viewer + parent->view",
                "read": "(viewer + parent->read) - banned",
            },
        },
    })
}

/// The promise is 5 ms; an unoptimised build on a busy machine may take some times that. What
/// enumerates paths takes centuries, so this cannot be missed.
const LIMIT: Duration = Duration::from_millis(500);

fn world(tuples: impl IntoIterator<Item = String>) -> World {
    let tuples: Vec<Tuple> = tuples.into_iter().map(|text| tuple(&text)).collect();
    World::of(spec(), tuples)
}

fn expect(world: &World, question: &str, expected: bool) {
    let started = Instant::now();
    assert_eq!(world.has(question), expected, "{question}");
    let taken = started.elapsed();
    assert!(taken < LIMIT, "{question} took {taken:?}");
}

#[test]
fn a_diamond_of_64_levels() {
    for (relation, permission, of) in [("parent", "view", "folder"), ("parent", "read", "folder")] {
        let levels = (0..64).flat_map(|level| {
            ["a", "b"].into_iter().flat_map(move |from| {
                ["a", "b"].map(|to| format!("{of}:{from}{level}#{relation}@{of}:{to}{}", level + 1))
            })
        });
        let world = world(levels.chain(["folder:a64#viewer@user:ada".to_owned()]));
        expect(&world, &format!("folder:a0#{permission}@user:ada"), true);
        expect(&world, &format!("folder:a0#{permission}@user:eve"), false);
    }
    let levels = (0..64).flat_map(|level| {
        ["a", "b"].into_iter().flat_map(move |from| {
            ["a", "b"]
                .map(|to| format!("group:{from}{level}#member@group:{to}{}#member", level + 1))
        })
    });
    let last = [
        "group:b64#member@user:ada",
        "folder:1#viewer@group:a0#member",
    ];
    let world = world(levels.chain(last.map(str::to_owned)));
    expect(&world, "folder:1#view@user:ada", true);
    expect(&world, "folder:1#view@user:eve", false);
    expect(&world, "folder:1#view@group:b64#member", true);
}

#[test]
fn a_group_of_100_000_members() {
    let members = (0..100_000).map(|n| format!("group:all#member@user:u{n}"));
    let world = world(members.chain(["folder:1#viewer@group:all#member".to_owned()]));
    expect(&world, "folder:1#view@user:u99999", true);
    expect(&world, "folder:1#view@user:eve", false);
}

#[test]
fn ten_thousand_parents() {
    let parents = (0..10_000).map(|n| format!("folder:1#parent@folder:p{n}"));
    let world = world(parents.chain(["folder:p9999#viewer@user:ada".to_owned()]));
    for permission in ["view", "read"] {
        expect(&world, &format!("folder:1#{permission}@user:ada"), true);
        expect(&world, &format!("folder:1#{permission}@user:eve"), false);
    }
}

#[test]
fn a_chain_of_depth_10_000() {
    let folders = (0..10_000).map(|n| format!("folder:{n}#parent@folder:{}", n + 1));
    let groups = (0..10_000).map(|n| format!("group:{n}#member@group:{}#member", n + 1));
    let last = [
        "folder:10000#viewer@user:ada",
        "group:10000#member@user:ada",
        "folder:other#viewer@group:0#member",
    ];
    let world = world(folders.chain(groups).chain(last.map(str::to_owned)));
    for permission in ["view", "read"] {
        expect(&world, &format!("folder:0#{permission}@user:ada"), true);
        expect(&world, &format!("folder:0#{permission}@user:eve"), false);
        expect(&world, &format!("folder:other#{permission}@user:ada"), true);
    }
}

#[test]
fn a_cycle_of_1_000() {
    let folders = (0..1_000).map(|n| format!("folder:{n}#parent@folder:{}", (n + 1) % 1_000));
    let groups = (0..1_000).map(|n| format!("group:{n}#member@group:{}#member", (n + 1) % 1_000));
    let last = [
        "folder:999#viewer@user:ada",
        "folder:500#banned@user:bob",
        "folder:999#viewer@user:bob",
        "group:999#member@user:ada",
        "folder:other#viewer@group:0#member",
    ];
    let world = world(folders.chain(groups).chain(last.map(str::to_owned)));
    expect(&world, "folder:0#view@user:ada", true);
    expect(&world, "folder:0#read@user:ada", true);
    expect(&world, "folder:0#view@user:eve", false);
    expect(&world, "folder:0#read@user:eve", false);
    expect(&world, "folder:other#view@user:ada", true);
    // From behind the ban the cycle is cut; from before it, it is not.
    expect(&world, "folder:0#read@user:bob", false);
    expect(&world, "folder:501#read@user:bob", true);
}

#[test]
fn a_subject_in_100_000_groups() {
    let groups = (0..100_000).map(|n| format!("group:g{n}#member@user:ada"));
    let some: BTreeSet<String> = (0..1_000)
        .map(|n| format!("folder:1#viewer@group:g{}#member", n * 100))
        .collect();
    let world = world(groups.chain(some));
    expect(&world, "folder:1#view@user:ada", true);
    expect(&world, "folder:1#view@user:eve", false);
    expect(&world, "folder:2#view@user:ada", false);
}
