//! Why so.
//!
//! On a cycle each is granted because the next one is, which proves nothing. So proofs are made
//! from the far end: one is only built from those that are proven already, and kept.

use std::collections::HashSet;

use super::{Explainer, Reason};
use crate::{
    check::{CheckError, Truth},
    index::EVERYONE,
    plan::{EdgeSetId, NodeId, Op, Step},
};

type Key = (NodeId, u32);

/// What is granted has a proof, so nobody sees this.
const UNPROVEN: Reason = Reason::Each(Vec::new());

/// A proof by numbers: most are made on the way and never shown.
#[derive(Clone, Debug)]
pub(super) enum Proof<'s> {
    Itself,
    Tuple {
        edges: EdgeSetId,
        object: u32,
        subject: u32,
        condition: u32,
        then: Option<Key>,
    },
    Computed(Key),
    Each(Vec<Proof<'s>>),
    Without(Box<Proof<'s>>, &'s [Op], u32),
}

impl<'s> Explainer<'s> {
    /// Why a relation or permission that grants does.
    pub(super) fn grant(&mut self, node: NodeId, object: u32) -> Result<Reason, CheckError> {
        let key = (node, object);
        if !self.grants.contains_key(&key) {
            self.prove(vec![key])?;
        }
        match self.grants.get(&key).cloned() {
            Some(proof) => self.shown(node, &proof),
            None => Ok(UNPROVEN),
        }
    }

    /// Why an operation that grants does.
    pub(super) fn granted(
        &mut self,
        node: NodeId,
        op: &'s Op,
        object: u32,
    ) -> Result<Reason, CheckError> {
        let level = self.checker.settled(op, object)?;
        let mut proof = self.proof(op, object, level)?;
        if proof.is_none() {
            let mut parts = Vec::new();
            self.parts(op, object, level, &mut parts)?;
            self.prove(parts)?;
            proof = self.proof(op, object, level)?;
        }
        match proof {
            Some(proof) => self.shown(node, &proof),
            None => Ok(UNPROVEN),
        }
    }

    fn shown(&mut self, node: NodeId, proof: &Proof<'s>) -> Result<Reason, CheckError> {
        Ok(match proof {
            Proof::Itself => Reason::Itself,
            Proof::Tuple {
                edges,
                object,
                subject,
                condition,
                then,
            } => Reason::Tuple {
                tuple: Box::new(self.snapshot.tuple(*edges, *object, *subject, *condition)),
                then: then.map(|(node, object)| self.place(node, object)),
            },
            Proof::Computed((node, object)) => Reason::Computed(self.place(*node, *object)),
            Proof::Each(parts) => {
                let parts = parts.iter().map(|part| self.shown(node, part));
                Reason::Each(parts.collect::<Result<_, _>>()?)
            }
            Proof::Without(base, excluded, object) => {
                let base = self.shown(node, base)?;
                let mut refused = Vec::new();
                for part in *excluded {
                    // What depends on context excludes nobody yet.
                    if self.checker.settled(part, *object)? == Truth::No {
                        refused.push(self.refusal(node, part, *object)?);
                    }
                }
                Reason::Without(Box::new(base), refused)
            }
        })
    }

    /// Proves these, and everything that a proof of them could need.
    fn prove(&mut self, mut open: Vec<Key>) -> Result<(), CheckError> {
        let mut seen = HashSet::new();
        let mut order = Vec::new();
        while let Some(key) = open.pop() {
            if self.grants.contains_key(&key) || !seen.insert(key) {
                continue;
            }
            order.push(key);
            if let Some(op) = self.pruned.op(key.0) {
                let level = self.checker.truth(key.0, key.1)?;
                self.parts(op, key.1, level, &mut open)?;
            }
        }
        loop {
            let before = self.grants.len();
            // The far end was found last.
            for key in order.iter().rev() {
                if self.grants.contains_key(key) {
                    continue;
                }
                let Some(op) = self.pruned.op(key.0) else {
                    continue;
                };
                let level = self.checker.truth(key.0, key.1)?;
                if let Some(proof) = self.proof(op, key.1, level)? {
                    self.grants.insert(*key, proof);
                }
            }
            if self.grants.len() == before {
                return Ok(());
            }
        }
    }

    /// Every other ground that a proof of an operation could use.
    fn parts(
        &mut self,
        op: &'s Op,
        object: u32,
        level: Truth,
        found: &mut Vec<Key>,
    ) -> Result<(), CheckError> {
        match op {
            Op::Itself => Ok(()),
            Op::Node(node) => {
                found.push((*node, object));
                Ok(())
            }
            Op::Direct(direct) => {
                for (edges, node) in &direct.usersets {
                    self.ends_that_grant(*edges, *node, object, level, found)?;
                }
                Ok(())
            }
            Op::Arrow { steps, .. } => {
                for step in steps {
                    if let Some(target) = step.target {
                        self.ends_that_grant(step.edges, target, object, level, found)?;
                    }
                }
                Ok(())
            }
            Op::Union(parts) | Op::Intersection(parts) => {
                for part in parts {
                    self.parts(part, object, level, found)?;
                }
                Ok(())
            }
            Op::Exclusion(base, _) => self.parts(base, object, level, found),
        }
    }

