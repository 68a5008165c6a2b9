//! Builds the next snapshot: whole at first, and from then on only what changed.

use std::{collections::HashMap, sync::Arc};

use assay_reconciler::{
    diff::{Generation, Owner},
    kind::Kind,
};

use super::{
    Engine,
    documents::{self, Document},
    errors::{SnapshotError, Undecodable},
    observe, revisions, root_keys,
    signing_keys::{self, SigningKeys},
    snapshot::{Client, Modules, Snapshot},
};
use crate::store::Tx;

impl Engine {
    /// The next snapshot. Only what changed since `previous` is read and decoded; if nothing did, it
    /// is `previous` itself.
    ///
    /// Missing signing keys are made on the way, so whoever holds a snapshot can sign.
    ///
    /// # Errors
    /// A document that this binary cannot read, or a database that is behind `previous`: the caller
    /// goes on serving `previous`.
    pub async fn snapshot(
        &self,
        previous: Option<&Arc<Snapshot>>,
    ) -> Result<Arc<Snapshot>, SnapshotError> {
        let next = self.read(previous).await?;
        let algorithms = signing_keys::algorithms(&next.jwt_settings());
        let covers = next.signing_keys.cover(&algorithms);
        if covers && next.root_keys.active().is_some() {
            return Ok(next);
        }
        if !covers {
            self.ensure_signing_keys(&algorithms).await?;
        }
        self.ensure_root_key().await?;
        self.read(Some(&next)).await
    }

    async fn read(&self, previous: Option<&Arc<Snapshot>>) -> Result<Arc<Snapshot>, SnapshotError> {
        // One view of all tables: what is committed meanwhile is for the next snapshot.
        let mut tx = self.store.begin_read().await?;
        let generation = observe::current(&mut tx).await?;
        let keys_revision = signing_keys::revision(&mut tx, signing_keys::TOPIC).await?;
        let root_keys_revision = signing_keys::revision(&mut tx, root_keys::TOPIC).await?;
        let configuration = match previous {
            Some(previous) if generation < previous.generation => {
                return Err(SnapshotError::Older {
                    serving: previous.generation,
                    found: generation,
                });
            }
            Some(previous) if generation == previous.generation => {
                if keys_revision == previous.keys_revision
                    && root_keys_revision == previous.root_keys_revision
                {
                    return Ok(Arc::clone(previous));
                }
                Snapshot::clone(previous)
            }
            Some(previous) => changed(&mut tx, previous, generation).await?,
            None => whole(&mut tx, generation).await?,
        };
        let before = &configuration.signing_keys;
        let signing_keys = if previous.is_some() && keys_revision == configuration.keys_revision {
            Arc::clone(before)
        } else {
            Arc::new(signing_keys::load(&mut tx, &self.keyring, before).await?)
        };
        let before = &configuration.root_keys;
        let root_keys =
            if previous.is_some() && root_keys_revision == configuration.root_keys_revision {
                Arc::clone(before)
            } else {
                Arc::new(root_keys::load(&mut tx, &self.keyring, before).await?)
            };
        tx.rollback().await?;
        Ok(Arc::new(Snapshot {
            keys_revision,
            root_keys_revision,
            signing_keys,
            root_keys,
            ..configuration
        }))
    }
}

async fn whole(tx: &mut Tx, generation: Generation) -> Result<Snapshot, SnapshotError> {
    let mut snapshot = Snapshot {
        generation,
        keys_revision: 0,
        root_keys_revision: 0,
        clients: Arc::default(),
        admin_keys: Arc::default(),
        admin_keys_by_hash: HashMap::new(),
        upstreams: Arc::default(),
        themes: Arc::default(),
        scopes: Arc::default(),
        webhooks: Arc::default(),
        mail_templates: Arc::default(),
        namespaces: Arc::default(),
        module_rows: HashMap::new(),
        modules: Modules::effective(std::iter::empty()),
        signing_keys: Arc::new(SigningKeys::default()),
        root_keys: Arc::default(),
    };
    for kind in Kind::ALL {
        for document in documents::all(tx, kind).await? {
            put(&mut snapshot, kind, document)?;
        }
    }
    settle(&mut snapshot);
    Ok(snapshot)
}

async fn changed(
    tx: &mut Tx,
    previous: &Snapshot,
    generation: Generation,
) -> Result<Snapshot, SnapshotError> {
    let mut snapshot = Snapshot {
        generation,
        ..previous.clone()
    };
    let revisions = revisions::changed_between(tx, previous.generation, generation).await?;
    // First all of the old, then all of the new: a new object may have the name of an old one.
    for revision in &revisions {
        remove(&mut snapshot, revision.kind()?, &revision.document.id);
    }
    for revision in revisions {
        if !revision.deleted {
            put(&mut snapshot, revision.kind()?, revision.document)?;
        }
    }
    settle(&mut snapshot);
    Ok(snapshot)
}

fn put(snapshot: &mut Snapshot, kind: Kind, document: Document) -> Result<(), Undecodable> {
    match kind {
        Kind::Module => {
            let module = document.module()?;
            snapshot.module_rows.insert(document.id, module);
        }
        Kind::ZanzibarNamespace => {
            Arc::make_mut(&mut snapshot.namespaces).insert(document.configured(kind)?);
        }
        Kind::AdminKey => {
            Arc::make_mut(&mut snapshot.admin_keys).insert(document.configured(kind)?);
        }
        Kind::UpstreamProvider => {
            Arc::make_mut(&mut snapshot.upstreams).insert(document.configured(kind)?);
        }
        Kind::Theme => Arc::make_mut(&mut snapshot.themes).insert(document.configured(kind)?),
        Kind::Scope => Arc::make_mut(&mut snapshot.scopes).insert(document.configured(kind)?),
        Kind::Webhook => Arc::make_mut(&mut snapshot.webhooks).insert(document.configured(kind)?),
        Kind::MailTemplate => {
            Arc::make_mut(&mut snapshot.mail_templates).insert(document.configured(kind)?);
        }
        Kind::OidcClient => Arc::make_mut(&mut snapshot.clients).insert(Client {
            registered_itself: document.owner(kind)? == Owner::Registration,
            spec: document.spec(kind)?,
            uid: document.id,
            name: document.name,
        }),
    }
    Ok(())
}

fn remove(snapshot: &mut Snapshot, kind: Kind, id: &str) {
    match kind {
        Kind::Module => {
            snapshot.module_rows.remove(id);
        }
        Kind::ZanzibarNamespace => Arc::make_mut(&mut snapshot.namespaces).remove(id),
        Kind::AdminKey => Arc::make_mut(&mut snapshot.admin_keys).remove(id),
        Kind::UpstreamProvider => Arc::make_mut(&mut snapshot.upstreams).remove(id),
        Kind::Theme => Arc::make_mut(&mut snapshot.themes).remove(id),
        Kind::Scope => Arc::make_mut(&mut snapshot.scopes).remove(id),
        Kind::Webhook => Arc::make_mut(&mut snapshot.webhooks).remove(id),
        Kind::MailTemplate => Arc::make_mut(&mut snapshot.mail_templates).remove(id),
        Kind::OidcClient => Arc::make_mut(&mut snapshot.clients).remove(id),
    }
}

/// Derives what follows from the documents.
fn settle(snapshot: &mut Snapshot) {
    snapshot.modules = Modules::effective(snapshot.module_rows.values());
    snapshot.admin_keys_by_hash = snapshot
        .admin_keys()
        .into_iter()
        .map(|key| (key.spec.hash.clone(), Arc::clone(key)))
        .collect();
}
