//! The tuples of one revision, by number and in both directions.
//!
//! A base is made once and never changed. What came since is a delta: the rows that changed, whole,
//! in maps that share what did not change with the delta before. So a change is cheap, a
//! look at a row is one look at the delta where it has anything and one at the base, and a snapshot
//! stays what it is for as long as somebody holds it.

mod adjacency;
mod base;
mod delta;
mod lanes;
mod names;
mod resolve;

use std::sync::Arc;

use serde_json::{Map, Value};

pub(crate) use adjacency::Row;
pub use delta::Change;

use base::{Base, Builder};
use delta::Delta;

use crate::{
    check::KeptClosures,
    plan::{CaveatId, EdgeSetId, Plan, SubjectKind, TypeId},
    tuple::{Object, Subject, Tuple, TupleError, WILDCARD},
};

/// The number that stands for everyone in the edge sets that hold everyone.
pub(crate) const EVERYONE: u32 = 0;

/// What a tuple depends on.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) caveat: Option<(CaveatId, Arc<Map<String, Value>>)>,
    pub(crate) expires_at: Option<i64>,
}

/// Every tuple at one revision. Copies share everything.
#[derive(Clone, Debug)]
pub struct Snapshot {
    plan: Arc<Plan>,
    base: Arc<Base>,
    delta: Arc<Delta>,
    closures: Arc<KeptClosures>,
}

impl Snapshot {
    /// Takes all tuples there are. Of two that say the same, the later one counts.
    pub fn load(
        plan: Arc<Plan>,
        tuples: impl IntoIterator<Item = Tuple>,
    ) -> Result<Self, TupleError> {
        let mut builder = Builder::new(&plan);
        for tuple in tuples {
            builder.add(&tuple)?;
        }
        let base = Arc::new(builder.build());
        let delta = Arc::new(Delta::new(&plan));
        let closures = Arc::new(KeptClosures::new());
        Ok(Self {
            plan,
            base,
            delta,
            closures,
        })
    }

    /// The snapshot after some changes, all or none.
    pub fn apply(&self, changes: &[Change]) -> Result<Self, TupleError> {
        let mut delta = Delta::clone(&self.delta);
        let mut closures = Arc::clone(&self.closures);
        for change in changes {
            let edges = delta.change(&self.plan, &self.base, change)?;
            if self.plan.makes_closures(edges) {
                closures = Arc::new(KeptClosures::new());
            }
        }
        Ok(Self {
            plan: Arc::clone(&self.plan),
            base: Arc::clone(&self.base),
            delta: Arc::new(delta),
            closures,
        })
    }

    /// [`Snapshot::load`] of what the namespaces allow, and how many tuples they do not.
    pub fn load_allowed(
        plan: &Arc<Plan>,
        tuples: impl IntoIterator<Item = Tuple>,
    ) -> Result<(Self, u64), TupleError> {
        let mut left_out = 0;
        let allowed = tuples.into_iter().filter(|tuple| {
            let is_allowed = plan.accepts(tuple).is_ok();
            left_out += u64::from(!is_allowed);
            is_allowed
        });
        let loaded = Self::load(Arc::clone(plan), allowed)?;
        Ok((loaded, left_out))
    }

    /// The same tuples under other namespaces, with all changes put into the base. Fails at the
    /// first tuple that they do not allow.
    pub fn rebuilt(&self, plan: Arc<Plan>) -> Result<Self, TupleError> {
        Self::load(plan, self.tuples())
    }

    /// How many tuples changed since the base was made. Each costs a little, at changes more than at
    /// questions: [`Snapshot::rebuilt`] when there are some thousands.
    pub fn changes(&self) -> usize {
        self.delta.changes()
    }

    /// How many tuples there are.
    pub fn len(&self) -> usize {
        self.delta.count(&self.base)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how many bytes the base takes.
    pub fn bytes(&self) -> usize {
        self.base.bytes()
    }

    /// What the namespaces compile to.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Every tuple, also those that have expired.
    pub fn tuples(&self) -> impl Iterator<Item = Tuple> + '_ {
        let sets = (0..).take(self.plan.edge_sets().len()).map(EdgeSetId);
        sets.flat_map(move |edges| {
            let objects = self.delta.objects(&self.base, edges);
            objects.into_iter().flat_map(move |object| {
                let row = self.forward(edges, object).iter();
                row.map(move |(subject, condition)| self.tuple(edges, object, subject, condition))
            })
        })
    }

    pub(crate) fn tuple(
        &self,
        edges: EdgeSetId,
        object: u32,
        subject: u32,
        condition: u32,
    ) -> Tuple {
        let set = self.plan.edge_set(edges);
        let condition = self.condition(condition);
        let caveat = condition.and_then(|condition| condition.caveat.as_ref());
        Tuple {
            resource: Object {
                namespace: self.plan.types()[set.resources.index()].name.clone(),
                id: self.name(set.resources, object).to_owned(),
            },
            relation: self.plan.node(set.relation).name.clone(),
            subject: self.subject(set.kind, set.subjects, subject),
            caveat: caveat.map(|(id, context)| {
                (self.plan.caveat(*id).name().to_owned(), Map::clone(context))
            }),
            expires_at: condition.and_then(|condition| condition.expires_at),
        }
    }

    fn subject(&self, kind: SubjectKind, of: TypeId, subject: u32) -> Subject {
        let (id, relation) = match kind {
            SubjectKind::Object(_) => (self.name(of, subject), None),
            SubjectKind::Everyone(_) => (WILDCARD, None),
            SubjectKind::Userset(node) => {
                let relation = self.plan.node(node).name.clone();
                (self.name(of, subject), Some(relation))
            }
        };
        Subject {
            namespace: self.plan.types()[of.index()].name.clone(),
            id: id.to_owned(),
            relation,
        }
    }

    /// The number of an object that any tuple names, or ever named.
    pub(crate) fn id(&self, of: TypeId, name: &str) -> Option<u32> {
        self.delta.id(&self.base, of, name)
    }

    pub(crate) fn kept_closures(&self) -> &KeptClosures {
        &self.closures
    }

    /// How many objects of a type have numbers.
    pub(crate) fn count(&self, of: TypeId) -> u32 {
        self.delta.names(&self.base, of)
    }

    /// How many of them are numbered in the order of their names.
    pub(crate) fn base_count(&self, of: TypeId) -> u32 {
        self.base.names[of.index()].len()
    }

    /// The first of those whose name comes after `name`.
    pub(crate) fn first_after(&self, of: TypeId, name: &str) -> u32 {
        self.base.names[of.index()].first_after(name)
    }

    pub(crate) fn name(&self, of: TypeId, number: u32) -> &str {
        self.delta.name(&self.base, of, number)
    }

    /// The subjects of an object.
    pub(crate) fn forward(&self, edges: EdgeSetId, object: u32) -> Row<'_> {
        self.delta.forward(&self.base, edges, object)
    }

    /// The objects of a subject.
    pub(crate) fn reverse(&self, edges: EdgeSetId, subject: u32) -> Row<'_> {
        self.delta.reverse(&self.base, edges, subject)
    }

    /// What a tuple depends on; nothing for 0.
    pub(crate) fn condition(&self, number: u32) -> Option<&Condition> {
        self.delta.condition(&self.base, number)
    }
}
