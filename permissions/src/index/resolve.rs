//! From the names of a tuple to the numbers of a plan.

use std::sync::Arc;

use assay_reconciler::namespace::{SubjectForm, SubjectType};

use super::Condition;
use crate::{
    plan::{EdgeSet, EdgeSetId, Plan, Rule, SubjectKind, TypeId},
    tuple::{Tuple, TupleError, WILDCARD, is_id},
};

/// Where a tuple belongs.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) edges: EdgeSetId,
    pub(super) resources: TypeId,
    pub(super) subjects: TypeId,
    pub(super) is_everyone: bool,
    pub(super) condition: Option<Condition>,
}

/// The edge set of a tuple, whatever it depends on.
pub(super) fn place(plan: &Plan, tuple: &Tuple) -> Result<Resolved, TupleError> {
    let namespace = |name: &str| {
        plan.type_id(name).ok_or_else(|| TupleError::Namespace {
            tuple: tuple.to_string(),
            namespace: name.to_owned(),
        })
    };
    let resources = namespace(&tuple.resource.namespace)?;
    let subjects = namespace(&tuple.subject.namespace)?;
    let relation = |of: TypeId, of_name: &str, name: &str| {
        plan.node_id(of, name).ok_or_else(|| TupleError::Relation {
            tuple: tuple.to_string(),
            namespace: of_name.to_owned(),
            relation: name.to_owned(),
        })
    };
    let node = relation(resources, &tuple.resource.namespace, &tuple.relation)?;
    if !matches!(plan.node(node).rule, Rule::Relation(_)) {
        return Err(TupleError::Permission {
            tuple: tuple.to_string(),
            permission: tuple.relation.clone(),
        });
    }
    let kind = match &tuple.subject.relation {
        Some(name) => SubjectKind::Userset(relation(subjects, &tuple.subject.namespace, name)?),
        None if tuple.subject.id == WILDCARD => SubjectKind::Everyone(subjects),
        None => SubjectKind::Object(subjects),
    };
    let is_everyone = matches!(kind, SubjectKind::Everyone(_));
    let is_wild = |id: &str| id == WILDCARD;
    if is_wild(&tuple.resource.id)
        || (is_wild(&tuple.subject.id) && !is_everyone)
        || !is_id(&tuple.resource.id)
        || !is_id(&tuple.subject.id)
    {
        return Err(TupleError::Id {
            tuple: shortened(tuple),
        });
    }
    let edges = plan
        .edges_of(node, kind)
        .ok_or_else(|| subject(plan, tuple))?;
    Ok(Resolved {
        edges,
        resources,
        subjects,
        is_everyone,
        condition: None,
    })
}

/// The edge set of a tuple, and what it depends on, where the namespaces allow that.
pub(super) fn resolve(plan: &Plan, tuple: &Tuple) -> Result<Resolved, TupleError> {
    let mut resolved = place(plan, tuple)?;
    let set = plan.edge_set(resolved.edges);
    let caveat = match &tuple.caveat {
        None => None,
        Some((name, _)) => Some(plan.caveat_id(name).ok_or_else(|| subject(plan, tuple))?),
    };
    if !set.traits.contains(&(caveat, tuple.expires_at.is_some())) {
        return Err(subject(plan, tuple));
    }
    let mut condition = Condition {
        caveat: None,
        expires_at: tuple.expires_at,
    };
    if let (Some(id), Some((_, context))) = (caveat, &tuple.caveat) {
        plan.caveat(id)
            .accepts(context)
            .map_err(|error| TupleError::Context {
                tuple: tuple.to_string(),
                error,
            })?;
        condition.caveat = Some((id, Arc::new(context.clone())));
    }
    if condition.caveat.is_some() || condition.expires_at.is_some() {
        resolved.condition = Some(condition);
    }
    Ok(resolved)
}

impl Plan {
    /// Whether the namespaces allow a tuple.
    pub fn accepts(&self, tuple: &Tuple) -> Result<(), TupleError> {
        resolve(self, tuple).map(drop)
    }

    /// Whether the namespaces have the relation of a tuple and can hold its subject there, whatever
    /// the tuple depends on: all that matters where one is taken out.
    pub fn places(&self, tuple: &Tuple) -> Result<(), TupleError> {
        place(self, tuple).map(drop)
    }
}

fn subject(plan: &Plan, tuple: &Tuple) -> TupleError {
    let form = match &tuple.subject.relation {
        Some(relation) => SubjectForm::Userset(relation.clone()),
        None if tuple.subject.id == WILDCARD => SubjectForm::Wildcard,
        None => SubjectForm::Object,
    };
    let written = SubjectType {
        namespace: tuple.subject.namespace.clone(),
        form,
        caveat: tuple.caveat.as_ref().map(|(name, _)| name.clone()),
        expiration: tuple.expires_at.is_some(),
    };
    let node = plan
        .type_id(&tuple.resource.namespace)
        .and_then(|of| plan.node_id(of, &tuple.relation));
    let sets = match node.map(|node| &plan.node(node).rule) {
        Some(Rule::Relation(sets)) => sets.as_slice(),
        _ => &[],
    };
    let allowed: Vec<String> = sets
        .iter()
        .flat_map(|edges| types(plan, plan.edge_set(*edges)))
        .map(|of| format!("`{of}`"))
        .collect();
    TupleError::Subject {
        tuple: tuple.to_string(),
        relation: tuple.relation.clone(),
        subject: written.to_string(),
        allowed: allowed.join(", "),
    }
}

/// As the relation's manifest has them.
fn types<'a>(plan: &'a Plan, set: &'a EdgeSet) -> impl Iterator<Item = SubjectType> + 'a {
    set.traits
        .iter()
        .map(move |(caveat, expiration)| SubjectType {
            namespace: plan.types()[set.subjects.index()].name.clone(),
            form: match set.kind {
                SubjectKind::Object(_) => SubjectForm::Object,
                SubjectKind::Everyone(_) => SubjectForm::Wildcard,
                SubjectKind::Userset(node) => SubjectForm::Userset(plan.node(node).name.clone()),
            },
            caveat: caveat.map(|id| plan.caveat(id).name().to_owned()),
            expiration: *expiration,
        })
}

/// An id that is wrong may be very long.
fn shortened(tuple: &Tuple) -> String {
    let text: String = tuple.to_string().chars().take(200).collect();
    text.escape_debug().to_string()
}
