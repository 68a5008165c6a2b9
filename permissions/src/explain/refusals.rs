//! Why not.

use super::{Explainer, Reason};
use crate::{
    check::{CheckError, Truth},
    index::EVERYONE,
    plan::{Direct, EdgeSetId, NodeId, Op, Step},
};

impl<'s> Explainer<'s> {
    /// Why an operation that does not grant does not.
    pub(super) fn refusal(
        &mut self,
        node: NodeId,
        op: &'s Op,
        object: u32,
    ) -> Result<Reason, CheckError> {
        Ok(match op {
            Op::Itself => Reason::NoneOf(Vec::new()),
            Op::Node(other) => Reason::NoneOf(vec![Reason::Computed(self.place(*other, object))]),
            Op::Direct(direct) => self.no_tuple(direct, object),
            Op::Arrow { steps, all } => self.no_step(steps, *all, object)?,
            Op::Union(parts) => {
                let parts = parts.iter().map(|part| self.refusal(node, part, object));
                Reason::NoneOf(parts.collect::<Result<_, _>>()?)
            }
            Op::Intersection(parts) => {
                for part in parts {
                    if self.checker.settled(part, object)? == Truth::No {
                        return self.refusal(node, part, object);
                    }
                }
                Reason::NoneOf(Vec::new())
            }
            Op::Exclusion(base, excluded) => {
                if self.checker.settled(base, object)? == Truth::No {
                    return self.refusal(node, base, object);
                }
                for part in excluded {
                    if self.checker.settled(part, object)? == Truth::Has {
                        let by = self.granted(node, part, object)?;
                        return Ok(Reason::Excluded(Box::new(by)));
                    }
                }
                Reason::NoneOf(Vec::new())
            }
        })
    }

    fn no_tuple(&mut self, direct: &Direct, object: u32) -> Reason {
        let mut void = Vec::new();
        let named = [
            (direct.member, self.checker.subject()),
            (direct.everyone, EVERYONE),
        ];
        for (edges, subject) in named {
            let Some(edges) = edges else { continue };
            if let Some(condition) = self.snapshot.forward(edges, object).find(subject) {
                void.push(self.snapshot.tuple(edges, object, subject, condition));
            }
        }
        let mut parts = Vec::new();
        for (edges, userset) in &direct.usersets {
            self.ends(*edges, *userset, object, &mut parts, &mut void);
        }
        let any = direct.member.or(direct.everyone);
        let any = any.or_else(|| direct.usersets.first().map(|(edges, _)| *edges));
        let relation = any.map(|edges| self.snapshot.plan().edge_set(edges).relation);
        let none = Reason::NoTuple {
            relation: relation
                .map(|id| self.snapshot.plan().node(id).name.clone())
                .unwrap_or_default(),
            void,
        };
        if parts.is_empty() {
            return none;
        }
        parts.insert(0, none);
        Reason::NoneOf(parts)
    }

    fn no_step(&mut self, steps: &[Step], all: bool, object: u32) -> Result<Reason, CheckError> {
        let mut parts = Vec::new();
        let mut void = Vec::new();
        for step in steps {
            match step.target {
                Some(target) => self.ends(step.edges, target, object, &mut parts, &mut void),
                None if all => {
                    for (at, condition) in self.snapshot.forward(step.edges, object).iter() {
                        void.push(self.snapshot.tuple(step.edges, object, at, condition));
                    }
                }
                None => {}
            }
        }
        if all {
            // One that does not grant is enough.
            let mut refused = Vec::new();
            for part in parts {
                if let Reason::Computed(place) = part
                    && let Some((node, object)) = self.open.get(place).copied()
                    && self.checker.truth(node, object)? == Truth::No
                {
                    refused.push(part);
                    break;
                }
            }
            parts = refused;
        }
        if parts.is_empty() || !void.is_empty() {
            let relation = steps
                .first()
                .map(|step| self.snapshot.plan().edge_set(step.edges).relation);
            let relation = relation.map(|id| self.snapshot.plan().node(id).name.clone());
            let relation = relation.unwrap_or_default();
            parts.insert(0, Reason::NoTuple { relation, void });
        }
        Ok(Reason::NoneOf(parts))
    }

    /// What is at the end of an edge set's tuples: findings of their own, or tuples that are void.
    fn ends(
        &mut self,
        edges: EdgeSetId,
        target: NodeId,
        object: u32,
        parts: &mut Vec<Reason>,
        void: &mut Vec<crate::tuple::Tuple>,
    ) {
        for (at, condition) in self.snapshot.forward(edges, object).iter() {
            if self.checker.condition(condition) == Truth::No {
                void.push(self.snapshot.tuple(edges, object, at, condition));
            } else {
                parts.push(Reason::Computed(self.place(target, at)));
            }
        }
    }
}
