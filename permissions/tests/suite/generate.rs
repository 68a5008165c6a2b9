//! Namespaces and tuples by chance, small and full of cycles, bans, wildcards and conditions.

use std::collections::BTreeSet;

use assay_permissions::{Object, Plan, Subject, Tuple};
use assay_reconciler::namespace::SubjectForm;
use serde_json::{Map, Value, json};

use crate::world::{NOW, Namespaces, namespaces};

/// xorshift64*: the same cases on every machine.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).unwrap() % limit
    }

    fn one_in(&mut self, limit: usize) -> bool {
        self.below(limit) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

const TYPES: [&str; 3] = ["user", "group", "doc"];
const RELATIONS: [&str; 3] = ["ra", "rb", "rc"];
const PERMISSIONS: [&str; 3] = ["pa", "pb", "pc"];

/// Namespaces without errors. Names are the same in all but `user`, so that arrows find something.
pub(crate) fn schema(chance: &mut Chance) -> Namespaces {
    loop {
        let made = namespaces(attempt(chance));
        let set = made
            .iter()
            .map(|(name, spec)| (name.clone(), spec))
            .collect();
        if Plan::compile(&set).is_ok() {
            return made;
        }
    }
}

fn attempt(chance: &mut Chance) -> Value {
    let mut all = Map::new();
    all.insert("user".to_owned(), json!({}));
    for namespace in ["group", "doc"] {
        let mut relations = Map::new();
        for relation in RELATIONS {
            let arrows_start_here = relation == "rc";
            let mut types = BTreeSet::new();
            for _ in 0..=chance.below(3) {
                types.insert(subject_type(chance, arrows_start_here));
            }
            relations.insert(relation.to_owned(), json!({ "types": types }));
        }
        let mut permissions = Map::new();
        for (at, permission) in PERMISSIONS.iter().enumerate() {
            let expression = expression(chance, at, 3);
            permissions.insert((*permission).to_owned(), json!(expression));
        }
        all.insert(
            namespace.to_owned(),
            json!({ "relations": relations, "permissions": permissions }),
        );
    }
    all["doc"]["caveats"] = json!({
        "c_p": { "parameters": { "p": "int" }, "expression": "p == 1" },
        "c_pq": { "parameters": { "p": "int", "q": "int" }, "expression": "p == 1 && q == 1" },
    });
    Value::Object(all)
}

fn subject_type(chance: &mut Chance, arrows_start_here: bool) -> String {
    let namespace = *chance.pick(if arrows_start_here {
        &TYPES[1..]
    } else {
        &TYPES
    });
    let form = match chance.below(4) {
        0 if !arrows_start_here => ":*".to_owned(),
        1 | 2 if namespace != "user" => {
            let names = if chance.one_in(3) {
                PERMISSIONS
            } else {
                RELATIONS
            };
            format!("#{}", chance.pick(&names))
        }
        _ => String::new(),
    };
    let with = match chance.below(8) {
        0 => " with c_p",
        1 => " with c_pq",
        2 => " with expiration",
        3 => " with c_p and expiration",
        _ => "",
    };
    format!("{namespace}{form}{with}")
}

/// Of permissions, only those before it, so that none is computed from itself on one object.
fn expression(chance: &mut Chance, before: usize, depth: usize) -> String {
    if depth > 0 && !chance.one_in(3) {
        let operator = *chance.pick(&["+", "+", "&", "-"]);
        let left = expression(chance, before, depth - 1);
        let right = expression(chance, before, depth - 1);
        return format!("({left}) {operator} ({right})");
    }
    match chance.below(8) {
        0 if before > 0 => (*chance.pick(&PERMISSIONS[..before])).to_owned(),
        1..=3 => {
            let names = if chance.one_in(2) {
                PERMISSIONS
            } else {
                RELATIONS
            };
            let target = *chance.pick(&names);
            if chance.one_in(4) {
                format!("rc.all({target})")
            } else {
                format!("rc->{target}")
            }
        }
        4 if chance.one_in(4) => "self".to_owned(),
        5 if chance.one_in(6) => "nil".to_owned(),
        _ => (*chance.pick(&RELATIONS)).to_owned(),
    }
}

const IDS: [&str; 3] = ["1", "2", "3"];

/// Tuples that the namespaces allow.
pub(crate) fn tuples(chance: &mut Chance, namespaces: &Namespaces) -> Vec<Tuple> {
    let mut made: Vec<Tuple> = Vec::new();
    for _ in 0..chance.below(24) {
        let namespace = *chance.pick(&TYPES[1..]);
        let relation = *chance.pick(&RELATIONS);
        let types: Vec<_> = namespaces[namespace].relations[relation]
            .types
            .iter()
            .collect();
        let of = *chance.pick(&types);
        let id = match of.form {
            SubjectForm::Wildcard => "*",
            _ => *chance.pick(&IDS),
        };
        let tuple = Tuple {
            resource: Object {
                namespace: namespace.to_owned(),
                id: (*chance.pick(&IDS)).to_owned(),
            },
            relation: relation.to_owned(),
            subject: Subject {
                namespace: of.namespace.clone(),
                id: id.to_owned(),
                relation: match &of.form {
                    SubjectForm::Userset(relation) => Some(relation.clone()),
                    _ => None,
                },
            },
            caveat: of.caveat.clone().map(|name| {
                let context = context(chance, name.ends_with('q'));
                (name, context)
            }),
            expires_at: of.expiration.then(|| NOW + *chance.pick(&[-1, 0, 1, 500])),
        };
        let same = |other: &Tuple| other.to_string() == tuple.to_string();
        if !made.iter().any(same) {
            made.push(tuple);
        }
    }
    made
}

pub(crate) fn context(chance: &mut Chance, with_q: bool) -> Map<String, Value> {
    let mut context = Map::new();
    for parameter in if with_q { &["p", "q"][..] } else { &["p"] } {
        match chance.below(4) {
            0 => {
                context.insert((*parameter).to_owned(), json!(0));
            }
            1 => {
                context.insert((*parameter).to_owned(), json!(1));
            }
            _ => {}
        }
    }
    context
}

/// Every object there is, and one of each type that no tuple names.
pub(crate) fn objects() -> BTreeSet<(String, String)> {
    let ids = || IDS.iter().chain(&["9"]);
    let objects = TYPES
        .iter()
        .flat_map(|of| ids().map(|id| ((*of).to_owned(), (*id).to_owned())));
    objects.collect()
}

/// Every subject that can be asked for: objects, everyone, and some usersets.
pub(crate) fn subjects() -> Vec<Subject> {
    let mut subjects = Vec::new();
    for of in TYPES {
        for id in ["1", "2", "9", "*"] {
            subjects.push(crate::world::subject(&format!("{of}:{id}")));
        }
    }
    for userset in ["group:1#ra", "group:2#pa", "doc:1#rb", "doc:9#pb"] {
        subjects.push(crate::world::subject(userset));
    }
    subjects
}
