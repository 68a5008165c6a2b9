//! What signing keys and root keys have in common: changes that are counted, settings, an end.

use assay_reconciler::{
    kind::Kind,
    spec::{ModuleName, ModuleSettings},
};

use super::{documents, signing_keys::KeyError};
use crate::{
    clock::UnixMillis,
    store::{Store, StoreError, Tx, execute, fetch_one},
};

/// Counts a change. Comes first in a transaction: whoever holds this row has its turn.
pub(super) async fn touch(tx: &mut Tx, topic: &'static str) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO revisions (topic, value) VALUES ($1, 1)
         ON CONFLICT (topic) DO UPDATE SET value = revisions.value + 1",
        topic
    )
    .map(drop)
}

/// What is configured of a module now; `None` if nobody has said anything of it.
pub(super) async fn settings_of(
    tx: &mut Tx,
    module: ModuleName,
) -> Result<Option<ModuleSettings>, KeyError> {
    let documents = documents::named(tx, Kind::Module, &[module.name()]).await?;
    let Some(document) = documents.first() else {
        return Ok(None);
    };
    Ok(Some(document.module()?.1.settings))
}

/// Retired keys whose last token has expired at the moment `$1`.
pub(super) struct Expired {
    pub(super) topic: &'static str,
    /// Counts them.
    pub(super) count: &'static str,
    /// Removes them.
    pub(super) delete: &'static str,
}

impl Expired {
    /// Forgets them; gives how many. Where there are none, nothing is written.
    pub(super) async fn reap(&self, store: &Store, now: UnixMillis) -> Result<u64, StoreError> {
        let (expired,) = fetch_one!(store, (i64,), self.count, now)?;
        if expired == 0 {
            return Ok(0);
        }
        let mut tx = store.begin().await?;
        touch(&mut tx, self.topic).await?;
        let gone = execute!(&mut tx, self.delete, now)?;
        tx.notify_change().await?;
        tx.commit().await?;
        Ok(gone)
    }
}
