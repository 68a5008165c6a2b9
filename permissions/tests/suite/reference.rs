//! The evaluator that says what is right: every relation and permission of every object, for one
//! subject, raised from nothing until nothing changes. Negation is by alternating fixpoints (the
//! well-founded model), which leaves exactly that open which depends on its own opposite.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use assay_permissions::{Subject, Tuple};
use assay_reconciler::namespace::{Expression, Operation, Quantifier};
use serde_json::{Map, Value};

use crate::world::{NOW, Namespaces};

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Truth {
    No,
    Unknown,
    Has,
}

impl Truth {
    pub(crate) fn not(self) -> Self {
        match self {
            Self::No => Self::Has,
            Self::Unknown => Self::Unknown,
            Self::Has => Self::No,
        }
    }
}

/// Namespace, object, relation or permission.
pub(crate) type Key = (String, String, String);

type Model = BTreeMap<Key, Truth>;

pub(crate) struct Reference<'a> {
    namespaces: &'a Namespaces,
    tuples: Vec<(&'a Tuple, Truth)>,
    subject: &'a Subject,
    keys: Vec<Key>,
}

/// What a tuple's caveat says: those that the generator makes are `p == 1 && q == 1` of the
/// parameters in their name.
pub(crate) fn caveat(tuple: &Tuple, asked: &Map<String, Value>) -> Truth {
    let Some((name, stored)) = &tuple.caveat else {
        return Truth::Has;
    };
    let parameters = name.chars().filter(|c| matches!(c, 'p' | 'q'));
    let one = |parameter: char| {
        let parameter = parameter.to_string();
        match stored.get(&parameter).or_else(|| asked.get(&parameter)) {
            None => Truth::Unknown,
            Some(value) if *value == 1 => Truth::Has,
            Some(_) => Truth::No,
        }
    };
    parameters.map(one).min().unwrap_or(Truth::Has)
}

impl<'a> Reference<'a> {
    pub(crate) fn new(
        namespaces: &'a Namespaces,
        tuples: &'a [Tuple],
        objects: &BTreeSet<(String, String)>,
        subject: &'a Subject,
        context: &Map<String, Value>,
    ) -> Self {
        let live = tuples
            .iter()
            .filter(|tuple| tuple.expires_at.is_none_or(|end| end > NOW));
        let mut keys = Vec::new();
        for (namespace, id) in objects {
            let spec = &namespaces[namespace];
            for name in spec.relations.keys().chain(spec.permissions.keys()) {
                keys.push((namespace.clone(), id.clone(), name.clone()));
            }
        }
        Self {
            namespaces,
            tuples: live.map(|tuple| (tuple, caveat(tuple, context))).collect(),
            subject,
            keys,
        }
    }

    /// Every truth; `None` where there is none.
    pub(crate) fn model(&self) -> BTreeMap<Key, Option<Truth>> {
        let all = |truth| {
            self.keys
                .iter()
                .map(|key| (key.clone(), truth))
                .collect::<Model>()
        };
        let (mut low, mut high) = (all(Truth::No), all(Truth::Has));
        loop {
            let next_low = self.raised(&high);
            let next_high = self.raised(&next_low);
            if next_low == low && next_high == high {
                break;
            }
            (low, high) = (next_low, next_high);
        }
        low.into_iter()
            .map(|(key, low)| {
                let truth = (high[&key] == low).then_some(low);
                (key, truth)
            })
            .collect()
    }

    /// The least model, with what stands on the right side of `-` read from `other`.
    fn raised(&self, other: &Model) -> Model {
        let mut model: Model = self
            .keys
            .iter()
            .map(|key| (key.clone(), Truth::No))
            .collect();
        loop {
            let next = self
                .keys
                .iter()
                .map(|key| (key.clone(), self.key(key, &model, other)));
            let next: Model = next.collect();
            if next == model {
                return model;
            }
            model = next;
        }
    }

    fn key(&self, key: &Key, here: &Model, there: &Model) -> Truth {
        let (namespace, id, name) = key;
        let is_subject = self.subject.namespace == *namespace
            && self.subject.id == *id
            && self.subject.relation.as_ref() == Some(name);
        if is_subject {
            return Truth::Has;
        }
        match self.namespaces[namespace].permissions.get(name) {
            Some(permission) => self.expression(permission.expression(), key, here, there),
            None => self.relation(key, here),
        }
    }

