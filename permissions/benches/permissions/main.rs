//! What the engine costs in process: 1.2 million tuples of 100,000 users in 10,000 nested groups, a
//! tree of folders and 200,000 documents; then graphs made to be slow.
//!
//! `cargo bench -p assay-permissions` runs everything; a word runs the parts that it is part of.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::pedantic,
    missing_docs
)]

mod hostile;
mod world;

use std::{hint::black_box, time::Instant};

use assay_permissions::{Question, ResourcesQuestion, SubjectsQuestion};
use world::{Chance, DOCUMENTS, GROUPS, USERS, World};

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let runs = |part: &str| wanted.is_empty() || wanted.iter().any(|w| part.contains(w.as_str()));

    if ["check", "bulk", "resources", "subjects", "writes"]
        .into_iter()
        .any(runs)
    {
        let tuples = world::tuples();
        let count = tuples.len();
        let started = Instant::now();
        let world = World::load(tuples);
        let taken = started.elapsed();
        println!(
            "load: {count} tuples in {taken:.2?}, {:.1} bytes a tuple",
            world.snapshot.bytes() as f64 / count as f64
        );
        if runs("check") {
            checks(&world);
        }
        if runs("bulk") {
            bulk(&world);
        }
        if runs("resources") {
            resources(&world);
        }
        if runs("subjects") {
            subjects(&world);
        }
        if runs("writes") {
            world::writes(&world);
        }
    }
    if runs("hostile") {
        hostile::run();
    }
}

/// Pairs of a document and a user, by chance: almost all are a no, as most pairs are.
fn pairs(count: usize) -> Vec<(String, String)> {
    let mut chance = Chance::new(7);
    let pair = |_| {
        let document = format!("doc-{}", chance.below(DOCUMENTS));
        (document, format!("user-{}", chance.below(USERS)))
    };
    (0..count).map(pair).collect()
}

fn question<'a>((document, user): &'a (String, String)) -> Question<'a> {
    Question {
        resource_type: "document",
        resource_id: document,
        relation: "view",
        subject_type: "user",
        subject_id: user,
        subject_relation: None,
    }
}

fn checks(world: &World) {
    const COUNT: usize = 300_000;
    for (name, pairs) in [("random", pairs(COUNT)), ("granted", world.granted(COUNT))] {
        let mut taken = Vec::with_capacity(pairs.len());
        let mut granted = 0;
        let all = Instant::now();
        for pair in &pairs {
            let started = Instant::now();
            let answer = world.snapshot.check(&question(pair), &world.request());
            taken.push(started.elapsed().as_nanos());
            granted += usize::from(answer == Ok(assay_permissions::Answer::Has));
        }
        let all = all.elapsed();
        taken.sort_unstable();
        let at = |part: f64| taken[(taken.len() as f64 * part) as usize] as f64 / 1_000.0;
        println!(
            "check, {name}: p50 {:.2} us, p99 {:.2} us, {:.0} a second, {:.0} % yes",
            at(0.5),
            at(0.99),
            pairs.len() as f64 / all.as_secs_f64(),
            granted as f64 * 100.0 / pairs.len() as f64
        );
    }
}

fn bulk(world: &World) {
    // The index of a server in use is in its caches; what is asked never was before.
    let all = pairs(9 * 10_000);
    let mut taken = Vec::new();
    for pairs in all.chunks(10_000) {
        let questions: Vec<_> = pairs.iter().map(question).collect();
        let started = Instant::now();
        black_box(world.snapshot.check_all(&questions, &world.request()));
        taken.push(started.elapsed());
    }
    let first = taken[0];
    taken.sort_unstable();
    println!(
        "bulk check of 10,000: {:.2?}, the first {first:.2?}",
        taken[taken.len() / 2]
    );
}

fn resources(world: &World) {
    let ask = |relation, user, limit| ResourcesQuestion {
        resource_type: "document",
        relation,
        subject_type: "user",
        subject_id: user,
        subject_relation: None,
        after: None,
        limit,
    };
    for (name, relation) in [("unions", "view"), ("with an exclusion", "read")] {
        for limit in [100, usize::MAX] {
            let started = Instant::now();
            let page = world
                .snapshot
                .lookup_resources(&ask(relation, "boss", limit), &world.request());
            let (count, taken) = (page.unwrap().items.len(), started.elapsed());
            let each = taken.as_nanos() as f64 / count as f64;
            println!("lookup_resources, {name}: {count} in {taken:.2?}, {each:.0} ns each");
        }
    }
}

fn subjects(world: &World) {
    for (name, relation, id) in [
        ("recursion", "view", "doc-wide"),
        ("recursion, wildcard, exclusion", "read", "doc-public"),
    ] {
        let question = SubjectsQuestion {
            resource_type: "document",
            resource_id: id,
            relation,
            subject_type: "user",
            subject_relation: None,
            after: None,
            limit: usize::MAX,
        };
        let started = Instant::now();
        let page = world
            .snapshot
            .lookup_subjects(&question, &world.request())
            .unwrap();
        let count = page.items.len();
        println!(
            "lookup_subjects, {name}: {count} in {:.2?}",
            started.elapsed()
        );
    }
    let _ = GROUPS;
}
