//! Why a check says what it says.
//!
//! A yes comes with the tuples that grant it, each step proven by the ones after it and never by
//! itself; a no with what it was looked for in and not found, or with what excludes it.

mod circles;
mod grants;
mod refusals;

use std::collections::HashMap;

use crate::{
    check::{Answer, CheckError, Checker, Question, Request, Truth},
    index::Snapshot,
    plan::{NodeId, Pruned},
    tuple::{Object, Tuple},
};

/// Most findings of one explanation. What is further away is left out.
pub const MAX_FINDINGS: usize = 16_384;

/// The answer to a question, and the reasons for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The answer.
    pub answer: Answer,
    /// Whether there is more to say than [`MAX_FINDINGS`]: some places are then not in the list.
    pub is_cut: bool,
    /// Relations and permissions of objects, the one that was asked for first. Reasons name others
    /// by their place here, so that a chain of any length is a flat list.
    pub findings: Vec<Finding>,
}

/// What one relation or permission of one object is to the subject, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The object.
    pub object: Object,
    /// The relation or permission.
    pub relation: String,
    /// Why the subject has it, may have it, or does not.
    pub reason: Reason,
}

/// A reason.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Yes: the object is the subject.
    Itself,
    /// Yes, if the tuple's caveat holds: the tuple names the subject, or everyone, or something
    /// that the finding says the subject is in.
    Tuple {
        /// The tuple.
        tuple: Box<Tuple>,
        /// The finding at its end.
        then: Option<usize>,
    },
    /// Yes: what the finding says of the same object.
    Computed(usize),
    /// Yes: each of these.
    Each(Vec<Reason>),
    /// Yes: the first, and none of the others grants.
    Without(Box<Reason>, Vec<Reason>),
    /// No: none of these grants.
    NoneOf(Vec<Reason>),
    /// No: no tuple of the object's relation leads to the subject.
    NoTuple {
        /// The relation.
        relation: String,
        /// Tuples that would, but have expired or have a caveat that fails.
        void: Vec<Tuple>,
    },
    /// No: the subject would have it, but is excluded.
    Excluded(Box<Reason>),
    /// No: nothing here grants to subjects of this type.
    Never,
}

impl Snapshot {
    /// Answers a question and says why. A cycle through the right side of `-` is an error also where
    /// a check finds its answer without going along it.
    pub fn explain(
        &self,
        question: &Question<'_>,
        request: &Request<'_>,
    ) -> Result<Explanation, CheckError> {
        let asked = self.asked(question)?;
        let pruned: &Pruned = self.plan().pruned(asked.kind);
        let mut explainer = Explainer {
            snapshot: self,
            pruned,
            checker: Checker::new(self, pruned, asked.subject, request),
            question: *question,
            places: HashMap::new(),
            open: Vec::new(),
            grants: HashMap::new(),
        };
        let answer = match pruned.op(asked.node) {
            Some(_) => explainer.checker.answer(asked.node, asked.object)?,
            None => Answer::No,
        };
        let findings = explainer.findings(asked.node, asked.object)?;
        if let Some(finding) = circles::find(&findings) {
            return Err(CheckError::NegativeCycle {
                object: finding.object.to_string(),
                relation: finding.relation.clone(),
            });
        }
        Ok(Explanation {
            answer,
            is_cut: findings.len() < explainer.open.len(),
            findings,
        })
    }
}

struct Explainer<'s> {
    snapshot: &'s Snapshot,
    pruned: &'s Pruned,
    checker: Checker<'s>,
    question: Question<'s>,
    /// Where each finding is, also those that are still to be made.
    places: HashMap<(NodeId, u32), usize>,
    open: Vec<(NodeId, u32)>,
    /// How each that is granted is proven.
    grants: HashMap<(NodeId, u32), grants::Proof<'s>>,
}

impl Explainer<'_> {
    fn findings(&mut self, node: NodeId, object: u32) -> Result<Vec<Finding>, CheckError> {
        self.place(node, object);
        let mut findings = Vec::new();
        // What is found on the way is put at the end, so the list may grow meanwhile.
        while let Some((node, object)) = self.open.get(findings.len()).copied()
            && findings.len() < MAX_FINDINGS
        {
            let reason = self.reason(node, object)?;
            let declared = self.snapshot.plan().node(node);
            findings.push(Finding {
                object: Object {
                    namespace: self.snapshot.plan().types()[declared.of.index()]
                        .name
                        .clone(),
                    id: self.object_name(declared.of, object),
                },
                relation: declared.name.clone(),
                reason,
            });
        }
        Ok(findings)
    }

    fn object_name(&self, of: crate::plan::TypeId, object: u32) -> String {
        if object < self.snapshot.count(of) {
            return self.snapshot.name(of, object).to_owned();
        }
        // Only what the question is about can be without a tuple.
        self.question.resource_id.to_owned()
    }

    fn reason(&mut self, node: NodeId, object: u32) -> Result<Reason, CheckError> {
        let Some(op) = self.pruned.op(node) else {
            return Ok(Reason::Never);
        };
        if self.checker.truth(node, object)? == Truth::No {
            return self.refusal(node, op, object);
        }
        self.grant(node, object)
    }

    /// The place of a finding, which will be made.
    fn place(&mut self, node: NodeId, object: u32) -> usize {
        let next = self.open.len();
        let place = *self.places.entry((node, object)).or_insert(next);
        if place == next {
            self.open.push((node, object));
        }
        place
    }
}
