//! Which parameters an answer depends on.

use std::collections::{BTreeSet, HashSet};

use super::{CheckError, evaluate::Standing, outcome::Truth, solve::Checker};
use crate::{
    caveat::Outcome,
    index::{EVERYONE, Row},
    plan::{NodeId, Op},
};

/// What is found on the way.
#[derive(Default)]
struct Found {
    missing: BTreeSet<String>,
    seen: HashSet<(NodeId, u32)>,
    open: Vec<(NodeId, u32)>,
}

impl Found {
    fn follow(&mut self, node: NodeId, object: u32) {
        if self.seen.insert((node, object)) {
            self.open.push((node, object));
        }
    }
}

impl<'s> Checker<'s> {
    /// Every parameter that is asked for by caveats on the way to an answer that depends on them.
    /// A caveat among them that cannot be evaluated is an error instead.
    pub(super) fn missing(
        &mut self,
        node: NodeId,
        object: u32,
    ) -> Result<BTreeSet<String>, CheckError> {
        // Closures do not keep the way they went.
        self.walks_closures = false;
        self.scratch.closures.clear();
        let mut found = Found::default();
        found.follow(node, object);
        let mut outcome = Ok(());
        while let Some((node, object)) = found.open.pop() {
            outcome = self.gather_ground(node, object, &mut found);
            if outcome.is_err() {
                break;
            }
        }
        self.walks_closures = true;
        self.scratch.closures.clear();
        outcome.map(|()| found.missing)
    }

    fn gather_ground(
        &mut self,
        node: NodeId,
        object: u32,
        found: &mut Found,
    ) -> Result<(), CheckError> {
        if self.truth(node, object)? != Truth::Unknown {
            return Ok(());
        }
        match self.pruned.op(node) {
            Some(op) => self.gather(op, object, found),
            None => Ok(()),
        }
    }

    fn gather(&mut self, op: &'s Op, object: u32, found: &mut Found) -> Result<(), CheckError> {
        match op {
            Op::Itself => Ok(()),
            Op::Node(node) => {
                found.follow(*node, object);
                Ok(())
            }
            Op::Direct(direct) => {
                let named = [(direct.member, self.subject), (direct.everyone, EVERYONE)];
                for (edges, subject) in named {
                    let Some(edges) = edges else { continue };
                    if let Some(condition) = self.snapshot.forward(edges, object).find(subject) {
                        self.note(condition, found)?;
                    }
                }
                for (edges, node) in &direct.usersets {
                    let row = self.snapshot.forward(*edges, object);
                    self.gather_row(*node, row, found)?;
                }
                Ok(())
            }
            Op::Arrow { steps, .. } => {
                for step in steps {
                    let Some(target) = step.target else { continue };
                    let row = self.snapshot.forward(step.edges, object);
                    self.gather_row(target, row, found)?;
                }
                Ok(())
            }
            Op::Union(parts) | Op::Intersection(parts) => {
                for part in parts {
                    self.gather_part(part, object, found)?;
                }
                Ok(())
            }
            Op::Exclusion(base, excluded) => {
                for part in std::iter::once(&**base).chain(excluded) {
                    self.gather_part(part, object, found)?;
                }
                Ok(())
            }
        }
    }

    /// Only parts that are unknown themselves are why the whole is.
    fn gather_part(
        &mut self,
        op: &'s Op,
        object: u32,
        found: &mut Found,
    ) -> Result<(), CheckError> {
        if self.settled(op, object)? == Truth::Unknown {
            self.gather(op, object, found)?;
        }
        Ok(())
    }

    /// The truth of an operation, with all that it needs worked out first.
    pub(crate) fn settled(&mut self, op: &'s Op, object: u32) -> Result<Truth, CheckError> {
        loop {
            let start = self.scratch.pending.len();
            self.full_at = usize::MAX;
            let bounds = self.evaluate(op, object, Standing::TOP)?;
            let waited = self.scratch.pending.split_off(start);
            if waited.is_empty() || bounds.decided().is_some() {
                return Ok(bounds.low);
            }
            for part in waited {
                let ground = self.scratch.grounds[part.ground as usize];
                self.truth(ground.node, ground.object)?;
            }
        }
    }

    fn gather_row(
        &mut self,
        node: NodeId,
        row: Row<'_>,
        found: &mut Found,
    ) -> Result<(), CheckError> {
        for (object, condition) in row.iter() {
            self.spend(1)?;
            if self.condition(condition) > Truth::No && self.truth(node, object)? > Truth::No {
                self.note(condition, found)?;
                found.follow(node, object);
            }
        }
        Ok(())
    }

    fn note(&mut self, condition: u32, found: &mut Found) -> Result<(), CheckError> {
        if self.unless_expired(condition).is_none() {
            return Ok(());
        }
        match self.outcome(condition).cloned() {
            Some(Outcome::Missing(names)) => {
                found.missing.extend(names.iter().cloned());
                Ok(())
            }
            Some(Outcome::Broken(reason)) => {
                let caveat = self.snapshot.condition(condition);
                let caveat = caveat.and_then(|condition| condition.caveat.as_ref());
                let name = caveat.map(|(id, _)| self.snapshot.plan().caveat(*id).name());
                Err(CheckError::Caveat {
                    caveat: name.unwrap_or_default().to_owned(),
                    reason: reason.to_string(),
                })
            }
            _ => Ok(()),
        }
    }
}
