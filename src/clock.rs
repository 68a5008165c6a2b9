//! Time, passed in rather than asked for, so that tests can set it.

use std::{
    fmt,
    ops::{Add, Sub},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

/// A moment: milliseconds since 1970-01-01T00:00:00Z. What every `*_at` column holds.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    sqlx::Type,
)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct UnixMillis(i64);

impl UnixMillis {
    /// The moment that many milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The moment that many seconds after the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    /// Milliseconds since the epoch.
    pub const fn as_i64(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch: a NumericDate of RFC 7519.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// How much later this is than `earlier`; zero if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The moment it is by the machine's clock. Only [`Clock`] and records that no logic reads ask it.
    pub(crate) fn now() -> Self {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self(millis(since_epoch))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Add<Duration> for UnixMillis {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }
}

impl Sub<Duration> for UnixMillis {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }
}

/// RFC 3339, in UTC: `2026-11-24T06:02:00.123Z`.
impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(timestamp) => timestamp.fmt(f),
            // Beyond the year 9999.
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

/// Where the time comes from.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    set: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands still until [`Clock::advance`]. Its clones move with it.
    pub fn fixed(at: UnixMillis) -> Self {
        Self {
            set: Some(Arc::new(AtomicI64::new(at.0))),
        }
    }

    /// The moment it is.
    pub fn now(&self) -> UnixMillis {
        match &self.set {
            None => UnixMillis::now(),
            Some(at) => UnixMillis(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a fixed clock forward; does nothing to the machine's.
    pub fn advance(&self, by: Duration) {
        if let Some(at) = &self.set {
            at.fetch_add(millis(by), Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_rfc_3339() {
        let at = UnixMillis::from_millis(1_795_500_120_123);
        assert_eq!(at.to_string(), "2026-11-24T06:02:00.123Z");
        assert_eq!(at.as_seconds(), 1_795_500_120);
        assert_eq!(UnixMillis::from_millis(-1).as_seconds(), -1);
    }

    #[test]
    fn arithmetic_never_overflows() {
        let end = UnixMillis::from_millis(i64::MAX);
        assert_eq!(end + Duration::MAX, end);
        assert_eq!(UnixMillis::from_millis(5).since(end), Duration::ZERO);
        assert_eq!(
            UnixMillis::from_seconds(2) - Duration::from_millis(500),
            UnixMillis::from_millis(1_500)
        );
        assert_eq!(end.to_string(), format!("{} ms", i64::MAX));
    }

    #[test]
    fn a_fixed_clock_moves_only_when_told_and_all_its_clones_with_it() {
        let clock = Clock::fixed(UnixMillis::from_seconds(10));
        let other = clock.clone();
        clock.advance(Duration::from_secs(5));
        assert_eq!(other.now(), UnixMillis::from_seconds(15));
        assert!(Clock::system().now() > UnixMillis::from_seconds(1_700_000_000));
    }
}
