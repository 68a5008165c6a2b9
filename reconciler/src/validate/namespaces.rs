//! Namespaces: their texts one by one, and all of them together.

use std::{borrow::Cow, collections::BTreeMap};

use super::{Finding, Place, revisit::Late};
use crate::{
    load::{
        outcome::Manifest,
        tree::{Node, Step},
    },
    namespace::{self, NamespaceProblem},
    object::Spec,
    problem::Severity,
};

/// Every expression and subject type in `spec` that cannot be read.
pub(super) fn syntax(name: &str, spec: &Node<'_>, findings: &mut Vec<Finding>) {
    let problems = namespace::check_syntax(name, &spec.to_value());
    findings.extend(problems.into_iter().map(finding));
}

/// What is wrong between namespaces.
pub(super) fn check<'m>(manifests: &[&'m Manifest], found: &mut Vec<Late<'m>>) {
    let mut specs = BTreeMap::new();
    let mut by_name: BTreeMap<&str, &'m Manifest> = BTreeMap::new();
    for manifest in manifests {
        if let Spec::ZanzibarNamespace(spec) = &manifest.object.spec {
            specs.insert(manifest.object.name().to_owned(), spec);
            by_name.insert(manifest.object.name(), manifest);
        }
    }
    for problem in namespace::check(&specs) {
        // The name itself has been looked at with those of the other kinds.
        let is_name = problem.place == namespace::Place::Namespace;
        if is_name && namespace::namespace_name(&problem.namespace).is_err() {
            continue;
        }
        if let Some(manifest) = by_name.get(problem.namespace.as_str()) {
            let severity = match problem.severity {
                namespace::Severity::Error => Severity::Error,
                namespace::Severity::Warning => Severity::Warning,
            };
            found.push(Late {
                manifest,
                finding: finding(problem),
                also: Vec::new(),
                severity,
            });
        }
    }
}

fn finding(problem: NamespaceProblem) -> Finding {
    let within = problem.place.range().map(|range| range.start..range.end);
    let mut finding = Finding::new("namespace", place(problem.place), problem.message);
    finding.help = problem.help;
    finding.within = within;
    finding
}

fn place(place: namespace::Place) -> Place {
    let key = |text: &'static str| Step::Key(Cow::Borrowed(text));
    let named = |text: String| Step::Key(Cow::Owned(text));
    Place::Steps(match place {
        namespace::Place::Namespace => vec![key("metadata"), key("name")],
        namespace::Place::Relation(relation) => {
            vec![key("spec"), key("relations"), Step::KeyOf(relation.into())]
        }
        namespace::Place::RelationType { relation, subject } => vec![
            key("spec"),
            key("relations"),
            named(relation),
            key("types"),
            Step::Item(subject.to_string()),
        ],
        namespace::Place::Permission(permission) => {
            vec![
                key("spec"),
                key("permissions"),
                Step::KeyOf(permission.into()),
            ]
        }
        namespace::Place::Expression { permission, .. } => {
            vec![key("spec"), key("permissions"), named(permission)]
        }
        namespace::Place::Caveat(caveat) => {
            vec![key("spec"), key("caveats"), Step::KeyOf(caveat.into())]
        }
        namespace::Place::Parameter { caveat, parameter } => vec![
            key("spec"),
            key("caveats"),
            named(caveat),
            key("parameters"),
            Step::KeyOf(parameter.into()),
        ],
        namespace::Place::CaveatExpression { caveat, .. } => {
            vec![
                key("spec"),
                key("caveats"),
                named(caveat),
                key("expression"),
            ]
        }
        namespace::Place::Pointer { pointer, .. } => {
            let parts = pointer.split('/').skip(1).map(|part| {
                let part = part.replace("~1", "/").replace("~0", "~");
                // Only elements of lists have numbers here: names begin with a letter.
                part.parse().map_or_else(|_| named(part), Step::Index)
            });
            std::iter::once(key("spec")).chain(parts).collect()
        }
    })
}
