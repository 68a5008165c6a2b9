//! From namespaces to a plan.

use std::{collections::BTreeMap, sync::OnceLock};

use assay_reconciler::{
    namespace::{self, Expression, Operation, Quantifier, Severity, SubjectForm},
    spec::ZanzibarNamespaceSpec,
};
use rustc_hash::FxHashMap;

use super::{
    CaveatId, EdgeSet, EdgeSetId, Node, NodeId, Plan, PlanError, Rule, SubjectKind, Type, TypeId,
    prune::closure_edges,
};
use crate::caveat::Caveat;

impl Plan {
    /// Compiles a set of namespaces, which must be free of errors.
    pub fn compile(
        namespaces: &BTreeMap<String, &ZanzibarNamespaceSpec>,
    ) -> Result<Self, PlanError> {
        let wrong = |problem: namespace::NamespaceProblem| PlanError::Namespace {
            namespace: problem.namespace,
            message: problem.message,
        };
        let problems = namespace::check(namespaces).into_iter();
        if let Some(problem) = problems.into_iter().find(|p| p.severity == Severity::Error) {
            return Err(wrong(problem));
        }
        let mut compiler = Compiler::default();
        compiler.declare(namespaces)?;
        compiler.relations(namespaces);
        compiler.permissions(namespaces);
        let Compiler {
            types,
            type_ids,
            nodes,
            edge_sets,
            caveats,
            caveat_ids,
        } = compiler;
        let pruned = (0..types.len() + nodes.len()).map(|_| OnceLock::new());
        let mut plan = Self {
            closure_edges: Vec::new(),
            pruned: pruned.collect(),
            types,
            type_ids,
            nodes,
            edge_sets,
            caveats,
            caveat_ids,
        };
        plan.closure_edges = closure_edges(&plan);
        Ok(plan)
    }
}

#[derive(Default)]
struct Compiler {
    types: Vec<Type>,
    type_ids: FxHashMap<String, TypeId>,
    nodes: Vec<Node>,
    edge_sets: Vec<EdgeSet>,
    caveats: Vec<Caveat>,
    caveat_ids: FxHashMap<String, CaveatId>,
}

type Namespaces<'a> = BTreeMap<String, &'a ZanzibarNamespaceSpec>;

/// Numbers are counted in 32 bits. A namespace has 1,000 names at most, so that is never too few.
#[allow(clippy::cast_possible_truncation)]
const fn number(count: usize) -> u32 {
    count as u32
}

impl Compiler {
    /// Gives numbers to everything that has a name.
    fn declare(&mut self, namespaces: &Namespaces<'_>) -> Result<(), PlanError> {
        for (namespace, spec) in namespaces {
            let of = TypeId(number(self.types.len()));
            let mut nodes = FxHashMap::default();
            for name in spec.relations.keys().chain(spec.permissions.keys()) {
                let id = NodeId(number(self.nodes.len()));
                nodes.insert(name.clone(), id);
                self.nodes.push(Node {
                    of,
                    name: name.clone(),
                    rule: Rule::Nil,
                });
            }
            self.type_ids.insert(namespace.clone(), of);
            self.types.push(Type {
                name: namespace.clone(),
                nodes,
            });
            for (name, caveat) in &spec.caveats {
                let id = CaveatId(number(self.caveats.len()));
                let compiled =
                    Caveat::compile(name, caveat).map_err(|error| PlanError::Namespace {
                        namespace: namespace.clone(),
                        message: error.message,
                    })?;
                self.caveat_ids.insert(name.clone(), id);
                self.caveats.push(compiled);
            }
        }
        Ok(())
    }

    fn relations(&mut self, namespaces: &Namespaces<'_>) {
        for (namespace, spec) in namespaces {
            let of = self.type_ids[namespace];
            for (relation, declared) in &spec.relations {
                let relation = self.types[of.index()].nodes[relation];
                let mut sets: Vec<EdgeSetId> = Vec::new();
                for subject in &declared.types {
                    let subjects = self.type_ids[&subject.namespace];
                    let kind = match &subject.form {
                        SubjectForm::Object => SubjectKind::Object(subjects),
                        SubjectForm::Wildcard => SubjectKind::Everyone(subjects),
                        SubjectForm::Userset(name) => {
                            SubjectKind::Userset(self.types[subjects.index()].nodes[name])
                        }
                    };
                    let caveat = subject.caveat.as_ref().map(|name| self.caveat_ids[name]);
                    let same = |id: &&EdgeSetId| self.edge_sets[id.index()].kind == kind;
                    if let Some(known) = sets.iter().find(same) {
                        let known = &mut self.edge_sets[known.index()];
                        known.traits.push((caveat, subject.expiration));
                    } else {
                        sets.push(EdgeSetId(number(self.edge_sets.len())));
                        self.edge_sets.push(EdgeSet {
                            relation,
                            resources: of,
                            subjects,
                            kind,
                            traits: vec![(caveat, subject.expiration)],
                        });
                    }
                }
                self.nodes[relation.index()].rule = Rule::Relation(sets);
            }
        }
    }

    fn permissions(&mut self, namespaces: &Namespaces<'_>) {
        for (namespace, spec) in namespaces {
            let of = self.type_ids[namespace];
            for (permission, expression) in &spec.permissions {
                let node = self.types[of.index()].nodes[permission];
                self.nodes[node.index()].rule = self.rule(of, expression.expression());
            }
        }
    }

    fn rule(&self, of: TypeId, expression: &Expression) -> Rule {
        let rules = |parts: &[Expression]| parts.iter().map(|part| self.rule(of, part)).collect();
        match &expression.operation {
            Operation::Nil => Rule::Nil,
            Operation::Itself => Rule::Itself,
            Operation::Name(name) => Rule::Node(self.types[of.index()].nodes[&name.text]),
            Operation::Arrow {
                relation,
                quantifier,
                target,
            } => {
                let relation = self.types[of.index()].nodes[&relation.text];
                let sets = match &self.nodes[relation.index()].rule {
                    Rule::Relation(sets) => sets.as_slice(),
                    _ => &[],
                };
                let steps = sets.iter().map(|edges| {
                    let at = self.edge_sets[edges.index()].subjects;
                    let target = self.types[at.index()].nodes.get(&target.text).copied();
                    (*edges, target)
                });
                Rule::Arrow {
                    steps: steps.collect(),
                    all: *quantifier == Quantifier::All,
                }
            }
            Operation::Union(parts) => Rule::Union(rules(parts)),
            Operation::Intersection(parts) => Rule::Intersection(rules(parts)),
            Operation::Exclusion(base, excluded) => {
                Rule::Exclusion(Box::new(self.rule(of, base)), rules(excluded))
            }
        }
    }
}
