use assay_reconciler::spec::admin_key::KeyHash;

use crate::{
    clock::Clock,
    crypto::password::Passwords,
    generation::{Actor, Engine},
    store::Store,
};

/// Someone at work on an installation: what may be done is in the methods, beside their requests.
#[derive(Clone, Debug)]
pub struct Administration {
    pub(super) engine: Engine,
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) passwords: Passwords,
    pub(super) actor: Actor,
    pub(super) acting_key: Option<KeyHash>,
}

impl Administration {
    /// `actor` at work.
    pub fn new(
        engine: Engine,
        store: Store,
        clock: Clock,
        passwords: Passwords,
        actor: Actor,
    ) -> Self {
        Self {
            engine,
            store,
            clock,
            passwords,
            actor,
            acting_key: None,
        }
    }

    /// Who is at work.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The same with an admin key, which is then not taken away unasked.
    #[must_use]
    pub fn with_key(mut self, key: KeyHash) -> Self {
        self.acting_key = Some(key);
        self
    }
}
