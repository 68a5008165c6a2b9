//! Reasons that go in a circle through an exclusion.
//!
//! That none of a circle grants is because nothing outside it does, and can be said. But where a no
//! rests on a yes that rests on the same no, nothing is explained. It takes a cycle through the
//! right side of `-` that the check did not have to go along; the explanation does.

use super::{Finding, Reason};

/// A finding on such a circle, if there is one.
pub(super) fn find(findings: &[Finding]) -> Option<&Finding> {
    let edges: Vec<Vec<(usize, bool)>> = findings
        .iter()
        .map(|finding| {
            let mut found = Vec::new();
            references(&finding.reason, false, &mut found);
            // What was cut off leads nowhere.
            found.retain(|(to, _)| *to < findings.len());
            found
        })
        .collect();
    let mut turns = edges.iter().flatten();
    if !turns.any(|(_, turns)| *turns) {
        return None;
    }
    let component = components(&edges);
    let at = (0..findings.len()).find(|from| {
        let mut steps = edges[*from].iter();
        steps.any(|(to, turns)| *turns && component[*from] == component[*to])
    });
    at.map(|at| &findings[at])
}

/// The findings that a reason names, and whether it turns from yes to no or back on the way.
fn references(reason: &Reason, turns: bool, found: &mut Vec<(usize, bool)>) {
    match reason {
        Reason::Itself | Reason::NoTuple { .. } | Reason::Never => {}
        Reason::Tuple { then, .. } => found.extend(then.map(|then| (then, turns))),
        Reason::Computed(then) => found.push((*then, turns)),
        Reason::Each(parts) | Reason::NoneOf(parts) => {
            for part in parts {
                references(part, turns, found);
            }
        }
        Reason::Without(base, excluded) => {
            references(base, turns, found);
            for part in excluded {
                references(part, true, found);
            }
        }
        Reason::Excluded(by) => references(by, true, found),
    }
}

/// A number for each that those on a circle with it have too (Kosaraju's two searches).
fn components(edges: &[Vec<(usize, bool)>]) -> Vec<usize> {
    let mut seen = vec![false; edges.len()];
    let mut left = Vec::with_capacity(edges.len());
    let mut path: Vec<(usize, usize)> = Vec::new();
    for start in 0..edges.len() {
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        path.push((start, 0));
        while let Some((at, next)) = path.last_mut() {
            if let Some((to, _)) = edges[*at].get(*next) {
                *next += 1;
                if !std::mem::replace(&mut seen[*to], true) {
                    path.push((*to, 0));
                }
            } else {
                left.push(*at);
                path.pop();
            }
        }
    }
    let mut back = vec![Vec::new(); edges.len()];
    for (from, steps) in edges.iter().enumerate() {
        for (to, _) in steps {
            back[*to].push(from);
        }
    }
    let mut component = vec![usize::MAX; edges.len()];
    for start in left.into_iter().rev() {
        let mut open = vec![start];
        while let Some(at) = open.pop() {
            if component[at] == usize::MAX {
                component[at] = start;
                open.extend(&back[at]);
            }
        }
    }
    component
}
