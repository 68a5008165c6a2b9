//! The objects that a subject has a relation or permission to.

use rustc_hash::FxHashMap;

use super::{Page, order::by_name};
use crate::{
    check::{Answer, CheckError, Checker, Question, Request, Truth},
    index::{EVERYONE, Row, Snapshot},
    plan::{NodeId, Pruned, Reach},
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
        let reached = walk(self, &mut checker, &reach, asked.subject)?;
        let of = self.plan().node(asked.node).of;
        let marks = reached.of(asked.node);
        let named = |object: u32| {
            if object < self.count(of) {
                self.name(of, object)
            } else {
                question.subject_id
            }
        };
        let mut ordered = by_name(self, of, marks, question.after);
        // The one that no tuple names is put where its name belongs.
        for object in self.count(of)..self.count(of) + 2 {
            let is_marked = marks.get(object as usize).is_some_and(|mark| *mark > 0);
            let name = named(object);
            if is_marked && name != WILDCARD && question.after.is_none_or(|after| name > after) {
                let at = ordered.partition_point(|other| named(*other) < name);
                ordered.insert(at, object);
            }
        }
        for object in ordered {
            let answer = if reach.exact && marks[object as usize] == CERTAIN {
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
            page.items.push((named(object).to_owned(), answer));
        }
        Ok(page)
    }
}

/// A mark of what the subject has, by the ways walked; 1 is for what depends on something.
const CERTAIN: u8 = 2;

const fn mark(truth: Truth) -> u8 {
    match truth {
        Truth::No => 0,
        Truth::Unknown => 1,
        Truth::Has => CERTAIN,
    }
}

/// Marks of objects by their number, for the nodes that are on the way.
struct Reached<'s> {
    snapshot: &'s Snapshot,
    by_node: FxHashMap<NodeId, Vec<u8>>,
    open: Vec<(NodeId, u32, Truth)>,
}

/// Everything that the subject may have, by the ways of `reach`.
fn walk<'s>(
    snapshot: &'s Snapshot,
    checker: &mut Checker<'_>,
    reach: &Reach,
    subject: u32,
) -> Result<Reached<'s>, CheckError> {
    let mut reached = Reached {
        snapshot,
        by_node: FxHashMap::default(),
        open: Vec::new(),
    };
    for node in &reach.itself {
        reached.reach(*node, std::iter::once((subject, Truth::Has)));
    }
    for (edges, node, everyone) in &reach.starts {
        let from = if *everyone { EVERYONE } else { subject };
        reached.row(checker, *node, snapshot.reverse(*edges, from), Truth::Has)?;
    }
    while let Some((node, object, level)) = reached.open.pop() {
        for (edges, to) in reach.lifts.get(&node).into_iter().flatten() {
            match edges {
                None => reached.reach(*to, std::iter::once((object, level))),
                Some(edges) => {
                    reached.row(checker, *to, snapshot.reverse(*edges, object), level)?;
                }
            }
        }
    }
    Ok(reached)
}

impl Reached<'_> {
    fn of(&self, node: NodeId) -> &[u8] {
        self.by_node.get(&node).map_or(&[], Vec::as_slice)
    }

    fn reach(&mut self, node: NodeId, found: impl Iterator<Item = (u32, Truth)>) {
        let marks = self.by_node.entry(node).or_insert_with(|| {
            // Two more, for names that no tuple has.
            let objects = self.snapshot.count(self.snapshot.plan().node(node).of);
            vec![0; objects as usize + 2]
        });
        for (object, truth) in found {
            let known = &mut marks[object as usize];
            if *known < mark(truth) {
                *known = mark(truth);
                self.open.push((node, object, truth));
            }
        }
    }

    fn row(
        &mut self,
        checker: &mut Checker<'_>,
        node: NodeId,
        row: Row<'_>,
        level: Truth,
    ) -> Result<(), CheckError> {
        checker.spend_on_list(row.len())?;
        let found = row
            .iter()
            .map(|(object, condition)| (object, level.min(checker.condition(condition))));
        self.reach(node, found);
        Ok(())
    }
}
