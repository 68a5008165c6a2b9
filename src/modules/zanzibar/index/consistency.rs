//! Which view a request gets.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{Revision, RevisionError, Tuples, View};
use crate::{
    generation::Generation,
    modules::zanzibar::tuples,
    store::{Store, StoreError},
};

/// How long a request waits for the tuples to be loaded, or to come as far as it needs them.
const WAIT: Duration = Duration::from_secs(5);

/// How new the tuples must be.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Consistency {
    /// Whatever is here.
    #[default]
    MinimizeLatency,
    /// At least as new as this revision.
    AtLeastAsFresh(String),
    /// As they were at this revision.
    AtExactSnapshot(String),
    /// With everything that has been written by now, by whichever server.
    FullyConsistent,
}

/// Why a request gets no view.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// A token that is none.
    #[error(transparent)]
    Revision(#[from] RevisionError),
    /// A revision that is not kept any more.
    #[error(
        "the tuples as they were at this revision are not kept any more; ask for `at_least_as_fresh`"
    )]
    Gone {
        /// The token of the oldest one that is.
        oldest: Option<String>,
    },
    /// The tuples are not loaded yet.
    #[error("the tuples are being loaded")]
    Loading,
    /// The tuples here are behind.
    #[error("the tuples here are not as new as is asked for")]
    Behind,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Tuples {
    /// The view for a request that is served in `generation`.
    pub(in crate::modules::zanzibar) async fn pin(
        &self,
        store: &Store,
        generation: Generation,
        consistency: &Consistency,
    ) -> Result<Arc<View>, PinError> {
        match consistency {
            Consistency::MinimizeLatency => self.at_least(0, generation).await,
            Consistency::AtLeastAsFresh(token) => {
                let revision = self.verified(token)?;
                // Not older namespaces either: what was taken from somebody may be taken by them.
                let generation = generation.max(revision.generation);
                self.at_least(revision.number, generation).await
            }
            Consistency::FullyConsistent => {
                let head = tuples::position(store).await?;
                self.at_least(head.revision, generation).await
            }
            Consistency::AtExactSnapshot(token) => {
                let revision = self.verified(token)?;
                let newest = self.at_least(revision.number, revision.generation).await?;
                if newest.revision == revision.number
                    && newest.namespaces.hash == revision.namespaces
                {
                    return Ok(newest);
                }
                let inner = self.inner();
                inner.kept.find(&revision).ok_or_else(|| PinError::Gone {
                    oldest: inner.kept.oldest().map(|view| view.token.clone()),
                })
            }
        }
    }

    /// What a token says, if it is one.
    pub(in crate::modules::zanzibar) fn verified(
        &self,
        token: &str,
    ) -> Result<Revision, RevisionError> {
        Revision::verify(token, &self.keyring)
    }

    /// A view that is as new as this, which is waited for.
    async fn at_least(&self, revision: i64, generation: Generation) -> Result<Arc<View>, PinError> {
        if let Some(view) = self.newest_from(revision, generation) {
            return Ok(view);
        }
        let mut moves = self.moves();
        let waiting = async {
            loop {
                moves.mark_unchanged();
                if let Some(view) = self.newest_from(revision, generation) {
                    return Some(view);
                }
                self.nudge.notify_one();
                if moves.changed().await.is_err() {
                    return None;
                }
            }
        };
        match timeout(WAIT, waiting).await {
            Ok(Some(view)) => Ok(view),
            _ if self.newest().is_none() => Err(PinError::Loading),
            _ => Err(PinError::Behind),
        }
    }

    fn newest_from(&self, revision: i64, generation: Generation) -> Option<Arc<View>> {
        self.newest()
            .filter(|view| view.revision >= revision && view.generation >= generation)
    }
}
