//! The objects that a subject has a relation or permission to.

use std::collections::hash_map::Entry;

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
        let candidates: Vec<u32> = reached
            .keys()
            .filter(|(node, _)| *node == asked.node)
            .map(|(_, object)| *object)
            .collect();
        let of = self.plan().node(asked.node).of;
        let named = |object: u32| {
            if object < self.count(of) {
                self.name(of, object)
            } else {
                question.subject_id
            }
        };
        // The one that no tuple names is put where its name belongs.
        let (known, strange): (Vec<_>, Vec<_>) = candidates
            .into_iter()
            .partition(|object| *object < self.count(of));
        let mut ordered = by_name(self, of, known, question.after);
        for object in strange {
            let name = named(object);
            if name != WILDCARD && question.after.is_none_or(|after| name > after) {
                let at = ordered.partition_point(|other| named(*other) < name);
                ordered.insert(at, object);
            }
        }
        for object in ordered {
            let truth = reached.get(&(asked.node, object)).copied();
            let answer = match truth {
                Some(Truth::Has) if reach.exact => Answer::Has,
                _ => checker.answer(asked.node, object)?,
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

type Reached = FxHashMap<(NodeId, u32), Truth>;

/// Everything that the subject may have, by the ways of `reach`.
fn walk(
    snapshot: &Snapshot,
    checker: &mut Checker<'_>,
    reach: &Reach,
    subject: u32,
) -> Result<Reached, CheckError> {
    let mut walk = Walk::default();
    for node in &reach.itself {
        walk.reach(*node, subject, Truth::Has);
    }
    for (edges, node, everyone) in &reach.starts {
        let from = if *everyone { EVERYONE } else { subject };
        walk.row(checker, *node, snapshot.reverse(*edges, from), Truth::Has)?;
    }
    while let Some((node, object)) = walk.open.pop() {
        let level = walk
            .reached
            .get(&(node, object))
            .copied()
            .unwrap_or(Truth::No);
        for (edges, to) in reach.lifts.get(&node).into_iter().flatten() {
            match edges {
                None => walk.reach(*to, object, level),
                Some(edges) => walk.row(checker, *to, snapshot.reverse(*edges, object), level)?,
            }
        }
    }
    Ok(walk.reached)
}

#[derive(Default)]
struct Walk {
    reached: Reached,
    open: Vec<(NodeId, u32)>,
}

impl Walk {
    fn reach(&mut self, node: NodeId, object: u32, truth: Truth) {
        match self.reached.entry((node, object)) {
            Entry::Occupied(known) if *known.get() >= truth => {}
            Entry::Occupied(mut known) => {
                known.insert(truth);
                self.open.push((node, object));
            }
            Entry::Vacant(free) => {
                free.insert(truth);
                self.open.push((node, object));
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
        for (object, condition) in row.iter() {
            let truth = level.min(checker.condition(condition));
            if truth > Truth::No {
                self.reach(node, object, truth);
            }
        }
        Ok(())
    }
}
