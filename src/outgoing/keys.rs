//! The keys that others publish, kept for a while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{Networks, Outgoing, OutgoingError};
use crate::crypto::foreign::ForeignKeys;

/// Longest JWK Set, in bytes.
const MAX_SET: usize = 256 * 1_024;
/// How long a set is kept at least and at most, whatever the answer says.
const KEPT: (Duration, Duration) = (Duration::from_mins(1), Duration::from_hours(1));
/// How long nobody asks again after an unknown key or a failure.
const PAUSE: Duration = Duration::from_secs(10);
/// Sets that are kept.
const MAX_SETS: usize = 1_000;

/// What is known of the keys at one address.
#[derive(Clone)]
struct Known {
    keys: Option<Arc<ForeignKeys>>,
    asked_at: Instant,
    stale_at: Instant,
}

/// Keys by address.
#[derive(Clone, Default)]
pub(super) struct Cache(Arc<Mutex<HashMap<String, Known>>>);

impl Outgoing {
    /// The keys at `url`, fetched at most once in a while. With `wanted` they are fetched again if that
    /// key is not among them, because it may be new.
    ///
    /// # Errors
    /// They cannot be fetched and none are known.
    pub async fn keys(
        &self,
        allowed: &Networks,
        url: &str,
        wanted: Option<&str>,
    ) -> Result<Arc<ForeignKeys>, OutgoingError> {
        let now = Instant::now();
        if let Some(known) = self.cache.find(url) {
            let may_ask = now >= known.asked_at + PAUSE;
            match known.keys {
                Some(keys) => {
                    let is_there = wanted.is_none_or(|kid| keys.has(kid));
                    if !may_ask || (now < known.stale_at && is_there) {
                        return Ok(keys);
                    }
                }
                None if !may_ask => {
                    return Err(OutgoingError::Unreachable {
                        place: url.to_owned(),
                        reason: "it failed a moment ago".into(),
                    });
                }
                None => {}
            }
        }
        let fetched = self.fetch_keys(allowed, url).await;
        self.cache.note(url, now, fetched)
    }

    async fn fetch_keys(
        &self,
        allowed: &Networks,
        url: &str,
    ) -> Result<(Arc<ForeignKeys>, Duration), OutgoingError> {
        let fetched = self.get(allowed, url, MAX_SET).await?;
        let keys = serde_json::from_slice(&fetched.body)
            .ok()
            .and_then(|set| ForeignKeys::parse(&set).ok())
            .ok_or_else(|| OutgoingError::Unreachable {
                place: url.to_owned(),
                reason: "what it answered is no JWK Set".into(),
            })?;
        let kept = fetched.max_age.unwrap_or(KEPT.0 * 5).clamp(KEPT.0, KEPT.1);
        Ok((Arc::new(keys), kept))
    }
}

impl Cache {
    fn find(&self, url: &str) -> Option<Known> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(url).cloned()
    }

    /// Remembers what came of asking. What was known before outlives a failure.
    fn note(
        &self,
        url: &str,
        now: Instant,
        fetched: Result<(Arc<ForeignKeys>, Duration), OutgoingError>,
    ) -> Result<Arc<ForeignKeys>, OutgoingError> {
        // What was refused was never asked, and may be allowed a moment later.
        if let Err(error) = &fetched
            && error.is_refusal()
        {
            return fetched.map(|(keys, _)| keys);
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_SETS && !known.contains_key(url) {
            known.retain(|_, one| one.stale_at > now);
            if known.len() >= MAX_SETS {
                known.clear();
            }
        }
        let before = known.get(url).and_then(|one| one.keys.clone());
        let (keys, kept) = match &fetched {
            Ok((keys, kept)) => (Some(Arc::clone(keys)), *kept),
            Err(_) => (before.clone(), PAUSE),
        };
        known.insert(
            url.to_owned(),
            Known {
                keys,
                asked_at: now,
                stale_at: now + kept,
            },
        );
        match (fetched, before) {
            (Ok((keys, _)), _) => Ok(keys),
            (Err(error), Some(keys)) => {
                tracing::warn!("keys known before are used: {error}");
                Ok(keys)
            }
            (Err(error), None) => Err(error),
        }
    }
}
