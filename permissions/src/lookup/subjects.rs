//! The subjects that have a relation or permission to an object.

use std::collections::HashSet;

use rustc_hash::FxHashSet;

use super::{Page, order::sorted};
use crate::{
    check::{Answer, CheckError, Checker, Question, Request},
    index::Snapshot,
    plan::{NodeId, Op, Pruned, SubjectKind},
    tuple::WILDCARD,
};

/// Which subjects of a type have a relation or permission to an object.
#[derive(Clone, Copy, Debug)]
pub struct SubjectsQuestion<'a> {
    /// The object's namespace.
    pub resource_type: &'a str,
    /// The object.
    pub resource_id: &'a str,
    /// The relation or permission.
    pub relation: &'a str,
    /// The subjects' namespace.
    pub subject_type: &'a str,
    /// The relation of usersets, if those are asked for.
    pub subject_relation: Option<&'a str>,
    /// Only names after this one.
    pub after: Option<&'a str>,
    /// How many at most.
    pub limit: usize,
}

impl Snapshot {
    /// Lists subjects, complete and in the order of names. Where everyone has it, those who do not
    /// are listed too, with a no.
    pub fn lookup_subjects(
        &self,
        question: &SubjectsQuestion<'_>,
        request: &Request<'_>,
    ) -> Result<Page, CheckError> {
        let ask = |subject_id| Question {
            resource_type: question.resource_type,
            resource_id: question.resource_id,
            relation: question.relation,
            subject_type: question.subject_type,
            subject_id,
            subject_relation: question.subject_relation,
        };
        // Its own name, so that an object which no tuple names can still be found to be itself.
        let asked = self.asked(&ask(question.resource_id))?;
        let mut page = Page {
            everyone: Answer::No,
            items: Vec::new(),
            after: None,
        };
        let pruned: &Pruned = self.plan().pruned(asked.kind);
        if pruned.op(asked.node).is_none() || question.limit == 0 {
            return Ok(page);
        }
        if matches!(asked.kind, SubjectKind::Object(_)) {
            page.everyone = self.check(&ask(WILDCARD), request)?;
        }
        let everyone_may = page.everyone != Answer::No;
        let mut named = Named {
            snapshot: self,
            pruned,
            seen: HashSet::default(),
            open: Vec::new(),
            subjects: FxHashSet::default(),
        };
        named.walk(asked.node, asked.object, request)?;
        let of = match asked.kind {
            SubjectKind::Object(of) | SubjectKind::Everyone(of) => of,
            SubjectKind::Userset(node) => self.plan().node(node).of,
        };
        let is_strange = |subject: u32| subject >= self.count(of);
        let name = |subject: u32| {
            if is_strange(subject) {
                question.resource_id
            } else {
                self.name(of, subject)
            }
        };
        let strange = named
            .subjects
            .iter()
            .copied()
            .find(|subject| is_strange(*subject));
        let known = named.subjects.into_iter().filter(|it| !is_strange(*it));
        let mut known: Vec<u32> = known.collect();
        known.sort_unstable();
        let mut ordered = sorted(self, of, known, question.after);
        if let Some(itself) = strange
            && question.after.is_none_or(|after| name(itself) > after)
        {
            let at = ordered.partition_point(|other| name(*other) < name(itself));
            ordered.insert(at, itself);
        }
        for subject in ordered {
            let answer =
                Checker::new(self, pruned, subject, request).answer(asked.node, asked.object)?;
            if answer == Answer::No && !everyone_may {
                continue;
            }
            if page.items.len() == question.limit {
                page.after = page.items.last().map(|(name, _)| name.clone());
                break;
            }
            page.items.push((name(subject).to_owned(), answer));
        }
        Ok(page)
    }
}

/// Every subject that is named anywhere on the way, on whichever side of an operator.
struct Named<'s> {
    snapshot: &'s Snapshot,
    pruned: &'s Pruned,
    seen: FxHashSet<(NodeId, u32)>,
    open: Vec<(NodeId, u32)>,
    subjects: FxHashSet<u32>,
}

impl<'s> Named<'s> {
    fn walk(&mut self, node: NodeId, object: u32, request: &Request<'_>) -> Result<(), CheckError> {
        self.follow(node, object);
        let mut steps = 0;
        while let Some((node, object)) = self.open.pop() {
            let before = self.open.len() + self.subjects.len();
            if let Some(op) = self.pruned.op(node) {
                self.op(op, object);
            }
            let found = (self.open.len() + self.subjects.len()).saturating_sub(before);
            steps += 1 + found as u64;
            if steps > request.budget {
                return Err(CheckError::Budget(request.budget));
            }
        }
        Ok(())
    }

    fn follow(&mut self, node: NodeId, object: u32) {
        if self.seen.insert((node, object)) {
            self.open.push((node, object));
        }
    }

    fn op(&mut self, op: &'s Op, object: u32) {
        let snapshot = self.snapshot;
        match op {
            Op::Itself => {
                self.subjects.insert(object);
            }
            Op::Node(node) => self.follow(*node, object),
            Op::Direct(direct) => {
                if let Some(edges) = direct.member {
                    self.subjects.extend(snapshot.forward(edges, object).ids);
                }
                for (edges, node) in &direct.usersets {
                    for userset in snapshot.forward(*edges, object).ids {
                        self.follow(*node, *userset);
                    }
                }
            }
            Op::Arrow { steps, .. } => {
                for step in steps {
                    let Some(target) = step.target else { continue };
                    for at in snapshot.forward(step.edges, object).ids {
                        self.follow(target, *at);
                    }
                }
            }
            Op::Union(parts) | Op::Intersection(parts) => {
                for part in parts {
                    self.op(part, object);
                }
            }
            Op::Exclusion(base, excluded) => {
                self.op(base, object);
                for part in excluded {
                    self.op(part, object);
                }
            }
        }
    }
}
