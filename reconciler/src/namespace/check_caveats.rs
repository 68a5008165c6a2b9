//! Caveats: what they say by themselves, and who names them.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{
    NamespaceProblem, Place,
    caveat::compile_caveat,
    name::{caveat_name, parameter_name},
};
use crate::{
    spec::zanzibar_namespace::{CaveatSpec, ZanzibarNamespaceSpec},
    validate::suggest::nearest,
};

/// Most parameters of one caveat.
const MAX_PARAMETERS: usize = 50;

/// Everything that is wrong with the caveats of a set of namespaces.
pub(super) fn check(
    namespaces: &BTreeMap<String, &ZanzibarNamespaceSpec>,
) -> Vec<NamespaceProblem> {
    let mut problems = Vec::new();
    let mut declared_in: BTreeMap<&str, &str> = BTreeMap::new();
    for (namespace, spec) in namespaces {
        for (caveat, declared) in &spec.caveats {
            match declared_in.entry(caveat) {
                Entry::Vacant(free) => {
                    free.insert(namespace);
                }
                Entry::Occupied(taken) => {
                    let message = format!(
                        "the caveat `{caveat}` is declared by the namespace `{}` too",
                        taken.get()
                    );
                    let place = Place::Caveat(caveat.clone());
                    problems.push(NamespaceProblem::error(namespace, place, message).help(
                        "one declaration serves all namespaces: take one of the two out, or \
                         rename it",
                    ));
                }
            }
            problems.extend(caveat_problems(namespace, caveat, declared));
        }
    }
    for (namespace, spec) in namespaces {
        for (relation, declared) in &spec.relations {
            for subject in &declared.types {
                let Some(caveat) = &subject.caveat else {
                    continue;
                };
                if declared_in.contains_key(caveat.as_str()) {
                    continue;
                }
                let place = Place::RelationType {
                    relation: relation.clone(),
                    subject: subject.clone(),
                };
                let message = format!("no namespace declares the caveat `{caveat}`");
                let meant = nearest(caveat, declared_in.keys().copied());
                let problem = NamespaceProblem::error(namespace, place, message);
                problems.push(match meant {
                    Some(_) => problem.did_you_mean(meant),
                    None => problem.help("declare it under `caveats`"),
                });
            }
        }
    }
    problems
}

fn caveat_problems(namespace: &str, name: &str, caveat: &CaveatSpec) -> Vec<NamespaceProblem> {
    let mut problems = Vec::new();
    let mut add = |place, message: String| {
        problems.push(NamespaceProblem::error(namespace, place, message));
    };
    if let Err(error) = caveat_name(name) {
        add(Place::Caveat(name.to_owned()), error.to_string());
    }
    if caveat.parameters.len() > MAX_PARAMETERS {
        let message = format!(
            "{} parameters of one caveat; {MAX_PARAMETERS} are allowed",
            caveat.parameters.len()
        );
        add(Place::Caveat(name.to_owned()), message);
    }
    for parameter in caveat.parameters.keys() {
        if let Err(error) = parameter_name(parameter) {
            let place = Place::Parameter {
                caveat: name.to_owned(),
                parameter: parameter.clone(),
            };
            add(place, error.to_string());
        }
    }
    if let Err(error) = compile_caveat(&caveat.expression, &caveat.parameters) {
        let place = Place::CaveatExpression {
            caveat: name.to_owned(),
            range: error.range,
        };
        problems.push(NamespaceProblem {
            help: error.help,
            ..NamespaceProblem::error(namespace, place, error.message)
        });
    }
    problems
}
