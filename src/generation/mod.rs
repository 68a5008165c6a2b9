//! The engine room: observes the stored documents, applies a plan in one transaction, records the
//! generation, and builds the snapshot that requests are served from. No HTTP.
//!
//! A change goes one way: [`Engine::apply`] (or by hand, or back) makes generation N+1, a server's
//! [`Engine::snapshot`] reads what differs, and [`Publisher`] tells whoever waits that it is served.

mod apply;
mod build;
mod documents;
mod ended;
mod errors;
mod export;
mod history;
mod intent;
mod key_rotation;
mod keys;
mod listed;
mod observe;
mod orphans;
mod publisher;
mod record;
mod replicas;
mod revisions;
mod rollback;
mod root_key_rotation;
mod root_keys;
mod signing_keys;
mod snapshot;
mod stored_form;
mod write;

use std::sync::Arc;

use assay_reconciler::{
    diff::{DesiredState, Guard, Ownership, Plan, SetName},
    object::Object,
    spec::admin_key::KeyHash,
};

pub use assay_reconciler::diff::{Generation, Owner};

pub use self::{
    apply::{Applied, ApplyOptions, Beside, Outcome},
    errors::{ApplyError, SnapshotError, Undecodable},
    history::{GenerationRecord, MAX_RECORDS},
    key_rotation::{KeyState, SigningKeyRecord},
    listed::Listed,
    orphans::Orphans,
    publisher::{NotServing, Publisher},
    record::{Actor, Source},
    replicas::{HEARTBEAT, LIVE, Replica, ReplicaError, ReplicaId},
    root_key_rotation::RootKeyRecord,
    root_keys::{PublishedRootKey, RootKeys},
    signing_keys::{KeyError, SigningKeys},
    snapshot::{
        AdminKey, Client, DeclaredScope, MailTemplate, NamedTheme, Namespace, Snapshot, Upstream,
        Webhook,
    },
};
use crate::{
    clock::Clock,
    crypto::Keyring,
    store::{Store, StoreError, fetch_one},
};

/// Makes generations and reads them. A clone shares the database.
#[derive(Clone, Debug)]
pub struct Engine {
    store: Store,
    keyring: Arc<Keyring>,
    clock: Clock,
}

impl Engine {
    /// The engine of this database, whose schema is in place.
    pub fn new(store: Store, keyring: Arc<Keyring>, clock: Clock) -> Self {
        Self {
            store,
            keyring,
            clock,
        }
    }

    /// The newest generation; 0 on an empty database.
    pub async fn current(&self) -> Result<Generation, StoreError> {
        let (number,) = fetch_one!(
            &self.store,
            (i64,),
            "SELECT COALESCE(MAX(number), 0) FROM generations"
        )?;
        Ok(Generation(number))
    }

    /// What a set of manifests wants, with every secret brought into its stored form.
    ///
    /// # Errors
    /// A secret that was not read, or one that is given as a hash and must be recovered.
    pub fn desired(&self, set: SetName, objects: Vec<Object>) -> Result<DesiredState, ApplyError> {
        Ok(DesiredState::sealed(set, objects, self.keyring.as_ref())?)
    }

    /// What [`Engine::apply`] would do. Takes no lock, so another generation may come in between;
    /// `expected_base` guards against that.
    pub async fn plan(
        &self,
        desired: &DesiredState,
        ownership: Ownership,
    ) -> Result<Plan, ApplyError> {
        let (plan, _) = self.plan_with_guards(desired, ownership, None).await?;
        Ok(plan)
    }

    /// [`Engine::plan`], with what would need `yes` if it came from `acting_key`.
    pub async fn plan_with_guards(
        &self,
        desired: &DesiredState,
        ownership: Ownership,
        acting_key: Option<&KeyHash>,
    ) -> Result<(Plan, Vec<Guard>), ApplyError> {
        let mut tx = self.store.begin_read().await?;
        let mut observed = observe::observe(&mut tx).await?;
        let mut plan = intent::plan_of(&mut tx, &mut observed, desired, ownership).await?;
        ended::count(&mut tx, &mut plan, self.clock.now()).await?;
        tx.rollback().await?;
        let guards = plan.guards(&observed, acting_key);
        Ok((plan, guards))
    }
}

#[cfg(test)]
mod tests;
