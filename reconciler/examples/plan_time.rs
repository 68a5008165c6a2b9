//! How long planning and rendering take with 11,000 objects.
//!
//! `cargo run --release -p assay-reconciler --example plan_time`
#![allow(clippy::print_stdout, clippy::expect_used)]

use std::time::Instant;

use assay_reconciler::{
    diff::{
        DesiredState, Generation, ObservedObject, ObservedState, Owner, Ownership, Plan,
        PlanDocument, SetName,
        render::{markdown, text},
    },
    kind::Kind,
    object::{Metadata, Object, Spec},
};

const PRUNE: Ownership = Ownership {
    prune: true,
    take_over: false,
};

fn clients(note: &str) -> Vec<Object> {
    let client = |n: usize| {
        let name = format!("client-{n}");
        let spec = serde_json::json!({
            "displayName": format!("Client {n} {note}"),
            "clientSecret": { "hash": format!("hmac-sha256:{}", "0".repeat(64)) },
            "redirectUris": [format!("https://client-{n}.example.com/callback")],
        });
        Object {
            spec: Spec::decode(Kind::OidcClient, &name, spec).expect("a client"),
            metadata: Metadata {
                name,
                labels: [].into(),
                annotations: [].into(),
            },
        }
    };
    (0..11_000).map(client).collect()
}

fn desired(objects: Vec<Object>) -> DesiredState {
    DesiredState::new(SetName::default(), objects).expect("a state")
}

fn timed<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = run();
    println!("{what:<48} {:>8.1?}", start.elapsed());
    result
}

fn main() {
    let objects = clients("");
    let wanted = timed("hash 11,000 objects", || desired(objects.clone()));
    let changed = desired(clients("anew"));
    let mut there = ObservedState {
        generation: Generation(1),
        ..ObservedState::default()
    };
    for (key, (_, hash)) in &wanted.objects {
        let found = ObservedObject {
            id: key.to_string(),
            owner: Owner::Set(SetName::default()),
            hash: hash.clone(),
            object: None,
        };
        there.objects.insert(key.clone(), found);
    }
    timed("what to load, nothing changed", || {
        assert!(there.keys_to_load(&wanted, true).is_empty());
    });
    let plan = timed("plan, nothing changed", || {
        Plan::between(&there, &wanted, PRUNE).expect("a plan")
    });
    assert!(plan.is_empty());

    for (key, found) in &mut there.objects {
        found.object = wanted
            .objects
            .get(key)
            .map(|(object, _)| Object::clone(object));
    }
    let plan = timed("plan, all changed", || {
        Plan::between(&there, &changed, PRUNE).expect("a plan")
    });
    let document = timed("document of it", || {
        PlanDocument::new(&plan, &plan.guards(&there, None)).expect("a document")
    });
    let shown = timed("text of it", || text(&document, true));
    println!("  {} KiB", shown.len() / 1024);
    timed("Markdown of it", || markdown(&document));
    timed("JSON of it", || {
        serde_json::to_string(&document).expect("JSON")
    });
    let plan = timed("plan, all to create", || {
        Plan::between(&ObservedState::default(), &wanted, PRUNE).expect("a plan")
    });
    let document = PlanDocument::new(&plan, &[]).expect("a document");
    timed("text of it", || text(&document, true));
}
