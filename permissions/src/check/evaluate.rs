//! What the operations of one ground come to, as far as its parts are known.

use super::{
    CheckError,
    outcome::{Bounds, Truth},
    scratch::{Ground, Pending, State},
    solve::Checker,
};
use crate::{
    index::{EVERYONE, Row},
    plan::{Direct, NodeId, Op, Step},
};

/// Where an operation stands.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    /// On the right side of an odd number of `-`.
    pub(super) negated: bool,
    /// Under nothing but unions: what is granted here is granted.
    pub(super) settles: bool,
}

impl Standing {
    pub(super) const TOP: Self = Self {
        negated: false,
        settles: true,
    };

    const fn inside(self) -> Self {
        Self {
            settles: false,
            ..self
        }
    }

    const fn excluded(self) -> Self {
        Self {
            negated: !self.negated,
            settles: false,
        }
    }
}

impl<'s> Checker<'s> {
    /// Parts that are not worked out yet are put on the pending list, until it is full.
    pub(super) fn evaluate(
        &mut self,
        op: &'s Op,
        object: u32,
        standing: Standing,
    ) -> Result<Bounds, CheckError> {
        match op {
            Op::Itself if object == self.subject => Ok(Bounds::HAS),
            Op::Itself => Ok(Bounds::NO),
            Op::Direct(direct) => self.direct(direct, object, standing),
            Op::Arrow { steps, all: false } => self.arrow(steps, object, standing),
            Op::Arrow { steps, all: true } => self.arrow_all(steps, object, standing),
            Op::Node(node) => self.part(*node, object, Truth::Has, standing),
            Op::Union(parts) => {
                let mut bounds = Bounds::NO;
                for part in parts {
                    bounds = bounds.or(self.evaluate(part, object, standing)?);
                    if bounds.low == Truth::Has || self.is_full() {
                        return Ok(self.unless_full(bounds));
                    }
                }
                Ok(bounds)
            }
            Op::Intersection(parts) => {
                let mut bounds = Bounds::HAS;
                for part in parts {
                    bounds = bounds.and(self.evaluate(part, object, standing.inside())?);
                    if bounds.high == Truth::No {
                        break;
                    }
                }
                Ok(bounds)
            }
            Op::Exclusion(base, excluded) => {
                let mut bounds = self.evaluate(base, object, standing.inside())?;
                for part in excluded {
                    if bounds.high == Truth::No {
                        break;
                    }
                    let part = self.evaluate(part, object, standing.excluded())?;
                    bounds = bounds.without(part);
                }
                Ok(bounds)
            }
        }
    }

    fn direct(
        &mut self,
        direct: &Direct,
        object: u32,
        standing: Standing,
    ) -> Result<Bounds, CheckError> {
        let snapshot = self.snapshot;
        let mut bounds = Bounds::NO;
        let named = [(direct.member, self.subject), (direct.everyone, EVERYONE)];
        for (edges, subject) in named {
            let Some(edges) = edges else { continue };
            if let Some(condition) = snapshot.forward(edges, object).find(subject) {
                bounds = bounds.or(Bounds::exactly(self.condition(condition)));
            }
            if bounds.low == Truth::Has {
                return Ok(bounds);
            }
        }
        for (edges, node) in &direct.usersets {
            let row = snapshot.forward(*edges, object);
            if row.is_empty() {
                continue;
            }
            let found = match self.closure(*node) {
                Some(reached) => {
                    Bounds::exactly(reached.meets(row, |number| self.condition(number)))
                }
                None => self.any(*node, row, standing)?,
            };
            bounds = bounds.or(found);
            if bounds.low == Truth::Has {
                return Ok(bounds);
            }
            if self.is_full() {
                return Ok(self.unless_full(bounds));
            }
        }
        Ok(bounds)
    }

