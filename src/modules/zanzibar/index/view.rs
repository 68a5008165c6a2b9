use std::sync::Arc;

use assay_permissions::Snapshot;

use super::{Namespaces, Revision};
use crate::{crypto::Keyring, generation::Generation};

/// The tuples of one revision under the namespaces of one generation.
#[derive(Debug)]
pub struct View {
    /// The newest generation that has these namespaces, as far as this server knows.
    pub(in crate::modules::zanzibar) generation: Generation,
    /// The namespaces.
    pub(in crate::modules::zanzibar) namespaces: Arc<Namespaces>,
    /// The revision.
    pub(in crate::modules::zanzibar) revision: i64,
    /// The tuples.
    pub snapshot: Snapshot,
    /// Which base the snapshot has: views of one base share nearly everything.
    pub(super) base: u64,
    /// What stands for this view with clients.
    pub token: String,
}

impl View {
    pub(super) fn new(
        generation: Generation,
        namespaces: Arc<Namespaces>,
        revision: i64,
        snapshot: Snapshot,
        base: u64,
        keyring: &Keyring,
    ) -> Self {
        let token = Revision {
            number: revision,
            generation,
            namespaces: namespaces.hash,
        };
        Self {
            token: token.sign(keyring),
            generation,
            namespaces,
            revision,
            snapshot,
            base,
        }
    }

    /// The same in a later generation.
    pub(super) fn in_generation(&self, generation: Generation, keyring: &Keyring) -> Self {
        Self::new(
            generation,
            Arc::clone(&self.namespaces),
            self.revision,
            self.snapshot.clone(),
            self.base,
            keyring,
        )
    }

    /// What stands for another revision under the same namespaces.
    pub(in crate::modules::zanzibar) fn token_of(
        &self,
        revision: i64,
        keyring: &Keyring,
    ) -> String {
        if revision == self.revision {
            return self.token.clone();
        }
        Revision {
            number: revision,
            generation: self.generation,
            namespaces: self.namespaces.hash,
        }
        .sign(keyring)
    }
}