    fn of<'s>(
        &'s self,
        key: &'s Key,
        relation: &'s str,
    ) -> impl Iterator<Item = &'s (&'a Tuple, Truth)> {
        self.tuples.iter().filter(move |(tuple, _)| {
            tuple.resource.namespace == key.0
                && tuple.resource.id == key.1
                && tuple.relation == relation
        })
    }

    fn relation(&self, key: &Key, here: &Model) -> Truth {
        let truths = self.of(key, &key.2).map(|(tuple, condition)| {
            let subject = &tuple.subject;
            let everyone = subject.id == "*"
                && self.subject.relation.is_none()
                && subject.namespace == self.subject.namespace;
            let found = match &subject.relation {
                _ if subject == self.subject || everyone => Truth::Has,
                Some(relation) => lookup(here, &subject.namespace, &subject.id, relation),
                None => Truth::No,
            };
            found.min(*condition)
        });
        truths.max().unwrap_or(Truth::No)
    }

    fn expression(&self, expression: &Expression, key: &Key, here: &Model, there: &Model) -> Truth {
        let part = |part: &Expression| self.expression(part, key, here, there);
        match &expression.operation {
            Operation::Nil => Truth::No,
            Operation::Itself => {
                let is_it = self.subject.namespace == key.0
                    && self.subject.id == key.1
                    && self.subject.relation.is_none();
                if is_it { Truth::Has } else { Truth::No }
            }
            Operation::Name(name) => lookup(here, &key.0, &key.1, &name.text),
            Operation::Arrow {
                relation,
                quantifier,
                target,
            } => {
                let truths = self.of(key, &relation.text).map(|(tuple, condition)| {
                    let subject = &tuple.subject;
                    lookup(here, &subject.namespace, &subject.id, &target.text).min(*condition)
                });
                let found = match quantifier {
                    Quantifier::Any => truths.max(),
                    Quantifier::All => truths.min(),
                };
                found.unwrap_or(Truth::No)
            }
            Operation::Union(parts) => parts.iter().map(part).max().unwrap(),
            Operation::Intersection(parts) => parts.iter().map(part).min().unwrap(),
            Operation::Exclusion(base, excluded) => {
                let mut truth = part(base);
                for operand in excluded {
                    // On the other side, each is read from where the other is.
                    truth = truth.min(self.expression(operand, key, there, here).not());
                }
                truth
            }
        }
    }

    /// What each key is computed from, through which sides of `-`.
    fn dependencies(&self, key: &Key) -> Vec<(Key, Side)> {
        let mut found = Vec::new();
        let at = |namespace: &str, id: &str, name: &str| {
            (namespace.to_owned(), id.to_owned(), name.to_owned())
        };
        match self.namespaces[&key.0].permissions.get(&key.2) {
            None => {
                for (tuple, _) in self.of(key, &key.2) {
                    let subject = &tuple.subject;
                    if let Some(relation) = &subject.relation {
                        found.push((
                            at(&subject.namespace, &subject.id, relation),
                            Side::default(),
                        ));
                    }
                }
            }
            Some(permission) => leaves(
                permission.expression(),
                Side::default(),
                &mut |leaf, side| match &leaf.operation {
                    Operation::Name(name) => found.push((at(&key.0, &key.1, &name.text), side)),
                    Operation::Arrow {
                        relation, target, ..
                    } => {
                        for (tuple, _) in self.of(key, &relation.text) {
                            let to = at(&tuple.subject.namespace, &tuple.subject.id, &target.text);
                            found.push((to, side));
                        }
                    }
                    _ => {}
                },
            ),
        }
        found
    }

    /// Whether what `root` is computed from has a cycle through the right side of `-`.
    pub(crate) fn meets_negative_cycle(&self, root: &Key) -> bool {
        self.meets_cycle(root, |side| side.negated)
    }

    /// The same, also where it is the right side of a right side.
    pub(crate) fn meets_cycle_through_exclusion(&self, root: &Key) -> bool {
        self.meets_cycle(root, |side| side.excluded)
    }

    fn meets_cycle(&self, root: &Key, counts: impl Fn(Side) -> bool) -> bool {
        let edges: HashMap<&Key, Vec<(Key, Side)>> = self
            .keys
            .iter()
            .map(|key| (key, self.dependencies(key)))
            .collect();
        let reach = |from: &Key| {
            let mut seen = BTreeSet::from([from.clone()]);
            let mut open = vec![from.clone()];
            while let Some(key) = open.pop() {
                for (to, _) in edges.get(&key).into_iter().flatten() {
                    if seen.insert(to.clone()) {
                        open.push(to.clone());
                    }
                }
            }
            seen
        };
        reach(root).iter().any(|key| {
            let steps = edges.get(key).into_iter().flatten();
            let mut steps = steps.filter(|(_, side)| counts(*side));
            steps.any(|(to, _)| reach(to).contains(key))
        })
    }
}

/// Where a part stands.
#[derive(Clone, Copy, Default)]
struct Side {
    /// On the right side of an odd number of `-`.
    negated: bool,
    /// On the right side of any.
    excluded: bool,
}

fn leaves<'e>(
    expression: &'e Expression,
    side: Side,
    visit: &mut impl FnMut(&'e Expression, Side),
) {
    match &expression.operation {
        Operation::Union(parts) | Operation::Intersection(parts) => {
            for part in parts {
                leaves(part, side, visit);
            }
        }
        Operation::Exclusion(base, excluded) => {
            leaves(base, side, visit);
            let other = Side {
                negated: !side.negated,
                excluded: true,
            };
            for part in excluded {
                leaves(part, other, visit);
            }
        }
        _ => visit(expression, side),
    }
}

fn lookup(model: &Model, namespace: &str, id: &str, name: &str) -> Truth {
    let key = (namespace.to_owned(), id.to_owned(), name.to_owned());
    model.get(&key).copied().unwrap_or(Truth::No)
}