    fn arrow(
        &mut self,
        steps: &[Step],
        object: u32,
        standing: Standing,
    ) -> Result<Bounds, CheckError> {
        let mut bounds = Bounds::NO;
        for step in steps {
            let Some(target) = step.target else { continue };
            let row = self.snapshot.forward(step.edges, object);
            bounds = bounds.or(self.any(target, row, standing)?);
            if bounds.low == Truth::Has {
                return Ok(bounds);
            }
            if self.is_full() {
                return Ok(self.unless_full(bounds));
            }
        }
        Ok(bounds)
    }

    /// Whether a node grants on any object of a row.
    fn any(
        &mut self,
        node: NodeId,
        row: Row<'_>,
        standing: Standing,
    ) -> Result<Bounds, CheckError> {
        let mut bounds = Bounds::NO;
        for (object, depends_on) in row.iter() {
            self.spend(1)?;
            let condition = self.condition(depends_on);
            if condition == Truth::No {
                continue;
            }
            bounds = bounds.or(self.part(node, object, condition, standing)?);
            if bounds.low == Truth::Has {
                return Ok(bounds);
            }
            if self.is_full() {
                return Ok(self.unless_full(bounds));
            }
        }
        Ok(bounds)
    }

    fn arrow_all(
        &mut self,
        steps: &[Step],
        object: u32,
        standing: Standing,
    ) -> Result<Bounds, CheckError> {
        let standing = standing.inside();
        let mut bounds = Bounds::HAS;
        let mut is_empty = true;
        for step in steps {
            for (at, depends_on) in self.snapshot.forward(step.edges, object).iter() {
                self.spend(1)?;
                let Some(condition) = self.unless_expired(depends_on) else {
                    continue;
                };
                is_empty = false;
                let Some(target) = step.target else {
                    return Ok(Bounds::NO);
                };
                bounds = bounds.and(self.part(target, at, condition, standing)?);
                if bounds.high == Truth::No {
                    return Ok(bounds);
                }
                if self.is_full() {
                    // What was not looked at could still say no.
                    return Ok(bounds.and(Bounds::OPEN));
                }
            }
        }
        Ok(if is_empty { Bounds::NO } else { bounds })
    }

    /// Another ground, behind a tuple with a condition.
    fn part(
        &mut self,
        node: NodeId,
        object: u32,
        condition: Truth,
        standing: Standing,
    ) -> Result<Bounds, CheckError> {
        let number = self.number(node, object);
        let Ground {
            state,
            truth,
            decided,
            entered,
            ..
        } = self.scratch.grounds[number as usize];
        let bounds = match state {
            State::Done => Bounds::exactly(truth),
            State::Open if decided => Bounds::exactly(truth),
            State::Open => {
                // Both are on one cycle: it would have to be known before it is known.
                if standing.negated {
                    return Err(self.negative_cycle(node, object));
                }
                self.reaches(entered);
                Bounds {
                    low: truth,
                    high: Truth::Has,
                }
            }
            State::Fresh if self.goes_quickly(number, node, object) => {
                Bounds::exactly(self.scratch.grounds[number as usize].truth)
            }
            State::Fresh => {
                self.scratch.pending.push(Pending {
                    ground: number,
                    settles: standing.settles && condition == Truth::Has,
                });
                Bounds::OPEN
            }
        };
        Ok(bounds.and(Bounds::exactly(condition)))
    }

    /// Tries the quick way, which finishes a ground.
    fn goes_quickly(&mut self, number: u32, node: NodeId, object: u32) -> bool {
        if self.quick_ways == 0 {
            return false;
        }
        self.quick_ways -= 1;
        let Some(truth) = self.quick(node, object) else {
            return false;
        };
        let ground = &mut self.scratch.grounds[number as usize];
        ground.truth = truth;
        ground.state = State::Done;
        true
    }

    fn is_full(&self) -> bool {
        self.scratch.pending.len() >= self.full_at
    }

    /// A union that was not looked at to its end could still be granted.
    fn unless_full(&self, bounds: Bounds) -> Bounds {
        if self.is_full() {
            bounds.or(Bounds {
                low: Truth::No,
                high: Truth::Has,
            })
        } else {
            bounds
        }
    }
}
