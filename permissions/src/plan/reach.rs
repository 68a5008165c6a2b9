//! The ways from a subject to the objects of one node, backwards.

use std::collections::{HashMap, HashSet};

use super::{EdgeSetId, NodeId, Op, Pruned};

/// Where a walk from the subject begins, and how it goes on.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    /// Tuples that name the subject, or everyone, and the node that they grant.
    pub(crate) starts: Vec<(EdgeSetId, NodeId, bool)>,
    /// Nodes that an object has to itself.
    pub(crate) itself: Vec<NodeId>,
    /// Whoever has the first node has the other: on the same object, or through these tuples.
    pub(crate) lifts: HashMap<NodeId, Vec<(Option<EdgeSetId>, NodeId)>>,
    /// Whether what is reached is granted. Else it only may be: something was intersected or
    /// excluded on the way.
    pub(crate) exact: bool,
}

impl Pruned {
    /// The ways to a node. Everything that could be granted is reached; more may be.
    pub(crate) fn reach(&self, root: NodeId) -> Reach {
        let mut reach = Reach {
            exact: true,
            ..Reach::default()
        };
        let mut seen = HashSet::from([root]);
        let mut open = vec![root];
        while let Some(node) = open.pop() {
            let Some(op) = self.op(node) else { continue };
            reach.add(node, op, &mut |found| {
                if seen.insert(found) {
                    open.push(found);
                }
            });
        }
        reach
    }
}

impl Reach {
    fn add(&mut self, node: NodeId, op: &Op, found: &mut impl FnMut(NodeId)) {
        match op {
            Op::Itself => self.itself.push(node),
            Op::Direct(direct) => {
                self.starts
                    .extend(direct.member.map(|edges| (edges, node, false)));
                self.starts
                    .extend(direct.everyone.map(|edges| (edges, node, true)));
                for (edges, userset) in &direct.usersets {
                    self.lift(*userset, Some(*edges), node, found);
                }
            }
            Op::Arrow { steps, all } => {
                self.exact &= !all;
                for step in steps {
                    if let Some(target) = step.target {
                        self.lift(target, Some(step.edges), node, found);
                    }
                }
            }
            Op::Node(other) => self.lift(*other, None, node, found),
            Op::Union(parts) => {
                for part in parts {
                    self.add(node, part, found);
                }
            }
            // Whoever is in all of them is in the first.
            Op::Intersection(parts) => {
                self.exact = false;
                if let Some(first) = parts.first() {
                    self.add(node, first, found);
                }
            }
            Op::Exclusion(base, _) => {
                self.exact = false;
                self.add(node, base, found);
            }
        }
    }

    fn lift(
        &mut self,
        from: NodeId,
        edges: Option<EdgeSetId>,
        to: NodeId,
        found: &mut impl FnMut(NodeId),
    ) {
        self.lifts.entry(from).or_default().push((edges, to));
        found(from);
    }
}
