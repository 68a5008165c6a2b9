//! The subjects that have a relation or permission to an object.

use std::collections::HashSet;

use rustc_hash::FxHashSet;

use super::{Page, marks::Marks, order::Named};
use crate::{
    check::{Answer, CheckError, Checker, Question, Request, Truth},
    index::Snapshot,
    plan::{Direct, EdgeSetId, NodeId, Op, Pruned, SubjectKind, TypeId},
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
        let of = match asked.kind {
            SubjectKind::Object(of) | SubjectKind::Everyone(of) => of,
            SubjectKind::Userset(node) => self.plan().node(node).of,
        };
        // The stranger is the object itself, where no tuple names it.
        let named = Named {
            snapshot: self,
            of,
            stranger: question.resource_id,
        };
        let found = walk(self, pruned, of, (asked.node, asked.object), request)?;
        for subject in named.in_order(found.all.iter(), question.after) {
            let answer = if found.certainly(subject) {
                Answer::Has
            } else {
                let mut checker = Checker::new(self, pruned, subject, request);
                checker.answer(asked.node, asked.object)?
            };
            if answer == Answer::No && !everyone_may {
                continue;
            }
            if page.items.len() == question.limit {
                page.after = page.items.last().map(|(name, _)| name.clone());
                break;
            }
            page.items.push((named.name(subject).to_owned(), answer));
        }
        Ok(page)
    }
}

/// What a walk from an object found.
struct Found {
    /// Every subject that is named anywhere on the way, on whichever side of an operator.
    all: Marks,
    /// Those that are granted, unless something excludes them; and whether everyone is.
    granted: Marks,
    grants_everyone: bool,
    /// Those that are named on the right side of a `-`; and whether everyone is.
    excluded: Marks,
    excludes_everyone: bool,
}

impl Found {
    /// Whether a subject has it, as can be seen without a check: by unions alone, and with nothing about
    /// it on any right side.
    fn certainly(&self, subject: u32) -> bool {
        let is_granted = self.grants_everyone || self.granted.has(subject);
        is_granted && !self.excludes_everyone && !self.excluded.has(subject)
    }
}

/// By which way something is reached.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
enum Side {
    /// By unions alone, and left sides of `-`.
    Granted,
    /// By an intersection, an arrow that all must grant, or a tuple that depends on something.
    Perhaps,
    /// By the right side of a `-`.
    Excluded,
}

impl Side {
    /// What is behind something that does not grant by itself.
    const fn perhaps(self) -> Self {
        match self {
            Self::Granted | Self::Perhaps => Self::Perhaps,
            Self::Excluded => Self::Excluded,
        }
    }
}

struct Walk<'s> {
    snapshot: &'s Snapshot,
    /// For what tuples depend on, which is the same for all subjects.
    checker: Checker<'s>,
    found: Found,
    seen: FxHashSet<(NodeId, u32, Side)>,
    open: Vec<(NodeId, u32, Side)>,
    steps: usize,
}

fn walk<'s>(
    snapshot: &'s Snapshot,
    pruned: &'s Pruned,
    of: TypeId,
    (node, object): (NodeId, u32),
    request: &'s Request<'s>,
) -> Result<Found, CheckError> {
    // Two more, for names that no tuple has.
    let marks = Marks::new(snapshot.count(of) as usize + 2);
    let mut walk = Walk {
        snapshot,
        checker: Checker::new(snapshot, pruned, snapshot.count(of), request),
        found: Found {
            all: marks.clone(),
            granted: marks.clone(),
            grants_everyone: false,
            excluded: marks,
            excludes_everyone: false,
        },
        seen: HashSet::default(),
        open: Vec::new(),
        steps: 0,
    };
    walk.follow(node, object, Side::Granted);
    while let Some((node, object, side)) = walk.open.pop() {
        walk.steps += 1;
        if let Some(op) = pruned.op(node) {
            walk.op(op, object, side);
        }
        if walk.steps as u64 > request.budget {
            return Err(CheckError::Budget(request.budget));
        }
    }
    Ok(walk.found)
}

impl<'s> Walk<'s> {
    fn follow(&mut self, node: NodeId, object: u32, side: Side) {
        if self.seen.insert((node, object, side)) {
            self.open.push((node, object, side));
        }
    }

    fn op(&mut self, op: &'s Op, object: u32, side: Side) {
        match op {
            Op::Itself => self.name(object, side),
            Op::Node(node) => self.follow(*node, object, side),
            Op::Direct(direct) => self.direct(direct, object, side),
            Op::Arrow { steps, all } => {
                let side = if *all { side.perhaps() } else { side };
                for step in steps {
                    if let Some(target) = step.target {
                        self.row(step.edges, object, side, |walk, at, side| {
                            walk.follow(target, at, side);
                        });
                    }
                }
            }
            Op::Union(parts) => {
                for part in parts {
                    self.op(part, object, side);
                }
            }
            Op::Intersection(parts) => {
                for part in parts {
                    self.op(part, object, side.perhaps());
                }
            }
            Op::Exclusion(base, excluded) => {
                self.op(base, object, side);
                for part in excluded {
                    self.op(part, object, Side::Excluded);
                }
            }
        }
    }

    fn direct(&mut self, direct: &Direct, object: u32, side: Side) {
        if let Some(edges) = direct.member {
            self.row(edges, object, side, Self::name);
        }
        if let Some(edges) = direct.everyone {
            self.row(edges, object, side, |walk, _, side| match side {
                Side::Granted => walk.found.grants_everyone = true,
                Side::Perhaps => {}
                Side::Excluded => walk.found.excludes_everyone = true,
            });
        }
        for (edges, node) in &direct.usersets {
            self.row(*edges, object, side, |walk, at, side| {
                walk.follow(*node, at, side);
            });
        }
    }

    fn row(
        &mut self,
        edges: EdgeSetId,
        object: u32,
        side: Side,
        visit: impl Fn(&mut Self, u32, Side),
    ) {
        let row = self.snapshot.forward(edges, object);
        self.steps += row.len();
        for (id, condition) in row.iter() {
            match self.checker.condition(condition) {
                Truth::Has => visit(self, id, side),
                Truth::Unknown => visit(self, id, side.perhaps()),
                Truth::No => {}
            }
        }
    }

    fn name(&mut self, subject: u32, side: Side) {
        self.found.all.insert(subject);
        match side {
            Side::Granted => self.found.granted.insert(subject),
            Side::Perhaps => false,
            Side::Excluded => self.found.excluded.insert(subject),
        };
    }
}
