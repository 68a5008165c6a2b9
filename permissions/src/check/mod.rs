//! Whether a subject has a relation or permission.

mod closure;
mod evaluate;
mod kept;
mod missing;
mod outcome;
mod quick;
mod scratch;
mod solve;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

pub(crate) use kept::KeptClosures;
pub(crate) use outcome::Truth;
pub(crate) use solve::Checker;

use crate::{
    index::Snapshot,
    plan::{NodeId, Pruned, SubjectKind, TypeId},
    tuple::WILDCARD,
};

/// Steps that one check may take unless a request says otherwise: some tenths of a second.
pub const DEFAULT_BUDGET: u64 = 2_000_000;

/// What a question is asked with.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The time, in milliseconds since 1970: tuples that end by then do not count.
    pub now: i64,
    /// Parameters of caveats.
    pub context: &'a Map<String, Value>,
    /// Steps that it may take.
    pub budget: u64,
}

/// Whether a subject has a relation or permission to an object.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The object's namespace.
    pub resource_type: &'a str,
    /// The object.
    pub resource_id: &'a str,
    /// The relation or permission.
    pub relation: &'a str,
    /// The subject's namespace.
    pub subject_type: &'a str,
    /// The subject; [`WILDCARD`] asks for whoever is named nowhere.
    pub subject_id: &'a str,
    /// The relation of a userset.
    pub subject_relation: Option<&'a str>,
}

/// What a check says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Yes.
    Has,
    /// No.
    No,
    /// It depends on these parameters of caveats, which nobody has given.
    Conditional(BTreeSet<String>),
}

/// Why a check has no answer. None of these is a no.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CheckError {
    /// No such namespace.
    #[error("there is no namespace `{0}`")]
    Namespace(String),
    /// No such relation or permission.
    #[error("`{0}` has no relation or permission `{1}`")]
    Relation(String, String),
    /// Everyone in a userset is the userset.
    #[error("`{0}:*#{1}` is no subject; ask for `{0}:*`, or for the userset of one object")]
    WildcardUserset(String, String),
    /// Too much to look at.
    #[error("the answer takes more than {0} steps; raise the limit, or make the graph smaller")]
    Budget(u64),
    /// `x` is granted to those who are not granted `x`.
    #[error(
        "`{object}` has a cycle through the right side of `-`: whoever `{relation}` excludes \
         depends on who has `{relation}`; take one of the tuples of the cycle out"
    )]
    NegativeCycle {
        /// The object where it closes.
        object: String,
        /// The relation or permission.
        relation: String,
    },
    /// A caveat that cannot be evaluated.
    #[error("the caveat `{caveat}` cannot be evaluated: {reason}")]
    Caveat {
        /// The caveat.
        caveat: String,
        /// Why.
        reason: String,
    },
}

/// The numbers of a question.
pub(crate) struct Asked {
    pub(crate) node: NodeId,
    pub(crate) object: u32,
    pub(crate) kind: SubjectKind,
    pub(crate) subject: u32,
}

impl Snapshot {
    /// Answers one question.
    pub fn check(
        &self,
        question: &Question<'_>,
        request: &Request<'_>,
    ) -> Result<Answer, CheckError> {
        let asked = self.asked(question)?;
        let pruned: &Pruned = self.plan().pruned(asked.kind);
        if pruned.op(asked.node).is_none() {
            return Ok(Answer::No);
        }
        Checker::new(self, pruned, asked.subject, request).answer(asked.node, asked.object)
    }

    /// Answers many questions on this one snapshot; those of one subject share their work.
    pub fn check_all(
        &self,
        questions: &[Question<'_>],
        request: &Request<'_>,
    ) -> Vec<Result<Answer, CheckError>> {
        let asked: Vec<_> = questions
            .iter()
            .map(|question| self.asked(question))
            .collect();
        let mut order: Vec<usize> = (0..questions.len()).collect();
        let subject = |at: &usize| match &asked[*at] {
            Ok(asked) => Some((asked.kind, asked.subject)),
            Err(_) => None,
        };
        order.sort_by_key(subject);
        let mut answers = vec![Ok(Answer::No); questions.len()];
        for same in order.chunk_by(|a, b| subject(a) == subject(b)) {
            let mut checker: Option<Checker<'_>> = None;
            for at in same {
                let asked = match &asked[*at] {
                    Ok(asked) => asked,
                    Err(error) => {
                        answers[*at] = Err(error.clone());
                        continue;
                    }
                };
                let pruned: &Pruned = self.plan().pruned(asked.kind);
                if pruned.op(asked.node).is_some() {
                    let checker = checker
                        .get_or_insert_with(|| Checker::new(self, pruned, asked.subject, request));
                    answers[*at] = checker.answer(asked.node, asked.object);
                }
            }
        }
        answers
    }

    pub(crate) fn node_of(
        &self,
        namespace: &str,
        relation: &str,
    ) -> Result<(TypeId, NodeId), CheckError> {
        let plan = self.plan();
        let of = plan.type_id(namespace);
        let of = of.ok_or_else(|| CheckError::Namespace(namespace.to_owned()))?;
        let node = plan.node_id(of, relation);
        let node =
            node.ok_or_else(|| CheckError::Relation(namespace.to_owned(), relation.to_owned()))?;
        Ok((of, node))
    }

    pub(crate) fn asked(&self, question: &Question<'_>) -> Result<Asked, CheckError> {
        let (resources, node) = self.node_of(question.resource_type, question.relation)?;
        let (subjects, kind) = match question.subject_relation {
            Some(relation) if question.subject_id == WILDCARD => {
                return Err(CheckError::WildcardUserset(
                    question.subject_type.to_owned(),
                    relation.to_owned(),
                ));
            }
            Some(relation) => {
                let (of, node) = self.node_of(question.subject_type, relation)?;
                (of, SubjectKind::Userset(node))
            }
            None => {
                let of = self.plan().type_id(question.subject_type);
                let of =
                    of.ok_or_else(|| CheckError::Namespace(question.subject_type.to_owned()))?;
                (of, SubjectKind::Object(of))
            }
        };
        // What no tuple names has no number. Two that none names are still told apart, for an
        // object can be its own subject.
        let stranger = self.count(subjects);
        let subject = self.id(subjects, question.subject_id).unwrap_or(stranger);
        let object = self.id(resources, question.resource_id).unwrap_or_else(|| {
            let same = resources == subjects && question.resource_id == question.subject_id;
            let next = self.count(resources);
            if same || resources != subjects {
                next
            } else {
                next + 1
            }
        });
        Ok(Asked {
            node,
            object,
            kind,
            subject,
        })
    }
}
