//! The operations of every node, as far as they matter to one kind of subject.

use std::collections::HashSet;

use rustc_hash::FxHashMap;

use super::{EdgeSetId, NodeId, Plan, Rule, SubjectKind};

/// Names on the same object are replaced by what they stand for, up to so many operations.
const MAX_INLINED: usize = 256;

/// What one node does for a kind of subject.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// The object is the subject.
    Itself,
    /// Tuples of a relation.
    Direct(Direct),
    /// What other objects grant.
    Arrow {
        steps: Vec<Step>,
        all: bool,
    },
    /// Another node of the same object, where putting it in would take too much.
    Node(NodeId),
    Union(Vec<Op>),
    Intersection(Vec<Op>),
    Exclusion(Box<Op>, Vec<Op>),
}

/// The tuples of a relation that could grant.
#[derive(Clone, Debug)]
pub(crate) struct Direct {
    /// Those that name the subject.
    pub(crate) member: Option<EdgeSetId>,
    /// Those that name everyone.
    pub(crate) everyone: Option<EdgeSetId>,
    /// Those that name a userset it may be in.
    pub(crate) usersets: Vec<(EdgeSetId, NodeId)>,
}

/// The tuples that an arrow follows, and what is asked at their end. Nothing is: the end can never
/// grant, which matters to an arrow that all must grant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) edges: EdgeSetId,
    pub(crate) target: Option<NodeId>,
}

/// The objects that a subject reaches by nothing but unions of usersets, from the subject's side.
#[derive(Debug, Default)]
pub(crate) struct Closure {
    /// Where the subject itself is named, or everyone is.
    pub(crate) starts: Vec<(EdgeSetId, NodeId, bool)>,
    /// Nodes that every object has to itself.
    pub(crate) itself: Vec<NodeId>,
    /// Whoever has the first node has, through these tuples, the other.
    lifts: Vec<(NodeId, Vec<(EdgeSetId, NodeId)>)>,
}

impl Closure {
    /// What whoever has a node has by that. Few have more than one or two, so a list is enough.
    pub(crate) fn lifts(&self, node: NodeId) -> &[(EdgeSetId, NodeId)] {
        let mut lifts = self.lifts.iter();
        let found = lifts.find(|(from, _)| *from == node);
        found.map_or(&[], |(_, lifts)| lifts)
    }

    fn lift(&mut self, from: NodeId, edges: EdgeSetId, to: NodeId) {
        match self.lifts.iter_mut().find(|(known, _)| *known == from) {
            Some((_, lifts)) => lifts.push((edges, to)),
            None => self.lifts.push((from, vec![(edges, to)])),
        }
    }
}

/// The operations for one kind of subject.
#[derive(Debug)]
pub(crate) struct Pruned {
    /// Which kind of subject it is for.
    number: u32,
    ops: Vec<Option<Op>>,
    /// Nodes that tuples name as usersets and that can be walked from the subject's side.
    closures: FxHashMap<NodeId, Closure>,
}

impl Pruned {
    pub(super) fn new(plan: &Plan, kind: SubjectKind, number: u32) -> Self {
        let grants = grants(plan, kind);
        let pruner = Pruner { plan, kind, grants };
        let ops: Vec<Option<Op>> = plan.node_ids().map(|node| pruner.node(node)).collect();
        let closures = closures(plan, &ops);
        Self {
            number,
            ops,
            closures,
        }
    }

    pub(crate) const fn number(&self) -> u32 {
        self.number
    }

    /// What a node does; `None` if it can never grant to this kind of subject.
    pub(crate) fn op(&self, node: NodeId) -> Option<&Op> {
        self.ops[node.index()].as_ref()
    }

    pub(crate) fn closure(&self, node: NodeId) -> Option<&Closure> {
        self.closures.get(&node)
    }
}

