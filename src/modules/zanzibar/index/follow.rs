//! Keeps the tuples in memory at what the database has.

use std::{sync::Arc, time::Duration};

use assay_permissions::{Change, Snapshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{
    Inner, Namespaces, Tuples, View, applied,
    load::{LoadError, load},
};
use crate::{
    generation::Generation,
    modules::{Context, zanzibar::tuples},
    store::Store,
};

/// How long to wait before trying again what failed.
const RETRY: Duration = Duration::from_secs(1);
/// Changes of the log that are read at once.
const READ_AT_ONCE: i64 = 20_000;
/// Changes in a row, from which on it is quicker to load everything: one revision may have any number.
const MOST_LOGGED: usize = 100_000;
/// Revisions of which each becomes a view. Of more than these at once, the last alone does.
const VIEWS_AT_ONCE: usize = 64;
/// Changes over a base, from which on a new one is made; more, where there are many tuples.
const MIN_CHANGES: usize = 2_048;
/// And not more than these.
const MAX_CHANGES: usize = 16_384;

/// Follows until it is told to stop.
pub(in crate::modules::zanzibar) async fn run(context: Context, stop: CancellationToken) {
    let tuples = Arc::clone(&context.tuples);
    let following = async {
        loop {
            if let Err(error) = follow(&tuples, &context.store).await {
                tracing::warn!(%error, "the tuples in memory cannot follow the database; trying again");
            }
            tokio::time::sleep(RETRY).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = following => {}
    }
    tuples.clear();
}

/// A base that is being made.
struct Rebuilding {
    generation: Generation,
    namespaces: Arc<Namespaces>,
    revision: i64,
    making: JoinHandle<Result<(Snapshot, u64), LoadError>>,
}

async fn follow(tuples: &Tuples, store: &Store) -> Result<(), LoadError> {
    // Watch first: what is committed after the tuples were read must be noticed.
    let mut watch = store.watch_tuples().await?;
    // What was being made when something failed is made anew.
    tuples.inner().meanwhile = None;
    if tuples.newest().is_none() {
        reload(tuples, store).await?;
    }
    let mut rebuilding: Option<Rebuilding> = None;
    loop {
        if !catch_up(tuples, store).await? {
            tracing::info!("the tuples in memory are too far behind the log; loading them anew");
            rebuilding = None;
            reload(tuples, store).await?;
        }
        if rebuilding.is_none() {
            rebuilding = begin(tuples, store).await?;
        }
        tokio::select! {
            () = watch.changed() => {}
            () = tuples.nudge.notified() => {}
            made = made(rebuilding.as_mut()) => {
                if let Some(begun) = rebuilding.take() {
                    let served = (begun.generation, begun.namespaces);
                    settle(tuples, served, begun.revision, made?);
                }
            }
        }
    }
}

/// Reads everything, under the namespaces that are served now.
pub(super) async fn reload(tuples: &Tuples, store: &Store) -> Result<(), LoadError> {
    let Some((generation, namespaces)) = tuples.wanted() else {
        return Err(LoadError::BrokenOff);
    };
    let began = std::time::Instant::now();
    // What is written here until then is seen by those who wrote it, and stays so.
    tuples.inner().meanwhile = Some(Vec::new());
    let loaded = load(store, Arc::clone(&namespaces.plan)).await?;
    let number = loaded.snapshot.len();
    tracing::info!(tuples = number, took = ?began.elapsed(), "the tuples are loaded");
    tuples.inner().is_incomplete = false;
    settle(
        tuples,
        (generation, namespaces),
        loaded.revision,
        (loaded.snapshot, loaded.left_out),
    );
    Ok(())
}

fn next_base(tuples: &Tuples) -> u64 {
    tuples.newest().map_or(0, |view| view.base + 1)
}

/// A generation with the same namespaces may have come in between.
fn catch_up_generation(tuples: &Tuples, inner: &mut Inner) {
    let wanted = inner.wanted.clone();
    if let (Some((generation, namespaces)), Some(view)) = (wanted, tuples.newest())
        && view.namespaces.hash == namespaces.hash
        && view.generation < generation
    {
        let view = view.in_generation(generation, &tuples.keyring);
        tuples.publish(inner, view);
    }
}

/// Takes over what the log has more. `false` if it does not reach back as far as is
/// needed, or has too much.
async fn catch_up(tuples: &Tuples, store: &Store) -> Result<bool, LoadError> {
    loop {
        let Some(view) = tuples.newest() else {
            return Ok(false);
        };
        let Some(logged) = tuples::logged_after(store, view.revision, READ_AT_ONCE).await? else {
            return Ok(false);
        };
        if logged.is_empty() {
            return Ok(true);
        }
        if logged.len() > MOST_LOGGED {
            return Ok(false);
        }
        let mut revisions: Vec<(i64, Vec<Change>)> = Vec::new();
        for entry in logged {
            match revisions.last_mut() {
                Some((revision, changes)) if *revision == entry.revision => {
                    changes.push(entry.change);
                }
                _ => revisions.push((entry.revision, vec![entry.change])),
            }
        }
        if revisions.len() > VIEWS_AT_ONCE
            && let Some((last, _)) = revisions.last()
        {
            let last = *last;
            let first = view.revision + 1;
            let all = revisions.into_iter().flat_map(|(_, changes)| changes);
            let changes: Arc<[Change]> = all.collect();
            let mut inner = tuples.inner();
            let newest = tuples.newest();
            // What was offered meanwhile is among them, and then they are read once more.
            if newest.is_some_and(|newest| newest.revision + 1 == first) {
                tuples.advance(&mut inner, last, &changes);
            }
            continue;
        }
        for (revision, changes) in revisions {
            let mut inner = tuples.inner();
            if tuples
                .newest()
                .is_some_and(|newest| newest.revision + 1 == revision)
            {
                tuples.advance(&mut inner, revision, &changes.into());
            }
        }
    }
}

/// Begins to make a new base, if one is needed.
async fn begin(tuples: &Tuples, store: &Store) -> Result<Option<Rebuilding>, LoadError> {
    let (Some(view), Some((generation, namespaces))) = (tuples.newest(), tuples.wanted()) else {
        return Ok(None);
    };
    let has_other_namespaces = namespaces.hash != view.namespaces.hash;
    if has_other_namespaces && tuples.inner().is_incomplete {
        // What was left out is only in the database.
        reload(tuples, store).await?;
        return Ok(None);
    }
    let most = (view.snapshot.len() / 32).clamp(MIN_CHANGES, MAX_CHANGES);
    if !has_other_namespaces && view.snapshot.changes() < most {
        return Ok(None);
    }
    let mut inner = tuples.inner();
    // Under the lock, so that no change falls between this view and the list of those after it.
    let Some(view) = tuples.newest() else {
        return Ok(None);
    };
    inner.meanwhile = Some(Vec::new());
    drop(inner);
    let revision = view.revision;
    let plan = Arc::clone(&namespaces.plan);
    let making = tokio::task::spawn_blocking(move || {
        Ok(Snapshot::load_allowed(&plan, view.snapshot.tuples())?)
    });
    Ok(Some(Rebuilding {
        generation,
        namespaces,
        revision,
        making,
    }))
}

async fn made(rebuilding: Option<&mut Rebuilding>) -> Result<(Snapshot, u64), LoadError> {
    match rebuilding {
        Some(begun) => (&mut begun.making)
            .await
            .map_err(|_| LoadError::BrokenOff)?,
        None => std::future::pending().await,
    }
}

/// Puts a new base, which is of `revision`, into the place of the old one, with what has come since.
fn settle(
    tuples: &Tuples,
    (generation, namespaces): (Generation, Arc<Namespaces>),
    mut revision: i64,
    (mut snapshot, mut left_out): (Snapshot, u64),
) {
    let mut inner = tuples.inner();
    for (next, changes) in inner.meanwhile.take().unwrap_or_default() {
        if next <= revision {
            continue;
        }
        let (after, more) = applied(&snapshot, &changes);
        snapshot = after;
        left_out += more as u64;
        revision = next;
    }
    if left_out > 0 {
        tracing::warn!(
            left_out,
            "tuples that the namespaces do not allow do not count"
        );
        inner.is_incomplete = true;
    }
    let generation = match tuples.newest() {
        Some(view) if view.namespaces.hash == namespaces.hash => view.generation.max(generation),
        _ => generation,
    };
    let view = View::new(
        generation,
        namespaces,
        revision,
        snapshot,
        next_base(tuples),
        &tuples.keyring,
    );
    tuples.publish(&mut inner, view);
    catch_up_generation(tuples, &mut inner);
}
