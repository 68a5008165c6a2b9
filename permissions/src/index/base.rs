//! What does not change.

use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use super::{
    Condition, EVERYONE,
    adjacency::Adjacency,
    names::Names,
    resolve::{Resolved, resolve},
};
use crate::{
    plan::{EdgeSetId, Plan, SubjectKind, TypeId},
    tuple::{Tuple, TupleError},
};

#[derive(Debug)]
pub(super) struct Base {
    /// By type.
    pub(super) names: Vec<Names>,
    /// By edge set.
    pub(super) edges: Vec<BothWays>,
    /// The first is of those tuples that depend on nothing.
    pub(super) conditions: Vec<Option<Condition>>,
    pub(super) tuples: usize,
}

#[derive(Debug, Default)]
pub(super) struct BothWays {
    pub(super) forward: Adjacency,
    pub(super) reverse: Adjacency,
}

impl Base {
    pub(super) fn bytes(&self) -> usize {
        let names: usize = self.names.iter().map(Names::bytes).sum();
        let edges = self.edges.iter();
        let edges: usize = edges
            .map(|both| both.forward.bytes() + both.reverse.bytes())
            .sum();
        names + edges + self.conditions.len() * size_of::<Option<Condition>>()
    }
}

/// A tuple by numbers, in the order of coming.
struct Edge {
    edges: EdgeSetId,
    object: u32,
    subject: u32,
    condition: u32,
}

/// Takes tuples in any order and makes a base of them.
pub(super) struct Builder<'p> {
    plan: &'p Plan,
    names: Vec<HashMap<Box<str>, u32, FxBuildHasher>>,
    edges: Vec<Edge>,
    conditions: Vec<Option<Condition>>,
    /// Conditions that many tuples share: no context of their own, and no end.
    shared: HashMap<u32, u32>,
}

impl<'p> Builder<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        Self {
            plan,
            names: plan.types().iter().map(|_| HashMap::default()).collect(),
            edges: Vec::new(),
            conditions: vec![None],
            shared: HashMap::new(),
        }
    }

    pub(super) fn add(&mut self, tuple: &Tuple) -> Result<(), TupleError> {
        let Resolved {
            edges,
            resources,
            subjects,
            is_everyone,
            condition,
        } = resolve(self.plan, tuple)?;
        let object = self.number(resources, &tuple.resource.id)?;
        let subject = if is_everyone {
            EVERYONE
        } else {
            self.number(subjects, &tuple.subject.id)?
        };
        let condition = match condition {
            None => 0,
            Some(condition) => self.condition(condition)?,
        };
        self.edges.push(Edge {
            edges,
            object,
            subject,
            condition,
        });
        Ok(())
    }

    fn number(&mut self, of: TypeId, name: &str) -> Result<u32, TupleError> {
        let names = &mut self.names[of.index()];
        if let Some(number) = names.get(name) {
            return Ok(*number);
        }
        let number = u32::try_from(names.len()).map_err(|_| TupleError::TooMany)?;
        names.insert(name.into(), number);
        Ok(number)
    }

    fn condition(&mut self, condition: Condition) -> Result<u32, TupleError> {
        let sharable = match (&condition.caveat, condition.expires_at) {
            (Some((caveat, context)), None) if context.is_empty() => Some(caveat.0),
            _ => None,
        };
        if let Some(known) = sharable.and_then(|caveat| self.shared.get(&caveat)) {
            return Ok(*known);
        }
        let number = u32::try_from(self.conditions.len()).map_err(|_| TupleError::TooMany)?;
        self.conditions.push(Some(condition));
        if let Some(caveat) = sharable {
            self.shared.insert(caveat, number);
        }
        Ok(number)
    }

    pub(super) fn build(self) -> Result<Base, TupleError> {
        let mut names = Vec::with_capacity(self.names.len());
        let mut renumbered = Vec::with_capacity(self.names.len());
        for found in self.names {
            let (sorted, numbers) = in_order(found)?;
            names.push(sorted);
            renumbered.push(numbers);
        }
        let mut by_set: Vec<Vec<(u32, u32, u32)>> = Vec::new();
        by_set.resize_with(self.plan.edge_sets().len(), Vec::new);
        for edge in self.edges {
            let set = self.plan.edge_set(edge.edges);
            let object = renumbered[set.resources.index()][edge.object as usize];
            let is_everyone = matches!(set.kind, SubjectKind::Everyone(_));
            let subject = if is_everyone {
                EVERYONE
            } else {
                renumbered[set.subjects.index()][edge.subject as usize]
            };
            by_set[edge.edges.index()].push((object, subject, edge.condition));
        }
        drop(renumbered);
        let mut tuples = 0;
        let mut edges = Vec::with_capacity(by_set.len());
        for mut set in by_set {
            // Stable, so that of two that are the same the later one stays last.
            set.sort_by_key(|(object, subject, _)| (*object, *subject));
            set.dedup_by(|later, kept| {
                let same = (later.0, later.1) == (kept.0, kept.1);
                if same {
                    kept.2 = later.2;
                }
                same
            });
            tuples += set.len();
            let forward = Adjacency::new(&set);
            for edge in &mut set {
                *edge = (edge.1, edge.0, edge.2);
            }
            set.sort_unstable();
            let reverse = Adjacency::new(&set);
            edges.push(BothWays { forward, reverse });
        }
        Ok(Base {
            names,
            edges,
            conditions: self.conditions,
            tuples,
        })
    }
}

/// Numbers in the order of names, so that lists are in the order of names wherever they are made.
fn in_order(found: HashMap<Box<str>, u32, FxBuildHasher>) -> Result<(Names, Vec<u32>), TupleError> {
    let mut sorted: Vec<(Box<str>, u32)> = found.into_iter().collect();
    sorted.sort_unstable();
    let mut numbers = vec![0; sorted.len()];
    for (new, (_, old)) in (0_u32..).zip(&sorted) {
        numbers[*old as usize] = new;
    }
    let names = Names::new(sorted.iter().map(|(name, _)| &**name)).ok_or(TupleError::TooMany)?;
    Ok((names, numbers))
}