/// The nodes that could grant to a kind of subject: a least fixpoint.
fn grants(plan: &Plan, kind: SubjectKind) -> Vec<bool> {
    let mut grants = vec![false; plan.nodes.len()];
    if let SubjectKind::Userset(node) = kind {
        // A userset is in itself.
        grants[node.index()] = true;
    }
    loop {
        let mut changed = false;
        for (index, node) in plan.nodes.iter().enumerate() {
            if !grants[index] && could_grant(plan, kind, &grants, index, &node.rule) {
                grants[index] = true;
                changed = true;
            }
        }
        if !changed {
            return grants;
        }
    }
}

fn could_grant(plan: &Plan, kind: SubjectKind, grants: &[bool], at: usize, rule: &Rule) -> bool {
    let could = |rule: &Rule| could_grant(plan, kind, grants, at, rule);
    match rule {
        Rule::Nil => false,
        Rule::Itself => kind == SubjectKind::Object(plan.nodes[at].of),
        Rule::Relation(sets) => sets.iter().any(|edges| {
            let holds = plan.edge_set(*edges).kind;
            match (holds, kind) {
                (SubjectKind::Everyone(of), SubjectKind::Object(asked)) if of == asked => true,
                (SubjectKind::Userset(node), _) if grants[node.index()] => true,
                _ => holds == kind,
            }
        }),
        Rule::Node(node) => grants[node.index()],
        Rule::Arrow { steps, .. } => {
            let targets = steps.iter().filter_map(|(_, target)| *target);
            targets.into_iter().any(|target| grants[target.index()])
        }
        Rule::Union(parts) => parts.iter().any(could),
        Rule::Intersection(parts) => parts.iter().all(could),
        Rule::Exclusion(base, _) => could(base),
    }
}

struct Pruner<'a> {
    plan: &'a Plan,
    kind: SubjectKind,
    grants: Vec<bool>,
}

impl Pruner<'_> {
    fn node(&self, node: NodeId) -> Option<Op> {
        let mut room = MAX_INLINED;
        let op = self.op(node, &self.plan.node(node).rule, &mut room);
        if self.kind == SubjectKind::Userset(node) {
            let parts = std::iter::once(Op::Itself).chain(op);
            return Some(union(parts.collect()));
        }
        op
    }

    fn op(&self, at: NodeId, rule: &Rule, room: &mut usize) -> Option<Op> {
        *room = room.saturating_sub(1);
        match rule {
            Rule::Nil => None,
            Rule::Itself => {
                let is_subject = self.kind == SubjectKind::Object(self.plan.node(at).of);
                is_subject.then_some(Op::Itself)
            }
            Rule::Relation(sets) => self.direct(sets).map(Op::Direct),
            Rule::Node(node) => {
                if !self.grants[node.index()] {
                    return None;
                }
                // A userset is in itself by the node's own operations: those stay apart.
                if *room == 0 || self.kind == SubjectKind::Userset(*node) {
                    return Some(Op::Node(*node));
                }
                self.op(*node, &self.plan.node(*node).rule, room)
            }
            Rule::Arrow { steps, all } => self.arrow(steps, *all),
            Rule::Union(parts) => {
                let parts = parts.iter().filter_map(|part| self.op(at, part, room));
                let parts: Vec<_> = parts.collect();
                (!parts.is_empty()).then(|| union(parts))
            }
            Rule::Intersection(parts) => {
                let parts = parts.iter().map(|part| self.op(at, part, room));
                parts.collect::<Option<Vec<_>>>().map(Op::Intersection)
            }
            Rule::Exclusion(base, excluded) => {
                let base = self.op(at, base, room)?;
                let excluded = excluded.iter().filter_map(|part| self.op(at, part, room));
                let excluded: Vec<_> = excluded.collect();
                if excluded.is_empty() {
                    return Some(base);
                }
                Some(Op::Exclusion(Box::new(base), excluded))
            }
        }
    }

    fn direct(&self, sets: &[EdgeSetId]) -> Option<Direct> {
        let mut direct = Direct {
            member: None,
            everyone: None,
            usersets: Vec::new(),
        };
        for edges in sets {
            let holds = self.plan.edge_set(*edges).kind;
            if holds == self.kind {
                direct.member = Some(*edges);
            }
            match holds {
                SubjectKind::Everyone(of) if self.kind == SubjectKind::Object(of) => {
                    direct.everyone = Some(*edges);
                }
                SubjectKind::Userset(node) if self.grants[node.index()] => {
                    direct.usersets.push((*edges, node));
                }
                _ => {}
            }
        }
        let could =
            direct.member.is_some() || direct.everyone.is_some() || !direct.usersets.is_empty();
        could.then_some(direct)
    }

    fn arrow(&self, steps: &[(EdgeSetId, Option<NodeId>)], all: bool) -> Option<Op> {
        let steps: Vec<_> = steps
            .iter()
            .map(|(edges, target)| Step {
                edges: *edges,
                target: target.filter(|target| self.grants[target.index()]),
            })
            .filter(|step| all || step.target.is_some())
            .collect();
        let could = steps.iter().any(|step| step.target.is_some());
        could.then_some(Op::Arrow { steps, all })
    }
}

