//! Reasons are made of tuples that are there, and never of themselves.

use std::{collections::HashSet, fmt::Write as _};

use assay_permissions::{Answer, Explanation, Reason, Tuple};
use serde_json::json;

use crate::world::{World, question, tuple, types, until};

/// What is wrong with an explanation, by what the tuples alone show.
pub(crate) fn verify(explanation: &Explanation, tuples: &[Tuple]) -> Result<(), String> {
    let mut verifier = Verifier {
        explanation,
        tuples,
        on_the_way: HashSet::new(),
        fine: HashSet::new(),
    };
    match explanation.answer {
        Answer::No => verifier.refused(0),
        _ => verifier.granted(0),
    }
}

struct Verifier<'a> {
    explanation: &'a Explanation,
    tuples: &'a [Tuple],
    on_the_way: HashSet<usize>,
    fine: HashSet<usize>,
}

impl Verifier<'_> {
    fn granted(&mut self, at: usize) -> Result<(), String> {
        if self.fine.contains(&at) {
            return Ok(());
        }
        if !self.on_the_way.insert(at) {
            return Err(format!("finding {at} is proven by itself"));
        }
        let finding = &self.explanation.findings[at];
        self.grant(at, &finding.reason)?;
        self.on_the_way.remove(&at);
        self.fine.insert(at);
        Ok(())
    }

    fn grant(&mut self, at: usize, reason: &Reason) -> Result<(), String> {
        match reason {
            Reason::Itself => Ok(()),
            Reason::Computed(then) => self.granted(*then),
            Reason::Tuple { tuple, then } => {
                self.is_there(at, tuple)?;
                if let Some(then) = then {
                    let end = &self.explanation.findings[*then].object;
                    if (&end.namespace, &end.id) != (&tuple.subject.namespace, &tuple.subject.id) {
                        return Err(format!("{tuple} does not lead to {end}"));
                    }
                    self.granted(*then)?;
                }
                Ok(())
            }
            Reason::Each(parts) if parts.is_empty() => Err(format!("finding {at} has no reason")),
            Reason::Each(parts) => parts.iter().try_for_each(|part| self.grant(at, part)),
            Reason::Without(base, excluded) => {
                self.grant(at, base)?;
                excluded.iter().try_for_each(|part| self.refuse(at, part))
            }
            other => Err(format!("finding {at} is granted by {other:?}")),
        }
    }

    fn refused(&mut self, at: usize) -> Result<(), String> {
        // A circle of those that do not grant grants nothing: each is looked at once.
        if !self.fine.insert(at) {
            return Ok(());
        }
        self.refuse(at, &self.explanation.findings[at].reason)
    }

    fn refuse(&mut self, at: usize, reason: &Reason) -> Result<(), String> {
        match reason {
            Reason::Never => Ok(()),
            Reason::NoneOf(parts) => parts.iter().try_for_each(|part| self.refuse(at, part)),
            Reason::Computed(then) => self.refused(*then),
            Reason::NoTuple { void, .. } => {
                void.iter().try_for_each(|tuple| self.is_there(at, tuple))
            }
            Reason::Excluded(by) => {
                let mut other = Verifier {
                    on_the_way: HashSet::new(),
                    fine: HashSet::new(),
                    ..*self
                };
                other.grant(at, by)
            }
            other => Err(format!("finding {at} is refused by {other:?}")),
        }
    }

    fn is_there(&self, at: usize, tuple: &Tuple) -> Result<(), String> {
        if tuple.resource != self.explanation.findings[at].object {
            return Err(format!("{tuple} is not of finding {at}"));
        }
        if !self.tuples.contains(tuple) {
            return Err(format!("{tuple} is not there"));
        }
        Ok(())
    }
}

