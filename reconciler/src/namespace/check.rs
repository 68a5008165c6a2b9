//! Checks a whole set of namespaces.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Expression, Identifier, MAX_NAMES, NamespaceProblem, Operation, PermissionExpression, Place,
    SubjectForm, SubjectType, check_caveats, cycles, grantees,
    listed::listed,
    name::{name, namespace_name},
};
use crate::{
    spec::zanzibar_namespace::{RelationSpec, ZanzibarNamespaceSpec},
    validate::suggest::nearest,
};

/// Everything that is wrong with a set of namespaces, by namespace and name.
///
/// - names that are no names, a name that is both a relation and a permission, too many of them
/// - relations without types, types of namespaces that no manifest declares, usersets of relations
///   that do not exist
/// - expressions that name what does not exist, or follow an arrow from something that is not a
///   relation, from a relation that holds everyone, or to something that no type there has
/// - permissions that are computed from themselves on the same object, through any operator. Such
///   a cycle is unavoidable for every check; one that goes through an arrow or a userset depends
///   on the tuples and is allowed
/// - permissions that can never be granted: [`grantees`] says which are found
/// - caveats that cannot be read, that are declared twice, or that a type names and nobody declares
/// - as warnings: a permission that is just `nil`, and operators mixed without parentheses
pub fn check(namespaces: &BTreeMap<String, &ZanzibarNamespaceSpec>) -> Vec<NamespaceProblem> {
    let mut check = Check {
        namespaces,
        problems: Vec::new(),
        broken: BTreeSet::new(),
        undeclared: BTreeMap::new(),
    };
    for (namespace, spec) in namespaces {
        check.names(namespace, spec);
        for (relation, declared) in &spec.relations {
            check.relation(namespace, relation, declared);
        }
        for (permission, expression) in &spec.permissions {
            check.permission(namespace, spec, permission, expression);
        }
        for cycle in cycles::find(namespace, spec) {
            check.broken.extend(
                cycle
                    .members
                    .into_iter()
                    .map(|name| (namespace.as_str(), name)),
            );
            check.problems.push(cycle.problem);
        }
    }
    check.report_undeclared();
    let Check {
        mut problems,
        broken,
        ..
    } = check;
    problems.extend(grantees::never_granted(namespaces, &broken));
    problems.extend(check_caveats::check(namespaces));
    problems.sort_by(|a, b| a.namespace.cmp(&b.namespace));
    problems
}

/// A relation or permission: its namespace and its name.
pub(super) type Node<'a> = (&'a str, &'a str);

struct Check<'a> {
    namespaces: &'a BTreeMap<String, &'a ZanzibarNamespaceSpec>,
    problems: Vec<NamespaceProblem>,
    /// What has an error already, so that what follows from it is not reported again.
    broken: BTreeSet<Node<'a>>,
    /// Namespaces that no manifest declares, and where they are named.
    undeclared: BTreeMap<&'a str, Vec<(&'a str, Place)>>,
}

impl<'a> Check<'a> {
    fn names(&mut self, namespace: &'a str, spec: &'a ZanzibarNamespaceSpec) {
        if let Err(error) = namespace_name(namespace) {
            self.error(namespace, Place::Namespace, error.to_string());
        }
        let count = spec.relations.len() + spec.permissions.len();
        if count > MAX_NAMES {
            self.error(
                namespace,
                Place::Namespace,
                format!(
                    "{count} relations and permissions in one namespace; {MAX_NAMES} are allowed"
                ),
            );
        }
        for relation in spec.relations.keys() {
            if let Err(error) = name(relation) {
                self.error(
                    namespace,
                    Place::Relation(relation.clone()),
                    error.to_string(),
                );
            }
        }
        for permission in spec.permissions.keys() {
            let place = || Place::Permission(permission.clone());
            if let Err(error) = name(permission) {
                self.error(namespace, place(), error.to_string());
            }
            if spec.relations.contains_key(permission) {
                self.problems.push(
                    NamespaceProblem::error(
                        namespace,
                        place(),
                        format!("`{permission}` is both a relation and a permission"),
                    )
                    .help("rename one of the two, for example the relation to `direct_…`"),
                );
            }
        }
    }