fn union(parts: Vec<Op>) -> Op {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Op::Union(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    // Tuples of the object itself are nearest: they are looked at before the walk goes on.
    flat.sort_by_key(|op| match op {
        Op::Itself => 0,
        Op::Direct(direct) if direct.usersets.is_empty() => 1,
        Op::Direct(_) => 2,
        _ => 3,
    });
    match flat.pop() {
        Some(only) if flat.is_empty() => only,
        Some(last) => {
            flat.push(last);
            Op::Union(flat)
        }
        None => Op::Union(flat),
    }
}

/// The closures of every node that tuples name as a userset and that unions of usersets make up.
fn closures(plan: &Plan, ops: &[Option<Op>]) -> FxHashMap<NodeId, Closure> {
    let named = named_as_usersets(plan);
    named
        .into_iter()
        .filter(|node| ops[node.index()].is_some())
        .filter_map(|node| Some((node, closure(node, ops)?)))
        .collect()
}

fn named_as_usersets(plan: &Plan) -> HashSet<NodeId> {
    let named = plan.edge_sets.iter().filter_map(|edges| match edges.kind {
        SubjectKind::Userset(node) => Some(node),
        _ => None,
    });
    named.collect()
}

/// By edge set: whether a closure for any kind of subject could be made of it.
pub(super) fn closure_edges(plan: &Plan) -> Vec<bool> {
    let mut found = vec![false; plan.edge_sets.len()];
    let mut seen = named_as_usersets(plan);
    let mut open: Vec<NodeId> = seen.iter().copied().collect();
    while let Some(node) = open.pop() {
        let mut rules = vec![&plan.node(node).rule];
        while let Some(rule) = rules.pop() {
            match rule {
                Rule::Relation(sets) => {
                    for edges in sets {
                        found[edges.index()] = true;
                    }
                }
                Rule::Node(other) if seen.insert(*other) => open.push(*other),
                Rule::Union(parts) | Rule::Intersection(parts) => rules.extend(parts),
                Rule::Exclusion(base, excluded) => {
                    // Where nothing of the right side can matter, the left side is all there is.
                    rules.push(base);
                    rules.extend(excluded);
                }
                Rule::Nil | Rule::Itself | Rule::Node(_) | Rule::Arrow { .. } => {}
            }
        }
    }
    found
}

fn closure(root: NodeId, ops: &[Option<Op>]) -> Option<Closure> {
    let mut closure = Closure::default();
    let mut seen = HashSet::from([root]);
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        let Some(op) = &ops[node.index()] else {
            continue;
        };
        let parts = match op {
            Op::Union(parts) => parts.as_slice(),
            only => std::slice::from_ref(only),
        };
        for part in parts {
            match part {
                Op::Itself => closure.itself.push(node),
                Op::Direct(direct) => {
                    closure
                        .starts
                        .extend(direct.member.map(|edges| (edges, node, false)));
                    closure
                        .starts
                        .extend(direct.everyone.map(|edges| (edges, node, true)));
                    for (edges, userset) in &direct.usersets {
                        closure.lift(*userset, *edges, node);
                        if seen.insert(*userset) {
                            open.push(*userset);
                        }
                    }
                }
                _ => return None,
            }
        }
    }
    Some(closure)
}
