//! What a set of namespaces compiles to.
//!
//! Names become numbers: a *node* is a relation or permission of a type, an *edge set* is what one
//! relation holds of one kind of subject. [`Plan::pruned`] gives the operations of every node for
//! one kind of subject, without the parts that could never grant to it.

mod compile;
mod prune;
mod reach;

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

pub(crate) use prune::{Closure, Direct, Op, Pruned, Step};
pub(crate) use reach::{Lift, Reach};

use crate::caveat::Caveat;

/// Why a set of namespaces has no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// What `assay validate` would have said.
    #[error("the namespace `{namespace}` is not right: {message}")]
    Namespace {
        /// The namespace.
        namespace: String,
        /// What is wrong with it.
        message: String,
    },
}

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct TypeId(pub(crate) u32);

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct NodeId(pub(crate) u32);

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct EdgeSetId(pub(crate) u32);

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct CaveatId(pub(crate) u32);

impl TypeId {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

impl NodeId {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

impl EdgeSetId {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

impl CaveatId {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A compiled set of namespaces.
#[derive(Debug)]
pub struct Plan {
    types: Vec<Type>,
    type_ids: FxHashMap<String, TypeId>,
    nodes: Vec<Node>,
    edge_sets: Vec<EdgeSet>,
    caveats: Vec<Caveat>,
    caveat_ids: FxHashMap<String, CaveatId>,
    /// By edge set: whether closures could be made of it.
    closure_edges: Vec<bool>,
    /// By type, then by node: what is pruned for them as a kind of subject.
    pruned: Vec<OnceLock<Arc<Pruned>>>,
}

#[derive(Debug)]
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) nodes: FxHashMap<String, NodeId>,
}

/// A relation or permission.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) of: TypeId,
    pub(crate) name: String,
    pub(crate) rule: Rule,
}

/// How a node is computed, before it is pruned.
#[derive(Clone, Debug)]
pub(crate) enum Rule {
    Nil,
    Itself,
    Relation(Vec<EdgeSetId>),
    Node(NodeId),
    Arrow {
        /// What the relation holds, with the node asked for at the other end, if the type there
        /// has it.
        steps: Vec<(EdgeSetId, Option<NodeId>)>,
        all: bool,
    },
    Union(Vec<Rule>),
    Intersection(Vec<Rule>),
    Exclusion(Box<Rule>, Vec<Rule>),
}

/// A kind of subject.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum SubjectKind {
    /// Single objects of a type.
    Object(TypeId),
    /// All objects of a type at once.
    Everyone(TypeId),
    /// Whoever has a relation or permission to an object.
    Userset(NodeId),
}

/// The tuples of one relation with one kind of subject.
#[derive(Debug)]
pub(crate) struct EdgeSet {
    pub(crate) relation: NodeId,
    pub(crate) resources: TypeId,
    pub(crate) subjects: TypeId,
    pub(crate) kind: SubjectKind,
    /// The caveat that a tuple names, and whether it expires: each pair is allowed or is not.
    pub(crate) traits: Vec<(Option<CaveatId>, bool)>,
}

impl Plan {
    pub(crate) fn types(&self) -> &[Type] {
        &self.types
    }

    pub(crate) fn type_id(&self, name: &str) -> Option<TypeId> {
        self.type_ids.get(name).copied()
    }

    pub(crate) fn node_id(&self, of: TypeId, name: &str) -> Option<NodeId> {
        self.types[of.index()].nodes.get(name).copied()
    }

    pub(crate) fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..).take(self.nodes.len()).map(NodeId)
    }

    pub(crate) fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node.index()]
    }

    pub(crate) fn edge_sets(&self) -> &[EdgeSet] {
        &self.edge_sets
    }

    pub(crate) fn edge_set(&self, edges: EdgeSetId) -> &EdgeSet {
        &self.edge_sets[edges.index()]
    }

    pub(crate) fn caveat(&self, caveat: CaveatId) -> &Caveat {
        &self.caveats[caveat.index()]
    }

    pub(crate) fn caveat_id(&self, name: &str) -> Option<CaveatId> {
        self.caveat_ids.get(name).copied()
    }

    /// The edge set of a relation that holds a kind of subject.
    pub(crate) fn edges_of(&self, relation: NodeId, kind: SubjectKind) -> Option<EdgeSetId> {
        let Rule::Relation(sets) = &self.node(relation).rule else {
            return None;
        };
        let mut sets = sets.iter().copied();
        sets.find(|edges| self.edge_set(*edges).kind == kind)
    }

    /// The operations for one kind of subject, made when they are first asked for.
    pub(crate) fn pruned(&self, kind: SubjectKind) -> &Arc<Pruned> {
        let index = match kind {
            // Everyone is asked for as one who is not named anywhere.
            SubjectKind::Object(of) | SubjectKind::Everyone(of) => of.index(),
            SubjectKind::Userset(node) => self.types.len() + node.index(),
        };
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        self.pruned[index].get_or_init(|| Arc::new(Pruned::new(self, kind, number)))
    }

    /// Whether closures could be made of an edge set.
    pub(crate) fn makes_closures(&self, edges: EdgeSetId) -> bool {
        self.closure_edges[edges.index()]
    }
}
