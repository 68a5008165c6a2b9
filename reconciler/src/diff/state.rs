//! What there should be, and what there is.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZero,
    sync::Arc,
    thread,
};

use sha2::{Digest as _, Sha256};

use super::{Generation, Owner, PlanError, SetName};
use crate::{
    kind::Kind,
    object::{Object, ObjectKey, hex},
    secret::{SecretError, SecretSealer},
    spec::ModuleName,
};

/// What one set of manifests says there should be. Secrets are in their stored form.
#[derive(Clone, Debug)]
pub struct DesiredState {
    /// The set.
    pub set: SetName,
    /// The objects, each once, with its hash.
    pub objects: BTreeMap<ObjectKey, (Arc<Object>, String)>,
    /// Lower-case hex SHA-256 over keys and hashes: the same content, the same digest, whatever
    /// the order of files and documents.
    pub digest: String,
}

/// Fewer objects than this are hashed before a thread for them has started.
const WORTH_A_THREAD: usize = 512;

impl DesiredState {
    /// The state that `objects` describe. Of two objects with one key the later wins; validation
    /// has refused such a pair before.
    ///
    /// # Errors
    /// As [`Object::hash`].
    pub fn new(set: SetName, objects: Vec<Object>) -> Result<Self, serde_json::Error> {
        Self::prepared(set, objects, |_| Ok(()))
    }

    /// The same, with every secret brought into its stored form.
    ///
    /// # Errors
    /// A secret that was not read, or a hash where the secret must be recovered; and as
    /// [`Object::hash`].
    pub fn sealed(
        set: SetName,
        objects: Vec<Object>,
        sealer: &(dyn SecretSealer + Sync),
    ) -> Result<Self, SealError> {
        Self::prepared(set, objects, |object| {
            object
                .seal_secrets(sealer)
                .map_err(|source| SealError::Secret {
                    key: object.key(),
                    source,
                })
        })
    }

    fn prepared<E: From<serde_json::Error> + Send>(
        set: SetName,
        mut objects: Vec<Object>,
        prepare: impl Fn(&mut Object) -> Result<(), E> + Sync,
    ) -> Result<Self, E> {
        let hash_all = |objects: &mut [Object]| {
            let hash = |object: &mut Object| {
                prepare(object)?;
                Ok(object.hash()?)
            };
            objects.iter_mut().map(hash).collect::<Result<Vec<_>, E>>()
        };
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let share = objects.len().div_ceil(threads).max(WORTH_A_THREAD);
        let hashes = thread::scope(|scope| {
            let mut shares = objects.chunks_mut(share);
            let first = shares.next().unwrap_or_default();
            let others: Vec<_> = shares
                .map(|share| scope.spawn(|| hash_all(share)))
                .collect();
            let mut hashes = hash_all(first)?;
            for other in others {
                match other.join() {
                    Ok(more) => hashes.append(&mut more?),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            Ok::<_, E>(hashes)
        })?;
        let by_key: BTreeMap<_, _> = objects
            .into_iter()
            .zip(hashes)
            .map(|(object, hash)| (object.key(), (Arc::new(object), hash)))
            .collect();
        let mut digest = Sha256::new();
        for (key, (_, hash)) in &by_key {
            digest.update(key.kind.name());
            digest.update("/");
            digest.update(&key.name);
            digest.update(" ");
            digest.update(hash);
            digest.update("\n");
        }
        Ok(Self {
            set,
            objects: by_key,
            digest: hex(&digest.finalize()),
        })
    }
}

/// A desired state that cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A secret that cannot be brought into its stored form.
    #[error("{key}: {source}")]
    Secret {
        /// Whose.
        key: ObjectKey,
        /// Why.
        source: SecretError,
    },
    /// As [`Object::hash`].
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// One object in the database.
#[derive(Clone, Debug)]
pub struct ObservedObject {
    /// Survives a rename.
    pub id: String,
    /// Who owns it.
    pub owner: Owner,
    /// The hash it was stored with.
    pub hash: String,
    /// The object itself. Left out where the hash alone tells that nothing changed.
    pub object: Option<Object>,
}

/// Everything in the database.
#[derive(Clone, Debug, Default)]
pub struct ObservedState {
    /// The generation it was read at.
    pub generation: Generation,
    /// All objects, of every owner.
    pub objects: BTreeMap<ObjectKey, ObservedObject>,
}

impl ObservedObject {
    /// The object.
    ///
    /// # Errors
    /// It was left out.
    pub(super) fn loaded(&self, key: &ObjectKey) -> Result<&Object, PlanError> {
        self.object
            .as_ref()
            .ok_or_else(|| PlanError::NotLoaded(key.clone()))
    }
}

impl ObservedState {
    /// The keys whose [`ObservedObject::object`] a plan for `desired` needs: what differs in hash,
    /// what would be pruned, what would be renamed; every `Module`; and, where the plan may change
    /// what others depend on, everything that a look at the whole outcome needs (all namespaces,
    /// admin keys or clients).
    pub fn keys_to_load(&self, desired: &DesiredState, prune: bool) -> Vec<ObjectKey> {
        let owner = Owner::Set(desired.set.clone());
        let renamed: BTreeSet<ObjectKey> = desired
            .objects
            .values()
            .filter_map(|(object, _)| {
                let name = object.moved_from()?.to_owned();
                Some(ObjectKey {
                    kind: object.kind(),
                    name,
                })
            })
            .collect();
        let is_needed = |key: &ObjectKey, found: &ObservedObject| match desired.objects.get(key) {
            Some((_, hash)) => *hash != found.hash || found.owner != owner,
            None => (prune && found.owner == owner) || renamed.contains(key),
        };

        let mut whole_kinds = BTreeSet::from([Kind::Module]);
        let needed = self.objects.iter().filter(|(key, o)| is_needed(key, o));
        let made = desired
            .objects
            .keys()
            .filter(|key| !self.objects.contains_key(key));
        for key in needed.map(|(key, _)| key).chain(made) {
            match key.kind {
                Kind::ZanzibarNamespace | Kind::AdminKey => whole_kinds.insert(key.kind),
                // Whether every client can still be given the tokens it wants.
                Kind::Module if key.name == ModuleName::Jwt.name() => {
                    whole_kinds.insert(Kind::OidcClient)
                }
                _ => continue,
            };
        }
        self.objects
            .iter()
            .filter(|(key, found)| {
                is_needed(key, found)
                    || (whole_kinds.contains(&key.kind)
                        // The manifests say what unchanged ones of the set are, which is enough
                        // for the many; guards look at what the database holds of the few.
                        && (matches!(key.kind, Kind::Module | Kind::AdminKey)
                            || !desired.objects.contains_key(key)))
            })
            .map(|(key, _)| key.clone())
            .collect()
    }
}
