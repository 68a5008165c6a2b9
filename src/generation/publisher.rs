//! Lets whoever changed the configuration wait until this process serves the change.

use std::time::Duration;

use assay_reconciler::diff::Generation;
use tokio::sync::{Notify, watch};

/// Between the one task that builds snapshots and puts them into service, and those who wait for it.
#[derive(Debug)]
pub struct Publisher {
    nudge: Notify,
    state: watch::Sender<State>,
}

#[derive(Clone, Debug)]
struct State {
    serving: Generation,
    /// Why the next one is not in service, if building it failed.
    error: Option<String>,
    /// How often it failed, to tell a new failure from an old one.
    failures: u64,
}

/// The generation is not served by this process (yet).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotServing {
    /// It could not be put into service.
    #[error("generation {wanted} is stored, but {serving} is still served: {reason}")]
    Failed {
        /// What was waited for.
        wanted: Generation,
        /// What is served.
        serving: Generation,
        /// Why.
        reason: String,
    },
    /// It was not put into service in time.
    #[error(
        "generation {wanted} is stored, but after {} s {serving} is still served",
        waited.as_secs()
    )]
    TimedOut {
        /// What was waited for.
        wanted: Generation,
        /// What is served.
        serving: Generation,
        /// How long.
        waited: Duration,
    },
}

impl Publisher {
    /// Begins with the generation that serves first.
    pub fn new(serving: Generation) -> Self {
        Self {
            nudge: Notify::new(),
            state: watch::Sender::new(State {
                serving,
                error: None,
                failures: 0,
            }),
        }
    }

    /// Says that there is something to publish.
    pub fn nudge(&self) {
        self.nudge.notify_one();
    }

    /// Waits for the next [`Publisher::nudge`]; one that came before counts. Safe to cancel.
    pub async fn nudged(&self) {
        self.nudge.notified().await;
    }

    /// Says that `generation` is in service now.
    pub fn publish(&self, generation: Generation) {
        self.state.send_modify(|state| {
            state.serving = state.serving.max(generation);
            state.error = None;
        });
    }

    /// Says that what is next could not be put into service.
    pub fn failed(&self, reason: String) {
        self.state.send_modify(|state| {
            state.error = Some(reason);
            state.failures += 1;
        });
    }

    /// What is in service, and why nothing newer is, if that failed.
    pub fn status(&self) -> (Generation, Option<String>) {
        let state = self.state.borrow();
        (state.serving, state.error.clone())
    }

    /// Nudges, and waits until this process serves `generation` or a newer one.
    ///
    /// # Errors
    /// It failed, or took longer than `timeout`.
    pub async fn serving(
        &self,
        generation: Generation,
        timeout: Duration,
    ) -> Result<Generation, NotServing> {
        let mut states = self.state.subscribe();
        let before = states.borrow_and_update().clone();
        if before.serving < generation {
            self.nudge();
        }
        let waiting = states.wait_for(|state| {
            // What failed before says nothing about this attempt.
            state.serving >= generation || state.failures > before.failures
        });
        let state = match tokio::time::timeout(timeout, waiting).await {
            Ok(Ok(state)) => state.clone(),
            // The sender lives as long as `self`, so the only other end is the timeout.
            Ok(Err(_)) | Err(_) => {
                return Err(NotServing::TimedOut {
                    wanted: generation,
                    serving: self.state.borrow().serving,
                    waited: timeout,
                });
            }
        };
        if state.serving >= generation {
            return Ok(state.serving);
        }
        Err(NotServing::Failed {
            wanted: generation,
            serving: state.serving,
            reason: state.error.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn who_waits_is_told_when_it_serves() {
        let publisher = Arc::new(Publisher::new(Generation(1)));
        let server = Arc::clone(&publisher);
        tokio::spawn(async move {
            server.nudged().await;
            server.publish(Generation(3));
        });
        assert_eq!(
            publisher.serving(Generation(2), SOON).await,
            Ok(Generation(3))
        );
    }

    #[tokio::test]
    async fn an_old_failure_is_not_taken_for_a_new_one() {
        let publisher = Arc::new(Publisher::new(Generation(1)));
        publisher.failed(String::from("an old reason"));
        let server = Arc::clone(&publisher);
        tokio::spawn(async move {
            server.nudged().await;
            server.failed(String::from("a new reason"));
        });
        assert_eq!(
            publisher.serving(Generation(2), SOON).await,
            Err(NotServing::Failed {
                wanted: Generation(2),
                serving: Generation(1),
                reason: String::from("a new reason"),
            })
        );
        assert_eq!(
            publisher.status(),
            (Generation(1), Some(String::from("a new reason")))
        );
    }

    #[tokio::test]
    async fn it_neither_goes_back_nor_waits_for_ever() {
        let publisher = Publisher::new(Generation(5));
        publisher.publish(Generation(4));
        assert_eq!(
            publisher.serving(Generation(5), SOON).await,
            Ok(Generation(5))
        );
        let waited = Duration::from_millis(20);
        assert_eq!(
            publisher.serving(Generation(6), waited).await,
            Err(NotServing::TimedOut {
                wanted: Generation(6),
                serving: Generation(5),
                waited,
            })
        );
    }
}
