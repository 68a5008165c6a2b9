//! Which types of subject a relation or permission could ever be granted to.
//!
//! The least fixpoint of: a relation grants to the types it names, and to whom their usersets
//! grant; `+` joins; `&` keeps what all sides have; `-` keeps the left side; an arrow grants what
//! its target grants on every type it leads to; `self` grants to the namespace itself; `nil` to
//! nobody. A permission with no type left can never be granted. That finds `nil` behind any number
//! of names, intersections with it, intersections of types that have nothing in common, and
//! recursion that never meets a relation. `a - a` and `a - (a + b)` are found by their text.
//!
//! Not found: what depends on more than types, such as `(a & b) - a`; and relations that hold
//! nothing but usersets without a single object at their end, because a check may ask for such a
//! userset as a subject.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{NamespaceProblem, check::Node, grantees_reason::Reasons, grantees_shape::Shape};
use crate::spec::zanzibar_namespace::ZanzibarNamespaceSpec;

/// Beyond so many types, a set counts as anyone. It keeps the cost of large cycles linear.
const MAX_TYPES: usize = 64;

/// Types of subject, by the index of their namespace, in order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Grantees {
    pub(super) types: Vec<usize>,
    /// It could be anyone: something has an error, or there are too many types.
    pub(super) anyone: bool,
}

impl Grantees {
    pub(super) fn is_nobody(&self) -> bool {
        self.types.is_empty() && !self.anyone
    }

    fn become_anyone(&mut self) {
        self.anyone = true;
        self.types.clear();
    }

    fn insert(&mut self, namespace: usize) {
        if self.anyone {
            return;
        }
        if let Err(position) = self.types.binary_search(&namespace) {
            self.types.insert(position, namespace);
        }
        if self.types.len() > MAX_TYPES {
            self.become_anyone();
        }
    }

    fn join(&mut self, other: &Self) {
        if other.anyone {
            self.become_anyone();
        }
        for namespace in &other.types {
            self.insert(*namespace);
        }
    }

    fn keep(&mut self, other: Self) {
        if self.anyone {
            *self = other;
        } else if !other.anyone {
            self.types
                .retain(|namespace| other.types.binary_search(namespace).is_ok());
        }
    }
}

/// Every relation and permission of a set of namespaces, and whom it could be granted to.
pub(super) struct Analysis<'a> {
    pub(super) namespaces: &'a BTreeMap<String, &'a ZanzibarNamespaceSpec>,
    pub(super) namespace_ids: HashMap<&'a str, usize>,
    pub(super) node_ids: HashMap<Node<'a>, usize>,
    grantees: Vec<Grantees>,
}

/// Every permission that can never be granted. Nodes in `broken` count as granting to anyone.
pub(super) fn never_granted<'a>(
    namespaces: &'a BTreeMap<String, &'a ZanzibarNamespaceSpec>,
    broken: &BTreeSet<Node<'a>>,
) -> Vec<NamespaceProblem> {
    let mut analysis = Analysis::new(namespaces);
    let mut shapes: Vec<Shape> = Vec::with_capacity(analysis.node_ids.len());
    let mut relations = Vec::new();
    for (namespace, name) in nodes(namespaces) {
        if namespaces[namespace].relations.contains_key(name) {
            relations.push(shapes.len());
        }
        shapes.push(if broken.contains(&(namespace, name)) {
            Shape::Anyone
        } else {
            analysis.shape(namespace, name)
        });
    }
    analysis.solve(&shapes);
    relations.retain(|relation| analysis.grantees[*relation].is_nobody());
    if !relations.is_empty() {
        for relation in relations {
            shapes[relation] = Shape::Anyone;
        }
        analysis.solve(&shapes);
    }

    let mut problems = Vec::new();
    for (node, (namespace, name)) in nodes(namespaces).enumerate() {
        if analysis.grantees[node].is_nobody()
            && let Some(expression) = namespaces[namespace].permissions.get(name)
        {
            let reasons = Reasons::new(&analysis, namespace);
            problems.push(reasons.problem(name, expression.expression()));
        }
    }
    problems
}

/// Relations and permissions in a fixed order. A name that is both is the relation.
fn nodes<'a>(
    namespaces: &'a BTreeMap<String, &'a ZanzibarNamespaceSpec>,
) -> impl Iterator<Item = Node<'a>> {
    namespaces.iter().flat_map(|(namespace, spec)| {
        let permissions = spec
            .permissions
            .keys()
            .filter(|name| !spec.relations.contains_key(*name));
        spec.relations
            .keys()
            .chain(permissions)
            .map(|name| (namespace.as_str(), name.as_str()))
    })
}

impl<'a> Analysis<'a> {
    fn new(namespaces: &'a BTreeMap<String, &'a ZanzibarNamespaceSpec>) -> Self {
        let node_ids: HashMap<_, _> = nodes(namespaces).zip(0..).collect();
        Self {
            namespaces,
            namespace_ids: namespaces.keys().map(String::as_str).zip(0..).collect(),
            grantees: vec![Grantees::default(); node_ids.len()],
            node_ids,
        }
    }

    /// Rounds over the nodes, what they depend on first, until nothing changes. In that order a
    /// cycle takes three rounds, however long it is.
    fn solve(&mut self, shapes: &[Shape]) {
        let order = dependencies_first(shapes);
        loop {
            let mut changed = false;
            for node in &order {
                let now = self.evaluate(&shapes[*node]);
                if now != self.grantees[*node] {
                    self.grantees[*node] = now;
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }

    pub(super) fn evaluate(&self, shape: &Shape) -> Grantees {
        let mut found = Grantees::default();
        self.add(shape, &mut found);
        found
    }

    fn add(&self, shape: &Shape, found: &mut Grantees) {
        match shape {
            Shape::Anyone => found.become_anyone(),
            Shape::Types(namespaces) => {
                for namespace in namespaces {
                    found.insert(*namespace);
                }
            }
            Shape::Nodes(nodes) => {
                for node in nodes {
                    found.join(&self.grantees[*node]);
                }
            }
            Shape::Union(parts) => {
                for part in parts {
                    self.add(part, found);
                }
            }
            Shape::Intersection(parts) => {
                let mut kept = Grantees::default();
                kept.become_anyone();
                for part in parts {
                    kept.keep(self.evaluate(part));
                }
                found.join(&kept);
            }
        }
    }
}

/// All nodes, each after those it depends on, except within a cycle. Depth first, with a stack of
/// its own: a chain may be as long as there are nodes.
fn dependencies_first(shapes: &[Shape]) -> Vec<usize> {
    let mut order = Vec::with_capacity(shapes.len());
    let mut seen = vec![false; shapes.len()];
    for start in 0..shapes.len() {
        let mut path = Vec::new();
        if !std::mem::replace(&mut seen[start], true) {
            path.push((start, shapes[start].dependencies()));
        }
        while let Some((node, dependencies)) = path.last_mut() {
            let Some(next) = dependencies.pop() else {
                order.push(*node);
                path.pop();
                continue;
            };
            if !std::mem::replace(&mut seen[next], true) {
                path.push((next, shapes[next].dependencies()));
            }
        }
    }
    order
}