    fn ends_that_grant(
        &mut self,
        edges: EdgeSetId,
        node: NodeId,
        object: u32,
        level: Truth,
        found: &mut Vec<Key>,
    ) -> Result<(), CheckError> {
        for (at, condition) in self.snapshot.forward(edges, object).iter() {
            if self.checker.condition(condition) >= level && self.checker.truth(node, at)? >= level
            {
                found.push((node, at));
            }
        }
        Ok(())
    }

    /// A proof from what is proven already.
    fn proof(
        &mut self,
        op: &'s Op,
        object: u32,
        level: Truth,
    ) -> Result<Option<Proof<'s>>, CheckError> {
        Ok(match op {
            Op::Itself => (object == self.checker.subject()).then_some(Proof::Itself),
            Op::Node(node) => {
                let key = (*node, object);
                self.is_proven(key, level)?.then_some(Proof::Computed(key))
            }
            Op::Direct(direct) => {
                let named = [
                    (direct.member, self.checker.subject()),
                    (direct.everyone, EVERYONE),
                ];
                for (edges, subject) in named {
                    let Some(edges) = edges else { continue };
                    if let Some(condition) = self.snapshot.forward(edges, object).find(subject)
                        && self.checker.condition(condition) >= level
                    {
                        return Ok(Some(Proof::Tuple {
                            edges,
                            object,
                            subject,
                            condition,
                            then: None,
                        }));
                    }
                }
                for (edges, node) in &direct.usersets {
                    if let Some(proof) = self.through(*edges, *node, object, level)? {
                        return Ok(Some(proof));
                    }
                }
                None
            }
            Op::Arrow { steps, all: true } => self.through_all(steps, object, level)?,
            Op::Arrow { steps, all: false } => {
                for step in steps {
                    let Some(target) = step.target else { continue };
                    if let Some(proof) = self.through(step.edges, target, object, level)? {
                        return Ok(Some(proof));
                    }
                }
                None
            }
            Op::Union(parts) => {
                for part in parts {
                    if let Some(proof) = self.proof(part, object, level)? {
                        return Ok(Some(proof));
                    }
                }
                None
            }
            Op::Intersection(parts) => {
                let parts = parts.iter().map(|part| self.proof(part, object, level));
                let parts: Option<Vec<_>> = parts.collect::<Result<_, _>>()?;
                parts.map(Proof::Each)
            }
            Op::Exclusion(base, excluded) => {
                for part in excluded {
                    if self.checker.settled(part, object)?.negated() < level {
                        return Ok(None);
                    }
                }
                let base = self.proof(base, object, level)?;
                base.map(|base| Proof::Without(Box::new(base), excluded, object))
            }
        })
    }

    fn is_proven(&mut self, key: Key, level: Truth) -> Result<bool, CheckError> {
        Ok(self.grants.contains_key(&key) && self.checker.truth(key.0, key.1)? >= level)
    }

    fn through(
        &mut self,
        edges: EdgeSetId,
        node: NodeId,
        object: u32,
        level: Truth,
    ) -> Result<Option<Proof<'s>>, CheckError> {
        for (at, condition) in self.snapshot.forward(edges, object).iter() {
            if self.checker.condition(condition) >= level && self.is_proven((node, at), level)? {
                return Ok(Some(Proof::Tuple {
                    edges,
                    object,
                    subject: at,
                    condition,
                    then: Some((node, at)),
                }));
            }
        }
        Ok(None)
    }

    fn through_all(
        &mut self,
        steps: &[Step],
        object: u32,
        level: Truth,
    ) -> Result<Option<Proof<'s>>, CheckError> {
        let mut parts = Vec::new();
        for step in steps {
            for (at, condition) in self.snapshot.forward(step.edges, object).iter() {
                let Some(truth) = self.checker.unless_expired(condition) else {
                    continue;
                };
                let Some(target) = step.target else {
                    return Ok(None);
                };
                if truth < level || !self.is_proven((target, at), level)? {
                    return Ok(None);
                }
                parts.push(Proof::Tuple {
                    edges: step.edges,
                    object,
                    subject: at,
                    condition,
                    then: Some((target, at)),
                });
            }
        }
        Ok((!parts.is_empty()).then_some(Proof::Each(parts)))
    }
}
