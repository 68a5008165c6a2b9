//! The walk over grounds: depth first, with cycles found and settled as they close.
//!
//! This is Tarjan's search for strongly connected components, on a stack of its own, so that a
//! chain may be as long as it likes. A component is settled when it is left: starting from what is
//! proven, its truths are raised until nothing changes, which is the least fixpoint.

use super::{
    Answer, CheckError, Request,
    evaluate::Standing,
    outcome::{Bounds, Truth},
    scratch::{Frame, Ground, Scratch, State},
};
use crate::{
    caveat::Outcome,
    index::Snapshot,
    plan::{NodeId, Pruned},
};

/// How many parts a ground waits for at first. It doubles, so that a tuple near the beginning is
/// found before 10,000 are looked at, and 10,000 are not looked at 10,000 times.
const AT_FIRST: usize = 8;

/// Answers questions of one subject.
pub(crate) struct Checker<'s> {
    pub(super) snapshot: &'s Snapshot,
    pub(super) pruned: &'s Pruned,
    pub(super) subject: u32,
    pub(super) request: &'s Request<'s>,
    pub(super) scratch: Box<Scratch>,
    pub(super) walks_closures: bool,
    pub(super) quick_ways: usize,
    /// The length of the pending list at which evaluation stops.
    pub(super) full_at: usize,
    spent: u64,
}

fn key(node: NodeId, object: u32) -> u64 {
    (u64::from(node.0) << 32) | u64::from(object)
}

/// How many parts of one answer the quick way is tried for. Each goes its own way, and many that
/// lead over the same objects are for the walk that remembers them.
const QUICK_WAYS: usize = 16;

impl Drop for Checker<'_> {
    fn drop(&mut self) {
        std::mem::take(&mut self.scratch).give_back();
    }
}

impl<'s> Checker<'s> {
    pub(crate) fn new(
        snapshot: &'s Snapshot,
        pruned: &'s Pruned,
        subject: u32,
        request: &'s Request<'s>,
    ) -> Self {
        Self {
            snapshot,
            pruned,
            subject,
            request,
            scratch: Scratch::take(),
            walks_closures: true,
            quick_ways: 0,
            full_at: usize::MAX,
            spent: 0,
        }
    }

    /// The answer, with what is missing. Each has the whole budget.
    pub(crate) fn answer(&mut self, node: NodeId, object: u32) -> Result<Answer, CheckError> {
        self.spent = 0;
        match self.truth(node, object)? {
            Truth::Has => Ok(Answer::Has),
            Truth::No => Ok(Answer::No),
            Truth::Unknown => {
                self.spent = 0;
                self.missing(node, object).map(Answer::Conditional)
            }
        }
    }

    /// The truth, within what is left of the budget.
    pub(crate) fn truth(&mut self, node: NodeId, object: u32) -> Result<Truth, CheckError> {
        let known = self.scratch.numbers.get(&key(node, object));
        let known = known.map(|number| self.scratch.grounds[*number as usize]);
        if let Some(ground) = known.filter(|ground| ground.state == State::Done) {
            return Ok(ground.truth);
        }
        self.quick_ways = QUICK_WAYS;
        if let Some(truth) = self.quick(node, object) {
            return Ok(truth);
        }
        let root = self.number(node, object);
        let solved = self.solve(root);
        if solved.is_err() {
            self.reset();
        }
        solved
    }

    /// After an error nothing of what was begun can be used.
    fn reset(&mut self) {
        self.scratch.abandon();
        self.scratch.numbers.clear();
        self.scratch.grounds.clear();
    }

    pub(super) fn spend(&mut self, steps: u64) -> Result<(), CheckError> {
        self.spent += steps;
        if self.spent > self.request.budget {
            return Err(CheckError::Budget(self.request.budget));
        }
        Ok(())
    }

    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn number(&mut self, node: NodeId, object: u32) -> u32 {
        let next = self.scratch.grounds.len() as u32;
        let key = key(node, object);
        let number = *self.scratch.numbers.entry(key).or_insert(next);
        if number == next {
            self.scratch.grounds.push(Ground {
                node,
                object,
                state: State::Fresh,
                truth: Truth::No,
                decided: false,
                entered: 0,
                lowest: 0,
            });
        }
        number
    }

    fn ground(&mut self, number: u32) -> &mut Ground {
        &mut self.scratch.grounds[number as usize]
    }

    fn solve(&mut self, root: u32) -> Result<Truth, CheckError> {
        if self.ground(root).state == State::Fresh {
            self.enter(root)?;
        }
        while let Some(frame) = self.scratch.frames.last().copied() {
            if let Some(waited) = self.scratch.pending.get(frame.next).copied() {
                let part = *self.ground(waited.ground);
                if part.state == State::Fresh {
                    self.enter(waited.ground)?;
                    continue;
                }
                if let Some(top) = self.scratch.frames.last_mut() {
                    top.next += 1;
                }
                if part.state == State::Open {
                    self.reaches(part.lowest);
                }
                let is_final = part.state == State::Done || part.decided;
                if waited.settles && is_final && part.truth == Truth::Has {
                    self.leave(Bounds::HAS)?;
                }
                continue;
            }
            self.scratch.pending.truncate(frame.pending);
            let bounds = self.look(frame.ground, frame.pending + frame.at_most)?;
            let waits = self.scratch.pending.len() > frame.pending;
            if bounds.decided().is_some() || !waits {
                self.leave(bounds)?;
            } else if let Some(top) = self.scratch.frames.last_mut() {
                top.next = frame.pending;
                top.at_most = frame.at_most.saturating_mul(2);
            }
        }
        Ok(self.ground(root).truth)
    }

