//! What came after the base was made.

use std::{collections::HashMap, sync::Arc};

use rustc_hash::FxBuildHasher;

use super::{
    Condition, EVERYONE, Row,
    adjacency::OwnedRow,
    base::Base,
    names::LaterNames,
    resolve::{Resolved, place, resolve},
};
use crate::{
    plan::{EdgeSetId, Plan, TypeId},
    tuple::{Tuple, TupleError},
};

/// A change to the tuples. Neither minds whether the tuple is there.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The tuple is there from now on, with these conditions.
    Touch(Tuple),
    /// The tuple is there no more, whatever its conditions are.
    Delete(Tuple),
}

#[derive(Clone, Debug)]
pub(super) struct Delta {
    names: Vec<Arc<LaterNames>>,
    edges: Vec<Option<Arc<ChangedRows>>>,
    conditions: Arc<Vec<Condition>>,
    changes: usize,
    added: usize,
    removed: usize,
}

/// Rows of one edge set, as they are now.
#[derive(Clone, Debug, Default)]
struct ChangedRows {
    forward: HashMap<u32, Arc<OwnedRow>, FxBuildHasher>,
    reverse: HashMap<u32, Arc<OwnedRow>, FxBuildHasher>,
}

impl Delta {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            names: plan.types().iter().map(|_| Arc::default()).collect(),
            edges: plan.edge_sets().iter().map(|_| None).collect(),
            conditions: Arc::default(),
            changes: 0,
            added: 0,
            removed: 0,
        }
    }

    pub(super) const fn changes(&self) -> usize {
        self.changes
    }

    pub(super) fn count(&self, base: &Base) -> usize {
        base.tuples + self.added - self.removed
    }

    /// Makes a change, and says where.
    pub(super) fn change(
        &mut self,
        plan: &Plan,
        base: &Base,
        change: &Change,
    ) -> Result<EdgeSetId, TupleError> {
        self.changes += 1;
        match change {
            Change::Touch(tuple) => {
                let Resolved {
                    edges,
                    resources,
                    subjects,
                    is_everyone,
                    condition,
                } = resolve(plan, tuple)?;
                let object = self.number(base, resources, &tuple.resource.id)?;
                let subject = if is_everyone {
                    EVERYONE
                } else {
                    self.number(base, subjects, &tuple.subject.id)?
                };
                let condition = match condition {
                    None => 0,
                    Some(condition) => self.add_condition(base, condition)?,
                };
                if self.forward(base, edges, object).find(subject).is_none() {
                    self.added += 1;
                }
                self.edit(base, edges, object, subject, |row, id| {
                    row.insert(id, condition);
                });
                Ok(edges)
            }
            Change::Delete(tuple) => {
                let found = place(plan, tuple)?;
                let object = self.id(base, found.resources, &tuple.resource.id);
                let subject = if found.is_everyone {
                    Some(EVERYONE)
                } else {
                    self.id(base, found.subjects, &tuple.subject.id)
                };
                if let (Some(object), Some(subject)) = (object, subject)
                    && self
                        .forward(base, found.edges, object)
                        .find(subject)
                        .is_some()
                {
                    self.removed += 1;
                    self.edit(base, found.edges, object, subject, OwnedRow::remove);
                }
                Ok(found.edges)
            }
        }
    }

    fn edit(
        &mut self,
        base: &Base,
        edges: EdgeSetId,
        object: u32,
        subject: u32,
        edit: impl Fn(&mut OwnedRow, u32),
    ) {
        let changed = Arc::make_mut(self.edges[edges.index()].get_or_insert_default());
        let forward = changed.forward.entry(object);
        let forward = forward.or_insert_with(|| OwnedRow::copy(base.forward(edges, object)).into());
        edit(Arc::make_mut(forward), subject);
        let reverse = changed.reverse.entry(subject);
        let reverse =
            reverse.or_insert_with(|| OwnedRow::copy(base.reverse(edges, subject)).into());
        edit(Arc::make_mut(reverse), object);
    }

    fn number(&mut self, base: &Base, of: TypeId, name: &str) -> Result<u32, TupleError> {
        if let Some(number) = self.id(base, of, name) {
            return Ok(number);
        }
        let number = self.names(base, of);
        // Two more are needed for the names of a question that nobody has written about.
        if number >= u32::MAX - 2 {
            return Err(TupleError::TooMany);
        }
        Arc::make_mut(&mut self.names[of.index()]).add(name, number);
        Ok(number)
    }

    fn add_condition(&mut self, base: &Base, condition: Condition) -> Result<u32, TupleError> {
        let number = base.conditions.len() + self.conditions.len();
        let number = u32::try_from(number).map_err(|_| TupleError::TooMany)?;
        Arc::make_mut(&mut self.conditions).push(condition);
        Ok(number)
    }

    pub(super) fn id(&self, base: &Base, of: TypeId, name: &str) -> Option<u32> {
        let known = base.names[of.index()].get(name);
        known.or_else(|| self.names[of.index()].get(name))
    }

    pub(super) fn names(&self, base: &Base, of: TypeId) -> u32 {
        let later = u32::try_from(self.names[of.index()].len()).unwrap_or(u32::MAX);
        base.names[of.index()].len().saturating_add(later)
    }

    pub(super) fn name<'a>(&'a self, base: &'a Base, of: TypeId, number: u32) -> &'a str {
        let names = &base.names[of.index()];
        match number.checked_sub(names.len()) {
            None => names.name(number),
            Some(place) => self.names[of.index()].name(place).unwrap_or_default(),
        }
    }

    pub(super) fn forward<'a>(&'a self, base: &'a Base, edges: EdgeSetId, object: u32) -> Row<'a> {
        let changed = self.edges[edges.index()].as_ref();
        match changed.and_then(|rows| rows.forward.get(&object)) {
            Some(row) => row.row(),
            None => base.forward(edges, object),
        }
    }

    pub(super) fn reverse<'a>(&'a self, base: &'a Base, edges: EdgeSetId, subject: u32) -> Row<'a> {
        let changed = self.edges[edges.index()].as_ref();
        match changed.and_then(|rows| rows.reverse.get(&subject)) {
            Some(row) => row.row(),
            None => base.reverse(edges, subject),
        }
    }

    /// The objects of an edge set that may have a row, in order.
    pub(super) fn objects(&self, base: &Base, edges: EdgeSetId) -> Vec<u32> {
        let mut objects = base.objects(edges);
        if let Some(changed) = &self.edges[edges.index()] {
            objects.extend(changed.forward.keys());
            objects.sort_unstable();
            objects.dedup();
        }
        objects
    }

    pub(super) fn condition<'a>(&'a self, base: &'a Base, number: u32) -> Option<&'a Condition> {
        let number = number as usize;
        match number.checked_sub(base.conditions.len()) {
            None => base.conditions[number].as_ref(),
            Some(place) => self.conditions.get(place),
        }
    }
}