    fn relation(&mut self, namespace: &'a str, relation: &'a str, declared: &'a RelationSpec) {
        if declared.types.is_empty() {
            self.broken.insert((namespace, relation));
            self.problems.push(
                NamespaceProblem::error(
                    namespace,
                    Place::Relation(relation.to_owned()),
                    format!("`{relation}` has no types, so nothing could ever be written to it"),
                )
                .help("name the subjects it may hold, as in `types: [user]`"),
            );
        }
        for subject in &declared.types {
            self.subject_type(namespace, relation, subject);
        }
    }

    fn subject_type(&mut self, namespace: &'a str, relation: &'a str, subject: &'a SubjectType) {
        let place = Place::RelationType {
            relation: relation.to_owned(),
            subject: subject.clone(),
        };
        let Some(target) = self.namespaces.get(&subject.namespace) else {
            let places = self.undeclared.entry(&subject.namespace).or_default();
            places.push((namespace, place));
            return;
        };
        if let SubjectForm::Userset(wanted) = &subject.form
            && !has(target, wanted)
        {
            let meant = nearest(wanted, names(target));
            self.problems.push(
                NamespaceProblem::error(
                    namespace,
                    place,
                    format!(
                        "`{}` has no relation or permission `{wanted}`",
                        subject.namespace
                    ),
                )
                .did_you_mean(
                    meant
                        .map(|meant| format!("{}#{meant}", subject.namespace))
                        .as_deref(),
                ),
            );
        }
    }

    fn permission(
        &mut self,
        namespace: &'a str,
        spec: &'a ZanzibarNamespaceSpec,
        permission: &'a str,
        expression: &'a PermissionExpression,
    ) {
        if let Some(range) = expression.mixed() {
            let place = Place::Expression {
                permission: permission.to_owned(),
                range,
            };
            self.problems.push(
                NamespaceProblem::warning(
                    namespace,
                    place,
                    "different operators without parentheses: `+` binds tighter than `&`, and `&` \
                     tighter than `-`",
                )
                .help(format!(
                    "it is read as `{expression}`; write the parentheses"
                )),
            );
        }
        let mut found = Vec::new();
        expression.expression().leaves(&mut |leaf, _| {
            found.extend(self.leaf(namespace, spec, permission, leaf));
        });
        if !found.is_empty() {
            self.broken.insert((namespace, permission));
        }
        self.problems.extend(found);
    }

    fn leaf(
        &self,
        namespace: &str,
        spec: &ZanzibarNamespaceSpec,
        permission: &str,
        leaf: &Expression,
    ) -> Option<NamespaceProblem> {
        match &leaf.operation {
            Operation::Name(name) if !has(spec, &name.text) => {
                Some(unknown(namespace, spec, permission, name))
            }
            Operation::Arrow {
                relation, target, ..
            } => self.arrow(namespace, spec, permission, relation, target),
            _ => None,
        }
    }

