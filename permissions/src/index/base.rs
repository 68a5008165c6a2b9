//! What does not change.

use std::collections::HashMap;

use super::{
    Condition, EVERYONE, Row,
    adjacency::Adjacency,
    lanes::Lanes,
    names::Names,
    resolve::{Resolved, resolve},
};
use crate::{
    plan::{EdgeSet, EdgeSetId, Plan, SubjectKind, TypeId},
    tuple::{Tuple, TupleError},
};

#[derive(Debug)]
pub(super) struct Base {
    /// By type.
    pub(super) names: Vec<Names>,
    /// By edge set.
    forward: Vec<Forward>,
    reverse: Vec<Adjacency>,
    /// By type.
    lanes: Vec<Lanes>,
    /// The first is of those tuples that depend on nothing.
    pub(super) conditions: Vec<Option<Condition>>,
    pub(super) tuples: usize,
}

/// Where the rows of an edge set are.
#[derive(Debug)]
enum Forward {
    Own(Adjacency),
    /// With those of others, which have the same type of object.
    Lane {
        of: TypeId,
        lane: usize,
    },
}

impl Base {
    pub(super) fn bytes(&self) -> usize {
        let names: usize = self.names.iter().map(Names::bytes).sum();
        let own = self.forward.iter().map(|forward| match forward {
            Forward::Own(rows) => rows.bytes(),
            Forward::Lane { .. } => 0,
        });
        let forward: usize = own.chain(self.lanes.iter().map(Lanes::bytes)).sum();
        let reverse: usize = self.reverse.iter().map(Adjacency::bytes).sum();
        names + forward + reverse + self.conditions.len() * size_of::<Option<Condition>>()
    }

    /// The subjects of an object.
    pub(super) fn forward(&self, edges: EdgeSetId, object: u32) -> Row<'_> {
        match &self.forward[edges.index()] {
            Forward::Own(rows) => rows.row(object),
            Forward::Lane { of, lane } => self.lanes[of.index()].row(*lane, object),
        }
    }

    /// The objects of a subject.
    pub(super) fn reverse(&self, edges: EdgeSetId, subject: u32) -> Row<'_> {
        self.reverse[edges.index()].row(subject)
    }

    /// The objects that have a row, in order.
    pub(super) fn objects(&self, edges: EdgeSetId) -> Vec<u32> {
        match &self.forward[edges.index()] {
            Forward::Own(rows) => rows.keys(),
            Forward::Lane { of, lane } => self.lanes[of.index()].keys(*lane),
        }
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
    names: Vec<Names>,
    edges: Vec<Edge>,
    conditions: Vec<Option<Condition>>,
    /// Conditions that many tuples share: no context of their own, and no end.
    shared: HashMap<u32, u32>,
}

impl<'p> Builder<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        Self {
            plan,
            names: plan.types().iter().map(|_| Names::default()).collect(),
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
        let number = self.names[of.index()].intern(name);
        // Two more are needed for the names of a question that nobody has written about.
        number
            .filter(|number| *number < u32::MAX - 2)
            .ok_or(TupleError::TooMany)
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

    pub(super) fn build(self) -> Base {
        let (names, numbers): (Vec<_>, Vec<_>) =
            self.names.into_iter().map(Names::in_order).unzip();
        let sets = self.plan.edge_sets();
        let mut counts = vec![0; sets.len()];
        for edge in &self.edges {
            counts[edge.edges.index()] += 1;
        }
        let mut by_set: Vec<Vec<(u32, u32, u32)>> =
            counts.into_iter().map(Vec::with_capacity).collect();
        for edge in self.edges {
            let set = self.plan.edge_set(edge.edges);
            let object = numbers[set.resources.index()][edge.object as usize];
            let is_everyone = matches!(set.kind, SubjectKind::Everyone(_));
            let subject = if is_everyone {
                EVERYONE
            } else {
                numbers[set.subjects.index()][edge.subject as usize]
            };
            by_set[edge.edges.index()].push((object, subject, edge.condition));
        }
        drop(numbers);
        let mut tuples = 0;
        let mut forward = Vec::with_capacity(by_set.len());
        let mut reverse = Vec::with_capacity(by_set.len());
        for (found, set) in by_set.into_iter().zip(sets) {
            let objects = names[set.resources.index()].len() as usize;
            let subjects = names[set.subjects.index()].len() as usize;
            // Stable, so that of two that are the same the later one stays last.
            let found = in_order(found, subjects, |edge| edge.1);
            let mut found = in_order(found, objects, |edge| edge.0);
            found.dedup_by(|later, kept| {
                let same = (later.0, later.1) == (kept.0, kept.1);
                if same {
                    kept.2 = later.2;
                }
                same
            });
            tuples += found.len();
            forward.push(Forward::Own(Adjacency::new(&found)));
            for edge in &mut found {
                *edge = (edge.1, edge.0, edge.2);
            }
            reverse.push(Adjacency::new(&in_order(found, subjects, |edge| edge.0)));
        }
        let lanes = lanes(sets, &names, &mut forward);
        Base {
            names,
            forward,
            reverse,
            lanes,
            conditions: self.conditions,
            tuples,
        }
    }
}

/// Puts the rows of edge sets together that have the same type of object, where most of it have them.
fn lanes(sets: &[EdgeSet], names: &[Names], forward: &mut [Forward]) -> Vec<Lanes> {
    let types = (0..).map(TypeId).zip(names);
    let lanes = types.map(|(of, names)| {
        let plain = (0..sets.len()).filter(|at| {
            let is_plain = matches!(&forward[*at], Forward::Own(rows) if rows.is_plain());
            sets[*at].resources == of && is_plain
        });
        let plain: Vec<usize> = plain.collect();
        if plain.len() < 2 {
            return Lanes::default();
        }
        let taken = plain.iter().enumerate().filter_map(|(lane, at)| {
            match std::mem::replace(&mut forward[*at], Forward::Lane { of, lane }) {
                Forward::Own(rows) => Some(rows),
                Forward::Lane { .. } => None,
            }
        });
        Lanes::new(&taken.collect::<Vec<_>>(), names.len())
    });
    lanes.collect()
}

/// With so many places for each edge, counting all of them takes longer than sorting.
const SPARSE: usize = 8;

/// In the order of a number below `count`; those with the same stay in their order.
fn in_order(
    mut edges: Vec<(u32, u32, u32)>,
    count: usize,
    number: impl Fn(&(u32, u32, u32)) -> u32,
) -> Vec<(u32, u32, u32)> {
    if edges.is_sorted_by_key(&number) {
        return edges;
    }
    if count > edges.len().saturating_mul(SPARSE) {
        edges.sort_by_key(number);
        return edges;
    }
    let mut starts = vec![0_usize; count + 1];
    for edge in &edges {
        starts[number(edge) as usize + 1] += 1;
    }
    for at in 0..count {
        starts[at + 1] += starts[at];
    }
    let mut sorted = vec![(0, 0, 0); edges.len()];
    for edge in edges {
        let start = &mut starts[number(&edge) as usize];
        sorted[*start] = edge;
        *start += 1;
    }
    sorted
}
