//! A relation or permission with its names resolved, as far as types of subject go.

use std::collections::BTreeSet;

use super::{Expression, Operation, SubjectForm, grantees::Analysis};

/// Whom something grants to, in terms of namespaces and nodes by their index.
pub(super) enum Shape {
    /// What it names is unknown.
    Anyone,
    /// Single objects of these namespaces; of none means nobody.
    Types(Vec<usize>),
    /// Whomever any of these relations and permissions grants to.
    Nodes(Vec<usize>),
    /// Whoever is in one of them.
    Union(Vec<Shape>),
    /// Whoever is in all of them.
    Intersection(Vec<Shape>),
}

impl Shape {
    const NOBODY: Self = Shape::Types(Vec::new());

    /// The nodes that are named anywhere in it.
    pub(super) fn dependencies(&self) -> Vec<usize> {
        match self {
            Shape::Anyone | Shape::Types(_) => Vec::new(),
            Shape::Nodes(nodes) => nodes.clone(),
            Shape::Union(parts) | Shape::Intersection(parts) => {
                parts.iter().flat_map(Shape::dependencies).collect()
            }
        }
    }
}

impl<'a> Analysis<'a> {
    pub(super) fn shape(&self, namespace: &'a str, name: &'a str) -> Shape {
        let Some(spec) = self.namespaces.get(namespace) else {
            return Shape::Anyone;
        };
        if let Some(relation) = spec.relations.get(name) {
            let parts = relation.types.iter().map(|subject| match &subject.form {
                SubjectForm::Userset(userset) => self.node(&subject.namespace, userset),
                _ => self.type_of(&subject.namespace),
            });
            return Shape::Union(parts.collect());
        }
        match spec.permissions.get(name) {
            Some(permission) => self.expression(namespace, permission.expression()),
            None => Shape::Anyone,
        }
    }

    pub(super) fn expression(&self, namespace: &'a str, expression: &'a Expression) -> Shape {
        let parts = |operands: &'a [Expression]| {
            let parts = operands.iter();
            parts.map(|part| self.expression(namespace, part)).collect()
        };
        match &expression.operation {
            Operation::Nil => Shape::NOBODY,
            Operation::Itself => self.type_of(namespace),
            Operation::Name(name) => self.node(namespace, &name.text),
            Operation::Arrow {
                relation, target, ..
            } => self.arrow(namespace, &relation.text, &target.text),
            Operation::Union(operands) => Shape::Union(parts(operands)),
            Operation::Intersection(operands) => Shape::Intersection(parts(operands)),
            Operation::Exclusion(base, excluded) if excludes_all(base, excluded) => Shape::NOBODY,
            Operation::Exclusion(base, _) => self.expression(namespace, base),
        }
    }

    fn type_of(&self, namespace: &str) -> Shape {
        match self.namespace_ids.get(namespace) {
            Some(id) => Shape::Types(vec![*id]),
            None => Shape::Anyone,
        }
    }

    fn node(&self, namespace: &'a str, name: &'a str) -> Shape {
        match self.node_ids.get(&(namespace, name)) {
            Some(id) => Shape::Nodes(vec![*id]),
            None => Shape::Anyone,
        }
    }

    fn arrow(&self, namespace: &str, relation: &str, target: &'a str) -> Shape {
        let mut nodes = Vec::new();
        for leads_to in self.leads_to(namespace, relation) {
            if let Some(id) = self.node_ids.get(&(leads_to, target)) {
                nodes.push(*id);
            } else if !self.namespaces.contains_key(leads_to) {
                return Shape::Anyone;
            }
            // A type without the target grants nothing.
        }
        Shape::Nodes(nodes)
    }

    /// The namespaces that a relation leads to.
    pub(super) fn leads_to(&self, namespace: &str, relation: &str) -> BTreeSet<&'a str> {
        self.namespaces
            .get(namespace)
            .and_then(|spec| spec.relations.get(relation))
            .into_iter()
            .flat_map(|relation| &relation.types)
            .map(|subject| subject.namespace.as_str())
            .collect()
    }
}

/// Whether what is taken away names everything that is there.
pub(super) fn excludes_all(base: &Expression, excluded: &[Expression]) -> bool {
    excluded.iter().any(|operand| match &operand.operation {
        Operation::Union(parts) => operand == base || parts.contains(base),
        _ => operand == base,
    })
}
