//! The tuples that are measured on.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use assay_permissions::{Change, DEFAULT_BUDGET, Object, Plan, Request, Snapshot, Subject, Tuple};
use serde_json::{Map, Value, json};

pub(crate) const USERS: usize = 100_000;
pub(crate) const GROUPS: usize = 10_000;
pub(crate) const FOLDERS: usize = 20_000;
pub(crate) const DOCUMENTS: usize = 200_000;

pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }
}

pub(crate) struct World {
    pub(crate) snapshot: Snapshot,
    context: Map<String, Value>,
}

pub(crate) fn plan() -> Arc<Plan> {
    let namespaces: BTreeMap<String, assay_reconciler::spec::ZanzibarNamespaceSpec> =
        serde_json::from_value(json!({
            "user": {},
            "group": { "relations": { "member": { "types": ["user", "group#member"] } } },
            "folder": {
                "relations": {
                    "parent": { "types": ["folder"] },
                    "viewer": { "types": ["user", "group#member"] },
                },
                "permissions": { "view": "viewer + parent->view" },
            },
            "document": {
                "relations": {
                    "parent": { "types": ["folder"] },
                    "owner": { "types": ["user"] },
                    "viewer": { "types": ["user", "user:*", "group#member"] },
                    "banned": { "types": ["user"] },
                },
                "permissions": {
                    "edit": "owner",
                    "view": "viewer + edit + parent->view",
                    "read": "(viewer + edit + parent->view) - banned",
                },
            },
        }))
        .unwrap();
    let set = namespaces
        .iter()
        .map(|(name, spec)| (name.clone(), spec))
        .collect();
    Arc::new(Plan::compile(&set).unwrap())
}

pub(crate) fn tuple(
    of: &str,
    id: String,
    relation: &str,
    subject: (&str, String, Option<&str>),
) -> Tuple {
    Tuple {
        resource: Object {
            namespace: of.to_owned(),
            id,
        },
        relation: relation.to_owned(),
        subject: Subject {
            namespace: subject.0.to_owned(),
            id: subject.1,
            relation: subject.2.map(str::to_owned),
        },
        caveat: None,
        expires_at: None,
    }
}

/// Groups of groups three or four deep, folders some eight deep, documents with an owner, some
/// viewers and a folder.
pub(crate) fn tuples() -> Vec<Tuple> {
    let mut chance = Chance::new(1);
    let mut all = Vec::new();
    let user = |n: usize| ("user", format!("user-{n}"), None);
    let group = |n: usize| ("group", format!("group-{n}"), Some("member"));
    for n in 0..USERS {
        for _ in 0..3 {
            let of = format!("group-{}", chance.below(GROUPS));
            all.push(tuple("group", of, "member", user(n)));
        }
    }
    for n in 100..GROUPS {
        let of = format!("group-{}", chance.below(n / 10 + 1));
        all.push(tuple("group", of, "member", group(n)));
    }
    for n in 0..FOLDERS {
        if n > 0 {
            let parent = ("folder", format!("folder-{}", (n - 1) / 3), None);
            all.push(tuple("folder", format!("folder-{n}"), "parent", parent));
        }
        let viewer = group(100 + chance.below(GROUPS - 100));
        all.push(tuple("folder", format!("folder-{n}"), "viewer", viewer));
    }
    for n in 0..DOCUMENTS {
        let id = || format!("doc-{n}");
        let parent = ("folder", format!("folder-{}", chance.below(FOLDERS)), None);
        all.push(tuple("document", id(), "parent", parent));
        all.push(tuple("document", id(), "owner", user(chance.below(USERS))));
        all.push(tuple("document", id(), "viewer", user(chance.below(USERS))));
        let viewer = group(100 + chance.below(GROUPS - 100));
        all.push(tuple("document", id(), "viewer", viewer));
        if n % 10 == 0 {
            all.push(tuple("document", id(), "banned", user(chance.below(USERS))));
        }
    }
    let root = ("user", "boss".to_owned(), None);
    all.push(tuple("folder", "folder-0".to_owned(), "viewer", root));
    for n in 0..25_000 {
        let wide = format!("wide-{}", n % 10);
        all.push(tuple("group", wide, "member", user(n)));
    }
    for n in 0..10 {
        let wide = ("group", format!("wide-{n}"), Some("member"));
        all.push(tuple(
            "document",
            "doc-wide".to_owned(),
            "viewer",
            wide.clone(),
        ));
        all.push(tuple("document", "doc-public".to_owned(), "viewer", wide));
    }
    all.push(tuple(
        "document",
        "doc-public".to_owned(),
        "viewer",
        ("user", "*".to_owned(), None),
    ));
    for n in 0..1_000 {
        all.push(tuple(
            "document",
            "doc-public".to_owned(),
            "banned",
            user(n * 20),
        ));
    }
    all
}

impl World {
    pub(crate) fn load(tuples: Vec<Tuple>) -> Self {
        Self {
            snapshot: Snapshot::load(plan(), tuples).unwrap(),
            context: Map::new(),
        }
    }

    pub(crate) fn request(&self) -> Request<'_> {
        Request {
            now: 0,
            context: &self.context,
            budget: DEFAULT_BUDGET,
        }
    }

    /// Documents with somebody who may view them: by name, or through the groups of a folder.
    pub(crate) fn granted(&self, count: usize) -> Vec<(String, String)> {
        let mut found = Vec::with_capacity(count);
        let mut chance = Chance::new(3);
        for tuple in self.snapshot.tuples() {
            if tuple.relation == "viewer"
                && tuple.subject.relation.is_none()
                && tuple.subject.id != "*"
            {
                let document = match tuple.resource.namespace.as_str() {
                    "document" => tuple.resource.id,
                    _ => format!("doc-{}", chance.below(DOCUMENTS)),
                };
                found.push((document, tuple.subject.id));
            }
        }
        for at in (1..found.len()).rev() {
            found.swap(at, chance.below(at + 1));
        }
        found.truncate(count);
        found
    }
}

pub(crate) fn writes(world: &World) {
    let mut snapshot = world.snapshot.clone();
    let started = Instant::now();
    const COUNT: usize = 2_000;
    for n in 0..COUNT {
        let subject = ("user", format!("user-{n}"), None);
        let change = Change::Touch(tuple(
            "document",
            format!("doc-{}", n * 7),
            "viewer",
            subject,
        ));
        snapshot = snapshot.apply(&[change]).unwrap();
    }
    let taken = started.elapsed();
    println!(
        "writes one by one: {:.1} us each",
        taken.as_micros() as f64 / COUNT as f64
    );
    let started = Instant::now();
    let rebuilt = snapshot.rebuilt(snapshot.plan().clone()).unwrap();
    println!(
        "put into the base: {} tuples in {:.2?}",
        rebuilt.len(),
        started.elapsed()
    );
}
