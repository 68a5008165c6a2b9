//! What a relation or permission of one object is made of, whoever asks.

use crate::{
    check::{CheckError, Request},
    index::Snapshot,
    plan::{EdgeSetId, NodeId, Rule},
    tuple::{Object, Subject, Tuple},
};

/// A relation or permission of an object, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// The object.
    pub object: Object,
    /// The relation or permission.
    pub relation: String,
    /// What it is made of.
    pub branch: Branch,
}

/// A part of what a relation or permission is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Branch {
    /// `nil`.
    Nobody,
    /// `self`.
    Itself,
    /// The tuples of a relation, without those that have expired. Usersets among their subjects can
    /// be expanded in turn.
    Tuples(Vec<Tuple>),
    /// Another relation or permission of the same object.
    Computed(Box<Tree>),
    /// What other objects grant.
    Arrow {
        /// The tuples that lead there, each with the userset at its end; none where the type there
        /// has no such relation or permission.
        steps: Vec<(Tuple, Option<Subject>)>,
        /// Whether every one of them must grant.
        all: bool,
    },
    /// In one of them.
    Union(Vec<Branch>),
    /// In all of them.
    Intersection(Vec<Branch>),
    /// In the first and in none of the others.
    Exclusion(Box<Branch>, Vec<Branch>),
}

impl Snapshot {
    /// Takes a relation or permission of an object apart, down to tuples of the object itself.
    pub fn expand(
        &self,
        object: &Object,
        relation: &str,
        request: &Request<'_>,
    ) -> Result<Tree, CheckError> {
        let (of, node) = self.node_of(&object.namespace, relation)?;
        let mut expander = Expander {
            snapshot: self,
            object,
            // An object that no tuple names has no rows.
            number: self.id(of, &object.id).unwrap_or_else(|| self.count(of)),
            request,
            left: request.budget,
        };
        expander.tree(node)
    }
}

struct Expander<'a> {
    snapshot: &'a Snapshot,
    object: &'a Object,
    number: u32,
    request: &'a Request<'a>,
    left: u64,
}

impl Expander<'_> {
    fn tree(&mut self, node: NodeId) -> Result<Tree, CheckError> {
        self.spend()?;
        let snapshot = self.snapshot;
        let declared = snapshot.plan().node(node);
        Ok(Tree {
            object: self.object.clone(),
            relation: declared.name.clone(),
            branch: self.branch(&declared.rule)?,
        })
    }

    fn branch(&mut self, rule: &Rule) -> Result<Branch, CheckError> {
        Ok(match rule {
            Rule::Nil => Branch::Nobody,
            Rule::Itself => Branch::Itself,
            Rule::Relation(sets) => {
                let mut tuples = Vec::new();
                for edges in sets {
                    tuples.extend(self.tuples(*edges)?);
                }
                Branch::Tuples(tuples)
            }
            Rule::Node(node) => Branch::Computed(Box::new(self.tree(*node)?)),
            Rule::Arrow { steps, all } => {
                let mut found = Vec::new();
                for (edges, target) in steps {
                    let target = target.map(|node| self.snapshot.plan().node(node).name.clone());
                    for tuple in self.tuples(*edges)? {
                        let userset = target.clone().map(|relation| Subject {
                            relation: Some(relation),
                            ..tuple.subject.clone()
                        });
                        found.push((tuple, userset));
                    }
                }
                Branch::Arrow {
                    steps: found,
                    all: *all,
                }
            }
            Rule::Union(parts) => Branch::Union(self.branches(parts)?),
            Rule::Intersection(parts) => Branch::Intersection(self.branches(parts)?),
            Rule::Exclusion(base, excluded) => {
                Branch::Exclusion(Box::new(self.branch(base)?), self.branches(excluded)?)
            }
        })
    }

    fn branches(&mut self, rules: &[Rule]) -> Result<Vec<Branch>, CheckError> {
        rules.iter().map(|rule| self.branch(rule)).collect()
    }

    fn tuples(&mut self, edges: EdgeSetId) -> Result<Vec<Tuple>, CheckError> {
        let mut found = Vec::new();
        for (subject, condition) in self.snapshot.forward(edges, self.number).iter() {
            self.spend()?;
            let end = self
                .snapshot
                .condition(condition)
                .and_then(|condition| condition.expires_at);
            if end.is_none_or(|end| end > self.request.now) {
                found.push(self.snapshot.tuple(edges, self.number, subject, condition));
            }
        }
        Ok(found)
    }

    fn spend(&mut self) -> Result<(), CheckError> {
        let left = self.left.checked_sub(1);
        self.left = left.ok_or(CheckError::Budget(self.request.budget))?;
        Ok(())
    }
}
