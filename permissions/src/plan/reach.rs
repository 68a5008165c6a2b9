//! The ways from a subject to the objects of one node, backwards.

use std::collections::HashMap;

use super::{EdgeSetId, NodeId, Op, Pruned};

/// Where a walk from the subject begins, and how it goes on. A place is a node, or a part of one that is
/// intersected or excluded; the node that was asked for is the first.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    pub(crate) places: Vec<Place>,
    /// Tuples that name the subject, or everyone, and the place that they grant.
    pub(crate) starts: Vec<(EdgeSetId, usize, bool)>,
    /// Places that an object has to itself.
    pub(crate) itself: Vec<usize>,
    /// Whether nothing is intersected or excluded on the way.
    pub(crate) is_plain: bool,
}

/// What is granted, to whoever has it.
#[derive(Debug)]
pub(crate) struct Place {
    /// The node, or that which it is a part of.
    pub(crate) node: NodeId,
    pub(crate) lifts: Vec<Lift>,
}

/// Whoever has one place has another.
#[derive(Debug)]
pub(crate) struct Lift {
    /// Through these tuples, or on the same object.
    pub(crate) edges: Option<EdgeSetId>,
    pub(crate) to: usize,
    /// If all of these are had too, on the same object.
    pub(crate) also: Vec<usize>,
    /// And none of these.
    pub(crate) unless: Vec<usize>,
    /// Whether nothing else matters.
    pub(crate) is_certain: bool,
}

impl Pruned {
    /// The ways to a node.
    pub(crate) fn reach(&self, root: NodeId) -> Reach {
        let mut ways = Ways {
            reach: Reach {
                is_plain: true,
                ..Reach::default()
            },
            known: HashMap::new(),
            open: Vec::new(),
        };
        ways.of(root);
        while let Some((node, place)) = ways.open.pop() {
            if let Some(op) = self.op(node) {
                ways.add(place, node, op);
            }
        }
        ways.reach
    }
}

struct Ways {
    reach: Reach,
    known: HashMap<NodeId, usize>,
    open: Vec<(NodeId, usize)>,
}

impl Ways {
    fn of(&mut self, node: NodeId) -> usize {
        if let Some(place) = self.known.get(&node) {
            return *place;
        }
        let place = self.place(node);
        self.known.insert(node, place);
        self.open.push((node, place));
        place
    }

    fn place(&mut self, node: NodeId) -> usize {
        self.reach.places.push(Place {
            node,
            lifts: Vec::new(),
        });
        self.reach.places.len() - 1
    }

    /// A part of a node as a place of its own.
    fn part(&mut self, node: NodeId, op: &Op) -> usize {
        let place = self.place(node);
        self.add(place, node, op);
        place
    }

    fn add(&mut self, place: usize, node: NodeId, op: &Op) {
        match op {
            Op::Itself => self.reach.itself.push(place),
            Op::Direct(direct) => {
                let starts = &mut self.reach.starts;
                starts.extend(direct.member.map(|edges| (edges, place, false)));
                starts.extend(direct.everyone.map(|edges| (edges, place, true)));
                for (edges, userset) in &direct.usersets {
                    let from = self.of(*userset);
                    self.lift(from, Lift::through(Some(*edges), place));
                }
            }
            Op::Arrow { steps, all } => {
                self.reach.is_plain &= !all;
                for step in steps {
                    if let Some(target) = step.target {
                        let from = self.of(target);
                        let lift = Lift::through(Some(step.edges), place);
                        self.lift(
                            from,
                            Lift {
                                is_certain: !all,
                                ..lift
                            },
                        );
                    }
                }
            }
            Op::Node(other) => {
                let from = self.of(*other);
                self.lift(from, Lift::through(None, place));
            }
            Op::Union(parts) => {
                for part in parts {
                    self.add(place, node, part);
                }
            }
            Op::Intersection(parts) => {
                self.reach.is_plain = false;
                let parts: Vec<usize> = parts.iter().map(|part| self.part(node, part)).collect();
                for part in &parts {
                    let also = parts
                        .iter()
                        .copied()
                        .filter(|other| other != part)
                        .collect();
                    let lift = Lift::through(None, place);
                    self.lift(*part, Lift { also, ..lift });
                }
            }
            Op::Exclusion(base, excluded) => {
                self.reach.is_plain = false;
                let base = self.part(node, base);
                let unless = excluded.iter().map(|part| self.part(node, part)).collect();
                let lift = Lift::through(None, place);
                self.lift(base, Lift { unless, ..lift });
            }
        }
    }

    fn lift(&mut self, from: usize, lift: Lift) {
        self.reach.places[from].lifts.push(lift);
    }
}

impl Lift {
    const fn through(edges: Option<EdgeSetId>, to: usize) -> Self {
        Self {
            edges,
            to,
            also: Vec::new(),
            unless: Vec::new(),
            is_certain: true,
        }
    }
}
