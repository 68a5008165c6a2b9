//! The engine and the reference say the same, whatever the namespaces and tuples are.

use std::collections::BTreeMap;

use assay_permissions::{Answer, CheckError, DEFAULT_BUDGET, Request, Snapshot, Subject, Tuple};
use serde_json::{Map, Value};

use crate::{
    expanding, explaining,
    generate::{self, Chance},
    lookups::{self, request},
    reference::{Key, Reference, Truth},
    world::{NOW, Namespaces, plan, question},
};

/// How many graphs are tried; `ASSAY_CASES=10000000` for a night.
fn cases() -> u64 {
    match std::env::var("ASSAY_CASES") {
        Ok(cases) => cases.parse().unwrap(),
        Err(_) => 20_000,
    }
}

/// Graphs to one set of namespaces, because reading caveats takes longer than a small graph.
const GRAPHS: u64 = 20;

#[test]
fn check_agrees_with_the_reference() {
    for seed in 0..cases().div_ceil(GRAPHS) {
        let mut chance = Chance::new(seed + 1);
        let namespaces = generate::schema(&mut chance);
        let plan = plan(&namespaces);
        for _ in 0..GRAPHS {
            let tuples = generate::tuples(&mut chance, &namespaces);
            let context = generate::context(&mut chance, true);
            let snapshot = Snapshot::load(plan.clone(), tuples.clone()).unwrap();
            let subjects = generate::subjects();
            let case = Case {
                namespaces: &namespaces,
                snapshot: &snapshot,
                tuples: &tuples,
                context: &context,
            };
            // Each graph with some of the subjects: there are many graphs.
            for _ in 0..2 {
                let subject = &subjects[chance.below(subjects.len())];
                if let Err(difference) = case.subject(subject, &mut chance) {
                    report(seed, &case, &difference);
                }
            }
            if let Err(difference) = case.object(&mut chance) {
                report(seed, &case, &difference);
            }
        }
    }
}

struct Case<'a> {
    namespaces: &'a Namespaces,
    snapshot: &'a Snapshot,
    tuples: &'a [Tuple],
    context: &'a Map<String, Value>,
}

fn report(seed: u64, case: &Case<'_>, difference: &str) {
    let namespaces = serde_json::to_string_pretty(case.namespaces).unwrap();
    let tuples = case.tuples.iter();
    let tuples: Vec<_> = tuples
        .map(|tuple| format!("{tuple} {:?} {:?}", tuple.caveat, tuple.expires_at))
        .collect();
    panic!(
        "seed {seed}: {difference}\ncontext {:?}\n{}\n{namespaces}",
        case.context,
        tuples.join("\n")
    );
}

fn asked(key: &Key, subject: &Subject) -> Tuple {
    let mut asked = crate::world::tuple("a:b#c@d:e");
    (asked.resource.namespace, asked.resource.id, asked.relation) = key.clone();
    asked.subject = subject.clone();
    asked
}

pub(crate) fn ask(
    snapshot: &Snapshot,
    key: &Key,
    subject: &Subject,
    context: &Map<String, Value>,
) -> Result<Answer, CheckError> {
    let asked = asked(key, subject);
    let request = Request {
        now: NOW,
        context,
        budget: DEFAULT_BUDGET,
    };
    snapshot.check(&question(&asked), &request)
}

