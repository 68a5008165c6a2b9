//! Graphs made to be slow. The promise is 5 ms for each.

use std::time::Instant;

use assay_permissions::{Answer, Question, Tuple};

use crate::world::{World, tuple};

fn folder(n: usize) -> (&'static str, String, Option<&'static str>) {
    ("folder", n.to_string(), None)
}

fn group(n: usize) -> (&'static str, String, Option<&'static str>) {
    ("group", n.to_string(), Some("member"))
}

fn user(name: &str) -> (&'static str, String, Option<&'static str>) {
    ("user", name.to_owned(), None)
}

pub(crate) fn run() {
    let viewer = |at: usize| tuple("folder", at.to_string(), "viewer", user("ada"));
    let parent = |from: usize, to: usize| tuple("folder", from.to_string(), "parent", folder(to));
    let member = |of: usize, n: usize| tuple("group", of.to_string(), "member", group(n));

    let diamond = (0..64).flat_map(|level| {
        (0..4).map(move |side| parent(level * 2 + side / 2, (level + 1) * 2 + side % 2))
    });
    measure("a diamond of 64 levels", diamond.chain([viewer(128)]), 0);
    let members =
        (0..100_000).map(|n| tuple("group", "1".to_owned(), "member", user(&format!("u{n}"))));
    let shared = tuple("folder", "0".to_owned(), "viewer", group(1));
    let ada = tuple("group", "1".to_owned(), "member", user("ada"));
    measure("a group of 100,000", members.chain([shared, ada]), 0);
    let parents = (1..=10_000).map(|n| parent(0, n));
    measure("10,000 parents", parents.chain([viewer(10_000)]), 0);
    let chain = (0..10_000).map(|n| parent(n, n + 1));
    measure("a chain of depth 10,000", chain.chain([viewer(10_000)]), 0);
    let groups = (0..10_000).map(|n| member(n, n + 1));
    let ends = [
        tuple("folder", "0".to_owned(), "viewer", group(0)),
        tuple("group", "10000".to_owned(), "member", user("ada")),
    ];
    measure("10,000 groups within each other", groups.chain(ends), 0);
    let cycle = (0..1_000).map(|n| parent(n, (n + 1) % 1_000));
    measure("a cycle of 1,000", cycle.chain([viewer(999)]), 0);
}

fn measure(name: &str, tuples: impl Iterator<Item = Tuple>, start: usize) {
    let world = World::load(tuples.collect());
    let id = start.to_string();
    for (subject, right) in [("ada", Answer::Has), ("eve", Answer::No)] {
        let question = Question {
            resource_type: "folder",
            resource_id: &id,
            relation: "view",
            subject_type: "user",
            subject_id: subject,
            subject_relation: None,
        };
        let started = Instant::now();
        let answer = world.snapshot.check(&question, &world.request()).unwrap();
        let taken = started.elapsed();
        assert_eq!(answer, right, "{name}");
        println!(
            "hostile, {name}, {answer:?}: {:.3} ms",
            taken.as_secs_f64() * 1_000.0
        );
    }
}