fn world() -> (World, Vec<Tuple>) {
    let spec = json!({
        "user": {},
        "group": { "relations": { "member": types(&["user", "group#member"]) } },
        "folder": {
            "relations": { "parent": types(&["folder"]), "viewer": types(&["user", "group#member"]) },
            "permissions": { "view": "viewer + parent->view" },
        },
        "document": {
            "relations": {
                "parent": types(&["folder"]),
                "owner": types(&["user"]),
                "viewer": types(&["user with expiration"]),
                "banned": types(&["group#member"]),
            },
            "permissions": {
                "view": "(viewer + owner + parent->view) - banned",
                "approve": "owner & parent->view",
            },
        },
    });
    let tuples = [
        "document:1#parent@folder:a",
        "folder:a#parent@folder:b",
        "folder:b#parent@folder:a",
        "folder:b#viewer@group:x#member",
        "group:x#member@group:y#member",
        "group:y#member@group:x#member",
        "group:y#member@user:ada",
        "group:y#member@user:eve",
        "document:1#banned@group:out#member",
        "group:out#member@user:eve",
    ];
    let mut tuples: Vec<_> = tuples.into_iter().map(tuple).collect();
    tuples.push(until("document:1#viewer@user:old", 5));
    (World::of(spec, tuples.clone()), tuples)
}

#[test]
fn a_yes_and_a_no_come_with_their_reasons() {
    let (world, tuples) = world();
    let mut said = String::new();
    for asked in [
        "document:1#view@user:ada",
        "document:1#view@user:eve",
        "document:1#view@user:old",
        "document:1#approve@user:ada",
        "folder:a#view@group:y#member",
        "group:y#member@document:1",
    ] {
        let of = tuple(asked);
        let request = crate::lookups::request(&world.context);
        let explanation = world.snapshot.explain(&question(&of), &request).unwrap();
        verify(&explanation, &tuples).unwrap();
        said.push_str(&told(asked, &explanation));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_long_chain_is_a_flat_list() {
    let (world, _) = world();
    let chain: Vec<Tuple> = (0..10_000)
        .map(|n| tuple(&format!("folder:{n}#parent@folder:{}", n + 1)))
        .chain([tuple("folder:10000#viewer@user:ada")])
        .collect();
    let snapshot = assay_permissions::Snapshot::load(world.snapshot.plan().clone(), chain.clone());
    let snapshot = snapshot.unwrap();
    for (subject, answer) in [("ada", Answer::Has), ("eve", Answer::No)] {
        let of = tuple(&format!("folder:0#view@user:{subject}"));
        let request = crate::lookups::request(&world.context);
        let explanation = snapshot.explain(&question(&of), &request).unwrap();
        assert_eq!((&explanation.answer, explanation.is_cut), (&answer, false));
        assert_eq!(explanation.findings.len(), 10_001);
    }
}

/// As a person would read it.
fn told(asked: &str, explanation: &Explanation) -> String {
    let mut said = format!("{asked}: {:?}\n", explanation.answer);
    for (at, finding) in explanation.findings.iter().enumerate() {
        let reason = reason(&finding.reason);
        let of = format!("{}#{}", finding.object, finding.relation);
        writeln!(said, "  {at}. {of}: {reason}").unwrap();
    }
    said
}

fn reason(of: &Reason) -> String {
    let all = |parts: &[Reason]| parts.iter().map(reason).collect::<Vec<_>>().join("; ");
    match of {
        Reason::Itself => "it is the subject".to_owned(),
        Reason::Tuple { tuple, then: None } => format!("{tuple}"),
        Reason::Tuple {
            tuple,
            then: Some(then),
        } => format!("{tuple} and {then}"),
        Reason::Computed(then) => format!("{then}"),
        Reason::Each(parts) => format!("each of ({})", all(parts)),
        Reason::Without(base, excluded) => {
            format!("{}, not excluded ({})", reason(base), all(excluded))
        }
        Reason::NoneOf(parts) => format!("none of ({})", all(parts)),
        Reason::NoTuple { relation, void } => {
            let void: Vec<_> = void.iter().map(Tuple::to_string).collect();
            format!("no tuple of {relation} {void:?}")
        }
        Reason::Excluded(by) => format!("excluded by {}", reason(by)),
        Reason::Never => "never".to_owned(),
    }
}
