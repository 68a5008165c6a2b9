//! The way back: a new generation with the content of an earlier one.

use std::collections::{BTreeMap, BTreeSet};

use assay_reconciler::{
    diff::{Generation, ObservedState, Plan, Restored},
    object::Spec,
    spec::{ModuleSettings, ModuleSpec},
};

use super::{
    errors::ApplyError,
    observe,
    revisions::{self, Revision},
};
use crate::store::{Tx, fetch_one};

/// What makes the configuration say again what it said in generation `to`.
///
/// An object that is there keeps its id, and so all that hangs on it, and its secrets: what was rotated
/// since stays rotated.
pub(super) async fn plan(
    tx: &mut Tx,
    observed: &mut ObservedState,
    to: Generation,
) -> Result<Plan, ApplyError> {
    if to < Generation(1) || to > observed.generation {
        return Err(ApplyError::NoSuchGeneration {
            asked: to,
            newest: observed.generation,
        });
    }
    let (digest,) = fetch_one!(
        tx,
        (String,),
        "SELECT digest FROM generations WHERE number = $1",
        to.0
    )?;
    let mut target = Vec::new();
    for revision in revisions::as_of(tx, to).await? {
        target.push(restored(revision)?);
    }
    observe::load_all(tx, observed).await?;
    recognise(&mut target, observed);
    keep_secrets(&mut target, observed)?;
    Ok(Plan::restoring(observed, &target, &digest)?)
}

fn restored(revision: Revision) -> Result<Restored, ApplyError> {
    let kind = revision.kind()?;
    Ok(Restored {
        owner: revision.document.owner(kind)?,
        object: revision.document.decode(kind)?,
        id: revision.document.id,
        hash: revision.document.hash,
    })
}

/// An object that was deleted and made again since has a new id, but is the same object to everyone
/// who knows it by its name; what hangs on it now is kept.
fn recognise(target: &mut [Restored], observed: &ObservedState) {
    let live: BTreeSet<&str> = observed.objects.values().map(|o| o.id.as_str()).collect();
    let claimed: BTreeSet<String> = target.iter().map(|object| object.id.clone()).collect();
    for restored in target {
        if let Some(found) = observed.objects.get(&restored.object.key())
            && !live.contains(restored.id.as_str())
            && !claimed.contains(&found.id)
        {
            restored.id.clone_from(&found.id);
        }
    }
}

/// Puts the secrets that hold now in the place of those that held then.
fn keep_secrets(target: &mut [Restored], observed: &ObservedState) -> Result<(), ApplyError> {
    let live: BTreeMap<&str, &Spec> = observed
        .objects
        .values()
        .filter_map(|found| Some((found.id.as_str(), &found.object.as_ref()?.spec)))
        .collect();
    for restored in target {
        if let Some(now) = live.get(restored.id.as_str())
            && keep_secrets_of(now, &mut restored.object.spec)
        {
            restored.hash = restored.object.hash()?;
        }
    }
    Ok(())
}

/// Whether that changed anything.
fn keep_secrets_of(now: &Spec, then: &mut Spec) -> bool {
    match (now, then) {
        (Spec::OidcClient(now), Spec::OidcClient(then))
            if then.client_secret.is_some()
                && now.client_secret.is_some()
                && (&then.client_secret, &then.previous_client_secret)
                    != (&now.client_secret, &now.previous_client_secret) =>
        {
            then.client_secret.clone_from(&now.client_secret);
            then.previous_client_secret
                .clone_from(&now.previous_client_secret);
            true
        }
        (Spec::UpstreamProvider(now), Spec::UpstreamProvider(then)) => {
            let mut now = now.clone();
            let mut has_changed = false;
            for (at, secret) in then.secrets_mut() {
                let current = now.secrets_mut().find(|(other, _)| *other == at);
                if let Some((_, current)) = current
                    && current != secret
                {
                    secret.clone_from(current);
                    has_changed = true;
                }
            }
            has_changed
        }
        (Spec::Webhook(now), Spec::Webhook(then)) if then.secret != now.secret => {
            then.secret.clone_from(&now.secret);
            true
        }
        (Spec::Module(now), Spec::Module(then)) => keep_secrets_of_module(now, then),
        (Spec::AdminKey(now), Spec::AdminKey(then)) if then.hash != now.hash => {
            then.hash.clone_from(&now.hash);
            true
        }
        _ => false,
    }
}

fn keep_secrets_of_module(now: &ModuleSpec, then: &mut ModuleSpec) -> bool {
    let (ModuleSettings::Mail(now), ModuleSettings::Mail(then)) =
        (&now.settings, &mut then.settings)
    else {
        return false;
    };
    match (&now.smtp, &mut then.smtp) {
        (Some(now), Some(then))
            if then.password.is_some()
                && now.password.is_some()
                && then.password != now.password =>
        {
            then.password.clone_from(&now.password);
            true
        }
        _ => false,
    }
}
