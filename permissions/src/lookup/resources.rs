//! The objects that a subject has a relation or permission to.

use super::{Page, marks::Marks, order::Named};
use crate::{
    check::{Answer, CheckError, Checker, Question, Request, Truth},
    index::{EVERYONE, Row, Snapshot},
    plan::{Lift, Pruned, Reach},
    tuple::WILDCARD,
};

/// Which objects a subject has a relation or permission to.
#[derive(Clone, Copy, Debug)]
pub struct ResourcesQuestion<'a> {
    /// The objects' namespace.
    pub resource_type: &'a str,
    /// The relation or permission.
    pub relation: &'a str,
    /// The subject's namespace.
    pub subject_type: &'a str,
    /// The subject; [`WILDCARD`] asks for whoever is named nowhere.
    pub subject_id: &'a str,
    /// The relation of a userset.
    pub subject_relation: Option<&'a str>,
    /// Only names after this one.
    pub after: Option<&'a str>,
    /// How many at most.
    pub limit: usize,
}

impl Snapshot {
    /// Lists objects, complete and in the order of names.
    pub fn lookup_resources(
        &self,
        question: &ResourcesQuestion<'_>,
        request: &Request<'_>,
    ) -> Result<Page, CheckError> {
        // An object can be its own subject without any tuple that names it.
        let asked = self.asked(&Question {
            resource_type: question.resource_type,
            resource_id: question.subject_id,
            relation: question.relation,
            subject_type: question.subject_type,
            subject_id: question.subject_id,
            subject_relation: question.subject_relation,
        })?;
        let pruned: &Pruned = self.plan().pruned(asked.kind);
        let mut page = Page {
            everyone: Answer::No,
            items: Vec::new(),
            after: None,
        };
        if pruned.op(asked.node).is_none() || question.limit == 0 {
            return Ok(page);
        }
        let mut checker = Checker::new(self, pruned, asked.subject, request);
        let reach = pruned.reach(asked.node);
        let (certain, possible) = walk(self, &mut checker, &reach, asked.subject)?;
        let named = Named {
            snapshot: self,
            of: self.plan().node(asked.node).of,
            stranger: question.subject_id,
        };
        let listed = possible.as_ref().unwrap_or(&certain);
        for object in named.in_order(listed.iter(), question.after) {
            let name = named.name(object);
            // Only a question can call an object so.
            if name == WILDCARD {
                continue;
            }
            let answer = if certain.has(object) {
                Answer::Has
            } else {
                checker.answer(asked.node, object)?
            };
            if answer == Answer::No {
                continue;
            }
            if page.items.len() == question.limit {
                page.after = page.items.last().map(|(name, _)| name.clone());
                break;
            }
            page.items.push((name.to_owned(), answer));
        }
        Ok(page)
    }
}

/// What the subject certainly has and, where that is not all, what it may have.
fn walk(
    snapshot: &Snapshot,
    checker: &mut Checker<'_>,
    reach: &Reach,
    subject: u32,
) -> Result<(Marks, Option<Marks>), CheckError> {
    let mut possible = Vec::new();
    if !reach.is_plain {
        possible = Walk::new(snapshot, reach, None).go(checker, subject)?.0;
    }
    let certain = Walk::new(snapshot, reach, Some(&possible));
    let (mut certain, depends) = certain.go(checker, subject)?;
    if depends && possible.is_empty() {
        possible = Walk::new(snapshot, reach, None).go(checker, subject)?.0;
    }
    let root = |marks: &mut Vec<Marks>| marks.first_mut().map(std::mem::take);
    Ok((root(&mut certain).unwrap_or_default(), root(&mut possible)))
}

/// A walk from the subject, over all that it may have or over what it certainly has.
struct Walk<'a> {
    snapshot: &'a Snapshot,
    reach: &'a Reach,
    /// By place, what may be had: for the walk over what certainly is.
    possible: Option<&'a [Marks]>,
    /// By place, what was reached.
    marks: Vec<Marks>,
    open: Vec<(usize, u32)>,
    /// Whether a tuple was passed over that may count.
    depends: bool,
}

impl<'a> Walk<'a> {
    fn new(snapshot: &'a Snapshot, reach: &'a Reach, possible: Option<&'a [Marks]>) -> Self {
        // Two more, for names that no tuple has.
        let objects = |node| snapshot.count(snapshot.plan().node(node).of) as usize + 2;
        let places = reach.places.iter();
        Self {
            snapshot,
            reach,
            possible,
            marks: places
                .map(|place| Marks::new(objects(place.node)))
                .collect(),
            open: Vec::new(),
            depends: false,
        }
    }

    /// Gives what was reached, and whether a tuple was passed over that may count.
    fn go(
        mut self,
        checker: &mut Checker<'_>,
        subject: u32,
    ) -> Result<(Vec<Marks>, bool), CheckError> {
        let reach = self.reach;
        for place in &reach.itself {
            self.reach(*place, subject);
        }
        for (edges, place, everyone) in &reach.starts {
            let from = if *everyone { EVERYONE } else { subject };
            self.row(checker, *place, self.snapshot.reverse(*edges, from))?;
        }
        while let Some((place, object)) = self.open.pop() {
            for lift in &reach.places[place].lifts {
                if !self.takes(lift, object) {
                    continue;
                }
                match lift.edges {
                    None => self.reach(lift.to, object),
                    Some(edges) => {
                        self.row(checker, lift.to, self.snapshot.reverse(edges, object))?;
                    }
                }
            }
        }
        Ok((self.marks, self.depends))
    }

    fn takes(&self, lift: &Lift, object: u32) -> bool {
        let has_all = lift.also.iter().all(|also| self.marks[*also].has(object));
        let Some(possible) = self.possible else {
            return has_all;
        };
        let may_be = |place: &usize| possible[*place].has(object);
        has_all && lift.is_certain && !lift.unless.iter().any(may_be)
    }

    fn reach(&mut self, place: usize, object: u32) {
        if self.marks[place].insert(object) && !self.reach.places[place].lifts.is_empty() {
            self.open.push((place, object));
        }
    }

    fn row(
        &mut self,
        checker: &mut Checker<'_>,
        place: usize,
        row: Row<'_>,
    ) -> Result<(), CheckError> {
        checker.spend_on_list(row.len())?;
        let least = if self.possible.is_some() {
            Truth::Has
        } else {
            Truth::Unknown
        };
        for (object, condition) in row.iter() {
            let truth = checker.condition(condition);
            if truth >= least {
                self.reach(place, object);
            }
            self.depends |= truth == Truth::Unknown;
        }
        Ok(())
    }
}