    fn arrow(
        &self,
        namespace: &str,
        spec: &ZanzibarNamespaceSpec,
        permission: &str,
        relation: &Identifier,
        target: &Identifier,
    ) -> Option<NamespaceProblem> {
        let at = |identifier: &Identifier| Place::Expression {
            permission: permission.to_owned(),
            range: identifier.range,
        };
        let error =
            |identifier, message| Some(NamespaceProblem::error(namespace, at(identifier), message));
        let left = &relation.text;
        let Some(declared) = spec.relations.get(left) else {
            if spec.permissions.contains_key(left) {
                return error(
                    relation,
                    format!("an arrow starts at a relation, and `{left}` is a permission"),
                )
                .map(|problem| {
                    problem.help(format!(
                        "start at {}",
                        either(spec.relations.keys().map(String::as_str))
                    ))
                });
            }
            return error(relation, format!("`{namespace}` has no relation `{left}`")).map(
                |problem| {
                    problem.did_you_mean(nearest(left, spec.relations.keys().map(String::as_str)))
                },
            );
        };
        let wildcard = |subject: &&SubjectType| subject.form == SubjectForm::Wildcard;
        if let Some(subject) = declared.types.iter().find(wildcard) {
            return error(
                relation,
                format!("an arrow cannot follow `{left}`, because it may hold `{subject}`"),
            )
            .map(|problem| {
                problem.help(format!(
                    "keep single objects in a relation of their own, without `{}:*`",
                    subject.namespace
                ))
            });
        }
        let leads_to: BTreeSet<_> = declared
            .types
            .iter()
            .map(|s| s.namespace.as_str())
            .collect();
        // An undeclared namespace might have it: that it is undeclared is reported already.
        let may_have = |name: &&str| {
            self.namespaces
                .get(*name)
                .is_none_or(|spec| has(spec, &target.text))
        };
        if leads_to.is_empty() || leads_to.iter().any(may_have) {
            return None;
        }
        let candidates = leads_to
            .iter()
            .filter_map(|name| self.namespaces.get(*name))
            .flat_map(|spec| names(spec));
        let meant = nearest(&target.text, candidates);
        error(
            target,
            format!(
                "`{left}` leads to {}, without a relation or permission `{}`",
                listed(leads_to.iter().copied()),
                target.text
            ),
        )
        .map(|problem| problem.did_you_mean(meant))
    }

    fn report_undeclared(&mut self) {
        for (undeclared, places) in std::mem::take(&mut self.undeclared) {
            let others = places.len() - 1;
            let Some((namespace, place)) = places.into_iter().next() else {
                continue;
            };
            let more = match others {
                0 => String::new(),
                1 => " (it is named in 1 other place)".to_owned(),
                _ => format!(" (it is named in {others} other places)"),
            };
            let meant = nearest(undeclared, self.namespaces.keys().map(String::as_str));
            let question = meant
                .map(|meant| format!("did you mean `{meant}`? If not, "))
                .unwrap_or_default();
            self.problems.push(
                NamespaceProblem::error(
                    namespace,
                    place,
                    format!("no manifest declares the namespace `{undeclared}`{more}"),
                )
                .help(format!(
                    "{question}add:\n\
                     ---\n\
                     apiVersion: assay/v1\n\
                     kind: ZanzibarNamespace\n\
                     metadata: {{ name: {undeclared} }}\n\
                     spec: {{}}"
                )),
            );
        }
    }

    fn error(&mut self, namespace: &str, place: Place, message: String) {
        self.problems
            .push(NamespaceProblem::error(namespace, place, message));
    }
}

fn unknown(
    namespace: &str,
    spec: &ZanzibarNamespaceSpec,
    permission: &str,
    name: &Identifier,
) -> NamespaceProblem {
    let place = Place::Expression {
        permission: permission.to_owned(),
        range: name.range,
    };
    // Its own name is never what was meant.
    let candidates = names(spec).filter(|candidate| *candidate != permission);
    NamespaceProblem::error(
        namespace,
        place,
        format!(
            "`{namespace}` has no relation or permission `{}`",
            name.text
        ),
    )
    .did_you_mean(nearest(&name.text, candidates.chain(["nil", "self"])))
}

fn either<'b>(names: impl Iterator<Item = &'b str>) -> String {
    let names = listed(names);
    if names.is_empty() {
        "a relation; this namespace has none".to_owned()
    } else {
        format!("one of {names}")
    }
}

pub(super) fn has(spec: &ZanzibarNamespaceSpec, name: &str) -> bool {
    spec.relations.contains_key(name) || spec.permissions.contains_key(name)
}

fn names(spec: &ZanzibarNamespaceSpec) -> impl Iterator<Item = &str> {
    spec.relations
        .keys()
        .chain(spec.permissions.keys())
        .map(String::as_str)
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
