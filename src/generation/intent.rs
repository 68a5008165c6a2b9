//! What someone wants the configuration to be, and the plan that makes it so.

use std::collections::BTreeSet;

use assay_reconciler::{
    diff::{DesiredState, Generation, ObservedState, Owner, Ownership, Plan},
    kind::Kind,
    object::ObjectKey,
    spec::ModuleName,
};

use super::{errors::ApplyError, observe, rollback};
use crate::store::Tx;

/// What someone wants the configuration to be.
pub(super) enum Intent {
    /// What a set of manifests says.
    Manifests(DesiredState),
    /// Single objects, changed by hand.
    ByHand {
        owner: Owner,
        upserts: DesiredState,
        deletes: Vec<ObjectKey>,
    },
    /// The first objects of an empty database.
    Seed(DesiredState),
    /// What an earlier generation was.
    Rollback(Generation),
}

impl Intent {
    /// What the audit log calls it.
    pub(super) const fn action(&self) -> &'static str {
        match self {
            Intent::Manifests(_) | Intent::ByHand { .. } => "config.apply",
            Intent::Seed(_) => "config.seed",
            Intent::Rollback(_) => "config.rollback",
        }
    }

    /// What is to do to make it true.
    pub(super) async fn plan(
        &self,
        tx: &mut Tx,
        observed: &mut ObservedState,
        ownership: Ownership,
    ) -> Result<Plan, ApplyError> {
        match self {
            Intent::Manifests(desired) => plan_of(tx, observed, desired, ownership).await,
            Intent::ByHand {
                owner,
                upserts,
                deletes,
            } => {
                let missing = deletes
                    .iter()
                    .find(|key| !observed.objects.contains_key(key));
                if let Some(key) = missing {
                    return Err(ApplyError::NotFound(key.clone()));
                }
                observe::load(tx, observed, &keys_by_hand(observed, upserts, deletes)).await?;
                let plan = Plan::by_hand(observed, owner.clone(), upserts, deletes, ownership)?;
                Ok(plan)
            }
            Intent::Seed(seed) => {
                let plan = Plan::by_hand(observed, Owner::Boot, seed, &[], ownership)?;
                Ok(plan)
            }
            Intent::Rollback(to) => rollback::plan(tx, observed, *to).await,
        }
    }
}

/// What is to do to make the manifests true.
pub(super) async fn plan_of(
    tx: &mut Tx,
    observed: &mut ObservedState,
    desired: &DesiredState,
    ownership: Ownership,
) -> Result<Plan, ApplyError> {
    let mut keys = observed.keys_to_load(desired, ownership.prune);
    // Whether one is left that may change the configuration depends on all of them.
    let admin_keys = observed.objects.keys();
    keys.extend(admin_keys.filter(|key| key.kind == Kind::AdminKey).cloned());
    observe::load(tx, observed, &keys).await?;
    Ok(Plan::between(observed, desired, ownership)?)
}

/// What [`Plan::by_hand`] must see: what is touched, and what the outcome depends on beyond that.
fn keys_by_hand(
    observed: &ObservedState,
    upserts: &DesiredState,
    deletes: &[ObjectKey],
) -> Vec<ObjectKey> {
    let touched: BTreeSet<&ObjectKey> = upserts.objects.keys().chain(deletes).collect();
    let mut whole_kinds: BTreeSet<Kind> = touched
        .iter()
        .map(|key| key.kind)
        .filter(|kind| *kind != Kind::OidcClient)
        .collect();
    whole_kinds.insert(Kind::Module);
    if touched
        .iter()
        .any(|key| key.kind == Kind::Module && key.name == ModuleName::Jwt.name())
    {
        whole_kinds.insert(Kind::OidcClient);
    }
    observed
        .objects
        .keys()
        .filter(|key| whole_kinds.contains(&key.kind) || touched.contains(key))
        .cloned()
        .collect()
}
