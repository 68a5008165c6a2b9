//! The live configuration as objects.

use assay_reconciler::{
    diff::{Owner, SetName},
    kind::Kind,
    object::Object,
};

use super::{Engine, documents, errors::ApplyError};

impl Engine {
    /// Every object with its owner, by kind and name; only what `set` owns, if given.
    pub async fn export(&self, set: Option<&SetName>) -> Result<Vec<(Object, Owner)>, ApplyError> {
        let wanted = set.cloned().map(Owner::Set);
        let mut tx = self.store.begin_read().await?;
        let mut objects = Vec::new();
        for kind in Kind::ALL {
            for document in documents::all(&mut tx, kind).await? {
                let owner = document.owner(kind)?;
                if wanted.as_ref().is_none_or(|wanted| *wanted == owner) {
                    objects.push((document.decode(kind)?, owner));
                }
            }
        }
        tx.rollback().await?;
        Ok(objects)
    }
    /// Every object of one kind with its owner, by name.
    pub async fn objects_of(&self, kind: Kind) -> Result<Vec<(Object, Owner)>, ApplyError> {
        let mut tx = self.store.begin_read().await?;
        let mut objects = Vec::new();
        for document in documents::all(&mut tx, kind).await? {
            objects.push((document.decode(kind)?, document.owner(kind)?));
        }
        tx.rollback().await?;
        Ok(objects)
    }
}
