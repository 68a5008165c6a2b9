//! How a generation is made. Everything that changes the configuration goes this one way.

use std::time::Duration;

use assay_reconciler::{
    diff::{DesiredState, Generation, ObservedState, Owner, Ownership, Plan, SetName, render},
    object::{Object, ObjectKey},
    spec::admin_key::KeyHash,
};

use futures_util::future::BoxFuture;

use super::{
    Engine, ended,
    errors::ApplyError,
    intent::Intent,
    observe, orphans,
    record::{self, Actor, Source},
    write,
};
use crate::store::{StoreError, Tx};

/// What is written in the same transaction as a generation, after its documents, beside them.
pub trait Beside: Send + Sync {
    /// Writes it; `false` if that cannot be, and then nothing is changed at all. Called once more
    /// when the attempt is.
    fn write<'a>(&'a self, tx: &'a mut Tx) -> BoxFuture<'a, Result<bool, StoreError>>;
}

/// How long an applier waits for those before it.
const TURN: Duration = Duration::from_secs(30);
/// How often an attempt that collided with another writer is made.
const ATTEMPTS: u32 = 8;

/// How to apply, and in whose name.
#[derive(Clone, Debug)]
pub struct ApplyOptions {
    /// What may happen to objects that are not named, or not the set's own.
    pub ownership: Ownership,
    /// Do all of it, and undo it.
    pub dry_run: bool,
    /// Do what the guards ask about.
    pub yes: bool,
    /// The generation a saved plan was made against.
    pub expected_base: Option<Generation>,
    /// The digest of the manifests a saved plan was made from.
    pub expected_digest: Option<String>,
    /// Who does it.
    pub actor: Actor,
    /// Where the manifests come from.
    pub source: Source,
    /// The admin key in use, which is not deleted without being asked.
    pub acting_key: Option<KeyHash>,
}

impl ApplyOptions {
    /// Changes what is one's own and asks before anything drastic.
    pub fn new(actor: Actor) -> Self {
        Self {
            ownership: Ownership::default(),
            dry_run: false,
            yes: false,
            expected_base: None,
            expected_digest: None,
            actor,
            source: Source::default(),
            acting_key: None,
        }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// There is a new generation.
    Applied,
    /// There was nothing to do.
    Unchanged,
    /// There would have been a new generation.
    DryRun,
}

/// A configuration change that went through.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The generation that holds now, or would hold.
    pub generation: Generation,
    /// What was to do.
    pub plan: Plan,
    /// Whether it was done.
    pub outcome: Outcome,
}

impl Engine {
    /// Makes the manifests' configuration the current one: all of it, in one transaction, or nothing.
    pub async fn apply(
        &self,
        desired: DesiredState,
        options: ApplyOptions,
    ) -> Result<Applied, ApplyError> {
        self.carry_out(&Intent::Manifests(desired), &options, None)
            .await
    }

    /// Changes single objects in the name of `owner`, as the admin API and the commands that switch
    /// by hand do: on the same way and with the same guards as [`Engine::apply`].
    pub async fn apply_as(
        &self,
        owner: Owner,
        upserts: Vec<Object>,
        deletes: Vec<ObjectKey>,
        options: ApplyOptions,
    ) -> Result<Applied, ApplyError> {
        let intent = Intent::ByHand {
            owner,
            upserts: self.desired(SetName::default(), upserts)?,
            deletes,
        };
        self.carry_out(&intent, &options, None).await
    }

    /// [`Engine::apply_as`] for one object, and something else with it or nothing at all.
    pub async fn apply_with(
        &self,
        owner: Owner,
        object: Object,
        beside: &dyn Beside,
        options: ApplyOptions,
    ) -> Result<Applied, ApplyError> {
        let intent = Intent::ByHand {
            owner,
            upserts: self.desired(SetName::default(), vec![object])?,
            deletes: Vec::new(),
        };
        self.carry_out(&intent, &options, Some(beside)).await
    }

    /// Makes a new generation with the content of an earlier one. What people hold stays valid:
    /// objects that are there keep their identity and their present secrets.
    pub async fn rollback(
        &self,
        to: Generation,
        options: ApplyOptions,
    ) -> Result<Applied, ApplyError> {
        self.carry_out(&Intent::Rollback(to), &options, None).await
    }

