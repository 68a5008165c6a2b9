//! What others publish, kept for a while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::OutgoingError;

/// How long something is kept at least and at most, whatever the answer says.
const KEPT: (Duration, Duration) = (Duration::from_mins(1), Duration::from_hours(1));
/// How long nobody asks again after something was missing in it, or after a failure.
const PAUSE: Duration = Duration::from_secs(10);
/// Things of one kind that are kept.
const MAX_KEPT: usize = 1_000;

/// What is known of one address.
struct Known<T> {
    value: Option<Arc<T>>,
    asked_at: Instant,
    stale_at: Instant,
}

/// Things of one kind by address. A clone shares them.
pub(super) struct Kept<T>(Arc<Mutex<HashMap<String, Known<T>>>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What the cache says before anybody is asked.
enum Found<T> {
    Fresh(Arc<T>),
    /// It failed a moment ago.
    Failed,
    Ask,
}

impl<T> Kept<T> {
    /// What lies at `url`: what is known, if it is fresh and `suffices`, else what `fetch` brings, with
    /// how long it may be kept. What was known before outlives a failure.
    pub(super) async fn get(
        &self,
        url: &str,
        suffices: impl Fn(&T) -> bool,
        fetch: impl Future<Output = Result<(T, Option<Duration>), OutgoingError>>,
    ) -> Result<Arc<T>, OutgoingError> {
        let now = Instant::now();
        match self.find(url, now, suffices) {
            Found::Fresh(value) => Ok(value),
            Found::Failed => Err(OutgoingError::Unreachable {
                place: url.to_owned(),
                reason: "it failed a moment ago".into(),
            }),
            Found::Ask => self.note(url, now, fetch.await),
        }
    }

    fn find(&self, url: &str, now: Instant, suffices: impl Fn(&T) -> bool) -> Found<T> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = known.get(url) else {
            return Found::Ask;
        };
        let may_ask = now >= known.asked_at + PAUSE;
        match &known.value {
            Some(value) if !may_ask || (now < known.stale_at && suffices(value)) => {
                Found::Fresh(Arc::clone(value))
            }
            None if !may_ask => Found::Failed,
            _ => Found::Ask,
        }
    }

    fn note(
        &self,
        url: &str,
        now: Instant,
        fetched: Result<(T, Option<Duration>), OutgoingError>,
    ) -> Result<Arc<T>, OutgoingError> {
        // What was refused was never asked, and may be allowed a moment later.
        let fetched = match fetched {
            Err(error) if error.is_refusal() => return Err(error),
            Ok((value, max_age)) => {
                let kept = max_age.unwrap_or(KEPT.0 * 5).clamp(KEPT.0, KEPT.1);
                Ok((Arc::new(value), kept))
            }
            Err(error) => Err(error),
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KEPT && !known.contains_key(url) {
            known.retain(|_, one| one.stale_at > now);
            if known.len() >= MAX_KEPT {
                known.clear();
            }
        }
        let before = known.get(url).and_then(|one| one.value.clone());
        let (value, kept) = match &fetched {
            Ok((value, kept)) => (Some(Arc::clone(value)), *kept),
            Err(_) => (before.clone(), PAUSE),
        };
        known.insert(
            url.to_owned(),
            Known {
                value,
                asked_at: now,
                stale_at: now + kept,
            },
        );
        match (fetched, before) {
            (Ok((value, _)), _) => Ok(value),
            (Err(error), Some(value)) => {
                tracing::warn!("what was known before is used: {error}");
                Ok(value)
            }
            (Err(error), None) => Err(error),
        }
    }
}
