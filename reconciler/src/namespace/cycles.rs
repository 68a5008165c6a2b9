//! Permissions that are computed from themselves.

use std::collections::BTreeMap;

use super::{NamespaceProblem, Operation, Place, TextRange};
use crate::spec::zanzibar_namespace::ZanzibarNamespaceSpec;

pub(super) struct Cycle<'a> {
    pub(super) members: Vec<&'a str>,
    pub(super) problem: NamespaceProblem,
}

/// One permission computed from another of the same object.
#[derive(Clone, Copy)]
struct Step<'a> {
    to: &'a str,
    range: TextRange,
    /// Whether it stands on the right side of `-`.
    negated: bool,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Visit {
    Open,
    Done,
}

/// Cycles of permissions on one object. Every check of a member would run into itself, whatever
/// the tuples are.
pub(super) fn find<'a>(namespace: &str, spec: &'a ZanzibarNamespaceSpec) -> Vec<Cycle<'a>> {
    let steps: BTreeMap<&str, Vec<Step<'_>>> = spec
        .permissions
        .keys()
        .map(|permission| (permission.as_str(), steps_from(spec, permission)))
        .collect();
    let mut visits = BTreeMap::new();
    let mut cycles = Vec::new();
    for start in steps.keys() {
        if !visits.contains_key(start) {
            search(namespace, start, &steps, &mut visits, &mut cycles);
        }
    }
    cycles
}

fn steps_from<'a>(spec: &'a ZanzibarNamespaceSpec, permission: &str) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    let Some(expression) = spec.permissions.get(permission) else {
        return steps;
    };
    expression.expression().leaves(&mut |leaf, negated| {
        if let Operation::Name(name) = &leaf.operation
            // A name that is both counts as the relation; that it is both is an error of its own.
            && !spec.relations.contains_key(&name.text)
            && spec.permissions.contains_key(&name.text)
        {
            steps.push(Step {
                to: &name.text,
                range: name.range,
                negated,
            });
        }
    });
    steps
}

/// Depth first, with a stack of its own: a chain may be as long as a namespace has permissions.
fn search<'a>(
    namespace: &str,
    start: &'a str,
    steps: &BTreeMap<&'a str, Vec<Step<'a>>>,
    visits: &mut BTreeMap<&'a str, Visit>,
    cycles: &mut Vec<Cycle<'a>>,
) {
    let mut path: Vec<(&'a str, usize)> = vec![(start, 0)];
    visits.insert(start, Visit::Open);
    while let Some((permission, next)) = path.last_mut() {
        let permission = *permission;
        let Some(step) = steps
            .get(permission)
            .and_then(|all| all.get(*next))
            .copied()
        else {
            visits.insert(permission, Visit::Done);
            path.pop();
            continue;
        };
        *next += 1;
        match visits.get(step.to) {
            Some(Visit::Done) => {}
            Some(Visit::Open) => cycles.push(cycle(namespace, &path, step, steps)),
            None => {
                visits.insert(step.to, Visit::Open);
                path.push((step.to, 0));
            }
        }
    }
}

fn cycle<'a>(
    namespace: &str,
    path: &[(&'a str, usize)],
    closing: Step<'a>,
    steps: &BTreeMap<&'a str, Vec<Step<'a>>>,
) -> Cycle<'a> {
    let start = path
        .iter()
        .position(|(permission, _)| *permission == closing.to)
        .unwrap_or(0);
    let members: Vec<_> = path[start..].iter().map(|(member, _)| *member).collect();
    let negated = path[start..].iter().any(|(member, next)| {
        let taken = next.checked_sub(1);
        taken.is_some_and(|taken| steps[member][taken].negated)
    });
    let chain: Vec<_> = members
        .iter()
        .chain([&closing.to])
        .map(|member| format!("`{member}`"))
        .collect();
    let chain = chain.join(" -> ");
    let message = if negated {
        format!("`{}` excludes itself: {chain}", closing.to)
    } else {
        format!("`{}` is computed from itself: {chain}", closing.to)
    };
    let help = if negated {
        "whoever is excluded would have to be known before it is known who has it; take one of \
         these names out"
    } else {
        "take one of these names out; recursion over other objects goes through an arrow, as in \
         `parent->view`"
    };
    let place = Place::Expression {
        permission: members.last().copied().unwrap_or(closing.to).to_owned(),
        range: closing.range,
    };
    Cycle {
        members,
        problem: NamespaceProblem::error(namespace, place, message).help(help),
    }
}