    /// Gives an empty database its first generation, and leaves any other alone. Servers that start
    /// at once take turns, and all but the first find it done.
    pub async fn seed(
        &self,
        seed: Vec<Object>,
        actor: &Actor,
    ) -> Result<Option<Generation>, ApplyError> {
        if self.current().await? > Generation(0) {
            return Ok(None);
        }
        let intent = Intent::Seed(self.desired(SetName::default(), seed)?);
        let options = ApplyOptions {
            expected_base: Some(Generation(0)),
            ..ApplyOptions::new(actor.clone())
        };
        match self.carry_out(&intent, &options, None).await {
            Ok(applied) if applied.outcome == Outcome::Applied => Ok(Some(applied.generation)),
            Ok(_) | Err(ApplyError::Stale { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn carry_out(
        &self,
        intent: &Intent,
        options: &ApplyOptions,
        beside: Option<&dyn Beside>,
    ) -> Result<Applied, ApplyError> {
        let mut attempt = 1;
        loop {
            match self.attempt(intent, options, beside).await {
                // Someone wrote what this read, such as a sign-in by a client that goes.
                Err(error) if error.is_serialization_failure() && attempt < ATTEMPTS => {
                    tracing::debug!(attempt, %error, "trying once more");
                    tokio::time::sleep(Duration::from_millis(10 << attempt)).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn attempt(
        &self,
        intent: &Intent,
        options: &ApplyOptions,
        beside: Option<&dyn Beside>,
    ) -> Result<Applied, ApplyError> {
        let mut tx = self.store.begin_strict(TURN).await?;
        let mut observed = observe::observe(&mut tx).await?;
        refuse_stale(&mut tx, intent, options, observed.generation).await?;
        let mut plan = intent
            .plan(&mut tx, &mut observed, options.ownership)
            .await?;
        refuse_unasked(&plan, &observed, options)?;
        if plan.is_empty() {
            tx.rollback().await?;
            return Ok(Applied {
                generation: plan.base,
                plan,
                outcome: Outcome::Unchanged,
            });
        }

        let generation = plan.base.next();
        let now = self.clock.now();
        let namespaces = orphans::before(&mut tx, &plan).await?;
        ended::count(&mut tx, &mut plan, now).await?;
        ended::end(&mut tx, &plan).await?;
        for (kind, writes) in write::planned(&plan, &self.keyring, now)? {
            write::write(&mut tx, kind, &writes, generation, now).await?;
        }
        orphans::refuse(&mut tx, namespaces.as_ref(), now).await?;
        if let Some(beside) = beside
            && !beside.write(&mut tx).await?
        {
            return Err(ApplyError::Declined);
        }
        let ApplyOptions { actor, source, .. } = options;
        record::generation(&mut tx, &plan, generation, actor, source, now).await?;
        record::audit(
            &mut tx,
            intent.action(),
            &plan,
            generation,
            actor,
            source,
            now,
        )
        .await?;
        tx.notify_change().await?;

        if options.dry_run {
            tx.rollback().await?;
            return Ok(Applied {
                generation,
                plan,
                outcome: Outcome::DryRun,
            });
        }
        tx.commit().await?;
        tracing::info!(%generation, actor = %options.actor, summary = %render::summary(&plan.summary()), "applied");
        Ok(Applied {
            generation,
            plan,
            outcome: Outcome::Applied,
        })
    }
}

fn refuse_unasked(
    plan: &Plan,
    observed: &ObservedState,
    options: &ApplyOptions,
) -> Result<(), ApplyError> {
    if options.yes {
        return Ok(());
    }
    let guards = plan.guards(observed, options.acting_key.as_ref());
    if guards.is_empty() {
        Ok(())
    } else {
        Err(ApplyError::NeedsYes(guards))
    }
}

async fn refuse_stale(
    tx: &mut Tx,
    intent: &Intent,
    options: &ApplyOptions,
    current: Generation,
) -> Result<(), ApplyError> {
    if let Some(planned) = options.expected_base
        && planned != current
        && (planned > current || record::is_configuration_newer_than(tx, planned).await?)
    {
        return Err(ApplyError::Stale { planned, current });
    }
    if let (Some(planned), Intent::Manifests(desired)) = (&options.expected_digest, intent)
        && *planned != desired.digest
    {
        return Err(ApplyError::OtherManifests {
            planned: planned.clone(),
            current: desired.digest.clone(),
        });
    }
    Ok(())
}