impl Case<'_> {
    fn reference<'s>(&'s self, subject: &'s Subject) -> Reference<'s> {
        let objects = generate::objects();
        Reference::new(
            self.namespaces,
            self.tuples,
            &objects,
            subject,
            self.context,
        )
    }

    /// Every check of one subject, and every list of objects.
    fn subject(&self, subject: &Subject, chance: &mut Chance) -> Result<(), String> {
        let reference = self.reference(subject);
        let model = reference.model();
        let mut lists: BTreeMap<(&str, &str), BTreeMap<String, Option<Truth>>> = BTreeMap::new();
        for (key, right) in &model {
            let said = ask(self.snapshot, key, subject, self.context);
            if !self.agrees(&said, *right) && !excused(&said, &reference, key) {
                return Err(format!(
                    "{key:?} for {subject}: {said:?}, and {right:?} is right"
                ));
            }
            // One in some is enough: there are many.
            if chance.below(8) == 0 {
                self.reasons(key, subject, &said, *right)?;
            }
            let list = lists.entry((&key.0, &key.2)).or_default();
            if *right != Some(Truth::No) && key.1 != "*" {
                list.insert(key.1.clone(), *right);
            }
        }
        for (node, right) in lists {
            let all =
                lookups::resources(self.snapshot, node, subject, &request(self.context), 1_000);
            let paged = lookups::resources(self.snapshot, node, subject, &request(self.context), 2);
            // Which of the cycles through `-` is met first depends on the order of looking.
            if all != paged && all.is_ok() && paged.is_ok() {
                return Err(format!(
                    "{node:?} for {subject}: {all:?}, and in pages {paged:?}"
                ));
            }
            let Ok(listed) = all else {
                // An error for one object is one for the list: none is left out in silence.
                let keys = model.keys().filter(|key| (&*key.0, &*key.2) == node);
                if keys
                    .into_iter()
                    .any(|key| reference.meets_negative_cycle(key))
                {
                    continue;
                }
                return Err(format!("{node:?} for {subject}: {all:?}"));
            };
            let same = listed.len() == right.len()
                && right.iter().all(|(id, truth)| {
                    listed
                        .get(id)
                        .is_some_and(|answer| self.agrees(&Ok(answer.clone()), *truth))
                });
            // Of those that have no truth, an object that is its own subject may be listed.
            if !same && right.values().all(Option::is_some) {
                return Err(format!(
                    "{node:?} of {subject}: {listed:?}, and {right:?} is right"
                ));
            }
        }
        Ok(())
    }

    /// What it is made of and why it is so fit the answer.
    fn reasons(
        &self,
        key: &Key,
        subject: &Subject,
        said: &Result<Answer, CheckError>,
        right: Option<Truth>,
    ) -> Result<(), String> {
        let request = request(self.context);
        let asked = asked(key, subject);
        let object = &asked.resource;
        let tree = self
            .snapshot
            .expand(object, &key.2, &request)
            .map_err(|e| e.to_string())?;
        match expanding::evaluate(self.snapshot, &tree, subject, &request) {
            Ok(truth) if said.is_ok() && Some(truth) != right => {
                return Err(format!(
                    "{key:?} is made of {tree:?}, and {right:?} is right"
                ));
            }
            _ => {}
        }
        match self.snapshot.explain(&question(&asked), &request) {
            Ok(explained) => {
                if Ok(&explained.answer) != said.as_ref() {
                    return Err(format!(
                        "{key:?} for {subject}: {said:?}, but {explained:?}"
                    ));
                }
                explaining::verify(&explained, self.tuples)
                    .map_err(|wrong| format!("{key:?} for {subject}: {wrong} in {explained:#?}"))?;
            }
            Err(error) => {
                let reference = self.reference(subject);
                let is_cycle = matches!(error, CheckError::NegativeCycle { .. });
                if !is_cycle || !reference.meets_cycle_through_exclusion(key) {
                    return Err(format!("{key:?} for {subject} has no reason: {error}"));
                }
            }
        }
        Ok(())
    }

    /// The list of subjects of one object.
    fn object(&self, chance: &mut Chance) -> Result<(), String> {
        let of = ["group", "doc"][chance.below(2)];
        let id = ["1", "2", "9"][chance.below(3)];
        let name = ["ra", "rb", "pa", "pb", "pc"][chance.below(5)];
        let key: Key = (of.to_owned(), id.to_owned(), name.to_owned());
        let wanted = [
            ("user", None),
            ("group", None),
            ("doc", None),
            ("group", Some("ra")),
        ];
        let (subject_type, relation) = wanted[chance.below(4)];
        let node = (of, id, name);
        let subjects = (subject_type, relation);
        let all = lookups::subjects(self.snapshot, node, subjects, &request(self.context), 1_000);
        let paged = lookups::subjects(self.snapshot, node, subjects, &request(self.context), 1);
        if all != paged && all.is_ok() && paged.is_ok() {
            return Err(format!("{node:?}: {all:?}, and in pages {paged:?}"));
        }
        let ids = ["1", "2", "3", "9", "*"].into_iter();
        for id in ids.filter(|id| relation.is_none() || *id != "*") {
            let subject = Subject {
                namespace: subject_type.to_owned(),
                id: id.to_owned(),
                relation: relation.map(str::to_owned),
            };
            let reference = self.reference(&subject);
            let right = reference.model()[&key];
            let said = match &all {
                Err(error) => Err(error.clone()),
                Ok((everyone, _)) if id == "*" => Ok(everyone.clone()),
                Ok((everyone, items)) => Ok(items.get(id).unwrap_or(everyone).clone()),
            };
            if !self.agrees(&said, right) && !excused(&said, &reference, &key) {
                return Err(format!(
                    "{key:?} lists {subject}: {said:?}, and {right:?} is right"
                ));
            }
        }
        Ok(())
    }

    fn agrees(&self, said: &Result<Answer, CheckError>, right: Option<Truth>) -> bool {
        match (said, right) {
            (Ok(Answer::Has), Some(Truth::Has)) | (Ok(Answer::No), Some(Truth::No)) => true,
            (Ok(Answer::Conditional(missing)), Some(Truth::Unknown)) => {
                !missing.is_empty() && missing.iter().all(|name| !self.context.contains_key(name))
            }
            _ => false,
        }
    }
}

/// An error is right where there is a cycle through the right side of `-`.
fn excused(said: &Result<Answer, CheckError>, reference: &Reference<'_>, key: &Key) -> bool {
    matches!(said, Err(CheckError::NegativeCycle { .. })) && reference.meets_negative_cycle(key)
}