    fn look(&mut self, number: u32, full_at: usize) -> Result<Bounds, CheckError> {
        self.spend(1)?;
        let Ground { node, object, .. } = *self.ground(number);
        self.full_at = full_at;
        match self.pruned.op(node) {
            Some(op) => self.evaluate(op, object, Standing::TOP),
            None => Ok(Bounds::NO),
        }
    }

    fn enter(&mut self, number: u32) -> Result<(), CheckError> {
        self.spend(1)?;
        // Entered in the order of the list of those that are open.
        let entered = u32::try_from(self.scratch.open.len()).unwrap_or(u32::MAX);
        let ground = self.ground(number);
        ground.state = State::Open;
        ground.entered = entered;
        ground.lowest = entered;
        self.scratch.open.push(number);
        let pending = self.scratch.pending.len();
        self.scratch.frames.push(Frame {
            ground: number,
            pending,
            next: pending,
            at_most: AT_FIRST,
        });
        Ok(())
    }

    /// Notes that the ground at the top leads to one that was entered then.
    pub(super) fn reaches(&mut self, entered: u32) {
        if let Some(top) = self.scratch.frames.last() {
            let top = &mut self.scratch.grounds[top.ground as usize];
            top.lowest = top.lowest.min(entered);
        }
    }

    /// Takes the ground at the top off, and settles what it closes.
    fn leave(&mut self, bounds: Bounds) -> Result<(), CheckError> {
        let Some(frame) = self.scratch.frames.pop() else {
            return Ok(());
        };
        self.scratch.pending.truncate(frame.pending);
        let ground = self.ground(frame.ground);
        ground.truth = bounds.low;
        ground.decided = bounds.decided().is_some();
        let (entered, lowest) = (ground.entered, ground.lowest);
        if entered == lowest {
            let component = self.scratch.open.split_off(entered as usize);
            self.settle(&component)?;
        } else {
            self.reaches(lowest);
        }
        Ok(())
    }

    /// Raises the truths of a component until nothing changes.
    fn settle(&mut self, component: &[u32]) -> Result<(), CheckError> {
        let is_open = |ground: &Ground| !ground.decided;
        loop {
            let mut changed = false;
            // What was entered last depends least on the rest.
            for number in component.iter().rev() {
                if !is_open(self.ground(*number)) {
                    continue;
                }
                let bounds = self.look(*number, usize::MAX)?;
                let ground = self.ground(*number);
                if bounds.low > ground.truth {
                    ground.truth = bounds.low;
                    changed = true;
                }
                ground.decided = bounds.decided().is_some();
            }
            if !changed {
                break;
            }
        }
        for number in component {
            self.ground(*number).state = State::Done;
        }
        Ok(())
    }

    pub(super) fn negative_cycle(&self, node: NodeId, object: u32) -> CheckError {
        let node = self.snapshot.plan().node(node);
        let of = &self.snapshot.plan().types()[node.of.index()].name;
        CheckError::NegativeCycle {
            object: format!("{of}:{}", self.snapshot.name(node.of, object)),
            relation: node.name.clone(),
        }
    }

    /// Whether a tuple with this condition counts; `None` once it has expired.
    pub(crate) fn unless_expired(&mut self, number: u32) -> Option<Truth> {
        if number == 0 {
            return Some(Truth::Has);
        }
        let condition = self.snapshot.condition(number)?;
        if condition
            .expires_at
            .is_some_and(|end| end <= self.request.now)
        {
            return None;
        }
        Some(match self.outcome(number) {
            None | Some(Outcome::Holds) => Truth::Has,
            Some(Outcome::Fails) => Truth::No,
            Some(Outcome::Missing(_) | Outcome::Broken(_)) => Truth::Unknown,
        })
    }

    /// The number of the subject.
    pub(crate) const fn subject(&self) -> u32 {
        self.subject
    }

    /// Steps of a list that is being made.
    pub(crate) fn spend_on_list(&mut self, rows: usize) -> Result<(), CheckError> {
        self.spend(1 + rows as u64)
    }

    /// What a tuple with this condition counts.
    pub(crate) fn condition(&mut self, number: u32) -> Truth {
        self.unless_expired(number).unwrap_or(Truth::No)
    }

    /// What a tuple's caveat says, evaluated once.
    pub(super) fn outcome(&mut self, number: u32) -> Option<&Outcome> {
        let (caveat, stored) = self.snapshot.condition(number)?.caveat.as_ref()?;
        let caveat = self.snapshot.plan().caveat(*caveat);
        let context = self.request.context;
        let outcomes = &mut self.scratch.conditions;
        Some(
            outcomes
                .entry(number)
                .or_insert_with(|| caveat.evaluate(stored, context)),
        )
    }
}
