//! What must hold across the whole configuration after an apply, whoever owns the parts.

use std::collections::BTreeMap;

use super::{ObservedState, Plan, PlanError, resulting::Resulting, signing};
use crate::{
    kind::Kind,
    modules,
    namespace::{self, Severity},
    object::{Object, ObjectKey, Spec},
    spec::ModuleName,
};

impl Plan {
    /// Refuses an outcome that does not hold together: a module that is on without what it
    /// requires, one that is off and must not be, a client whose tokens nobody can sign or, later,
    /// verify, two
    /// admin keys that are one, namespaces that name what no set declares. `said` as in [`Resulting::of`].
    ///
    /// Only what the plan touches is looked at, so that an old flaw does not stand in the way of
    /// an unrelated change.
    ///
    /// # Errors
    /// The first kind of flaw found, with all of its cases.
    pub fn check<'a>(
        &'a self,
        observed: &'a ObservedState,
        said: impl Fn(&ObjectKey) -> Option<&'a Object>,
    ) -> Result<(), PlanError> {
        if self.changes.is_empty() {
            return Ok(());
        }
        let resulting = Resulting::of(observed, self, said);
        modules_hold(&resulting)?;
        signing::tokens_hold(&resulting)?;
        admin_keys_differ(&resulting)?;
        namespaces_hold(&resulting)
    }
}

fn modules_hold(resulting: &Resulting<'_>) -> Result<(), PlanError> {
    if !resulting.touches(Kind::Module) {
        return Ok(());
    }
    let mut enabled = BTreeMap::new();
    for (key, there) in resulting.of_kind(Kind::Module) {
        if let (Ok(name), Spec::Module(module)) =
            (key.name.parse::<ModuleName>(), &there.loaded(key)?.spec)
        {
            enabled.insert(name, module.enabled);
        }
    }
    let off: Vec<ModuleName> = enabled
        .iter()
        .filter(|(name, is_on)| name.is_always_on() && !**is_on)
        .map(|(name, _)| *name)
        .collect();
    if !off.is_empty() {
        return Err(PlanError::AlwaysOn(off));
    }
    match modules::check(&enabled) {
        broken if broken.is_empty() => Ok(()),
        broken => Err(PlanError::BrokenRequirement(broken)),
    }
}

fn admin_keys_differ(resulting: &Resulting<'_>) -> Result<(), PlanError> {
    if !resulting.touches(Kind::AdminKey) {
        return Ok(());
    }
    let mut seen = BTreeMap::new();
    for (key, there) in resulting.of_kind(Kind::AdminKey) {
        if let Spec::AdminKey(spec) = &there.loaded(key)?.spec
            && let Some(other) = seen.insert(&spec.hash, key)
        {
            return Err(PlanError::SameKey(other.clone(), key.clone()));
        }
    }
    Ok(())
}

/// A set may name the relations of other sets' namespaces, so only the outcome can tell.
fn namespaces_hold(resulting: &Resulting<'_>) -> Result<(), PlanError> {
    if !resulting.touches(Kind::ZanzibarNamespace) {
        return Ok(());
    }
    let mut namespaces = BTreeMap::new();
    for (key, there) in resulting.of_kind(Kind::ZanzibarNamespace) {
        if let Spec::ZanzibarNamespace(spec) = &there.loaded(key)?.spec {
            namespaces.insert(key.name.clone(), spec);
        }
    }
    let mut problems = namespace::check(&namespaces);
    problems.retain(|problem| problem.severity == Severity::Error);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(PlanError::Namespaces(problems))
    }
}
