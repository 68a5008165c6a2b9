//! Reads all tuples from the database.

use std::sync::{Arc, mpsc};

use assay_permissions::{Plan, Snapshot, TupleError};

use crate::{
    modules::zanzibar::tuples,
    store::{Store, StoreError},
};

/// Tuples read at once.
const PAGE: u32 = 10_000;
/// Pages that may have been read and not taken in yet.
const PAGES: usize = 4;

/// Why they cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// More than an index holds.
    #[error(transparent)]
    Tuples(#[from] TupleError),
    /// The thread that did it is gone.
    #[error("loading the tuples was broken off")]
    BrokenOff,
}

/// All tuples.
#[derive(Debug)]
pub(super) struct Loaded {
    /// Those that the namespaces allow.
    pub(super) snapshot: Snapshot,
    /// How many they do not.
    pub(super) left_out: u64,
    /// The revision.
    pub(super) revision: i64,
}

/// Loads all tuples as of one moment; they are taken in while more are read.
pub(super) async fn load(store: &Store, plan: Arc<Plan>) -> Result<Loaded, LoadError> {
    let (pages, taken) = mpsc::sync_channel::<Vec<tuples::TupleRow>>(PAGES);
    let building = tokio::task::spawn_blocking(move || {
        let mut failed = None;
        let rows = taken.into_iter().flatten();
        let tuples = rows.filter_map(|row| match row.tuple() {
            Ok(tuple) => Some(tuple),
            Err(error) => {
                failed = Some(error);
                None
            }
        });
        let loaded = Snapshot::load_allowed(&plan, tuples)?;
        failed.map_or(Ok(loaded), |error| Err(LoadError::Store(error)))
    });
    let mut tx = store.begin_read().await?;
    let revision = tuples::head(&mut tx).await?.revision;
    let mut after = None;
    loop {
        let page = tuples::all_after(&mut tx, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else {
            break;
        };
        after = Some(last.key.clone());
        let pages = pages.clone();
        // Waits where there are many: not on a thread that serves requests.
        let sent = tokio::task::spawn_blocking(move || pages.send(page).is_ok());
        if !matches!(sent.await, Ok(true)) {
            break;
        }
    }
    drop(pages);
    tx.rollback().await?;
    let (snapshot, left_out) = building.await.map_err(|_| LoadError::BrokenOff)??;
    Ok(Loaded {
        snapshot,
        left_out,
        revision,
    })
}
