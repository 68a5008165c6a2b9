//! Lengths of time in manifests: `90s`, `10m`, `1h30m`, `30d`.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time in whole seconds, written as `90s`, `10m`, `1h30m`, `30d` or `2w`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Span(u32);

/// Units, largest first, with their length in seconds.
const UNITS: [(char, u32); 5] = [
    ('w', 604_800),
    ('d', 86_400),
    ('h', 3_600),
    ('m', 60),
    ('s', 1),
];

/// Ten years: longer than any lifetime here has a use for.
const MAX_SECONDS: u32 = 3_653 * 86_400;

impl Span {
    /// A span of `seconds`.
    pub const fn seconds(seconds: u32) -> Self {
        Self(seconds)
    }

    /// A span of `minutes`.
    pub const fn minutes(minutes: u32) -> Self {
        Self(minutes * 60)
    }

    /// A span of `hours`.
    pub const fn hours(hours: u32) -> Self {
        Self(hours * 3_600)
    }

    /// A span of `days`.
    pub const fn days(days: u32) -> Self {
        Self(days * 86_400)
    }

    /// Whole seconds.
    pub const fn as_secs(self) -> u32 {
        self.0
    }

    /// Milliseconds, as the database counts.
    pub const fn as_millis(self) -> i64 {
        self.0 as i64 * 1_000
    }

    /// For the standard library and timers.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0 as u64)
    }
}

/// Why a text is not a [`Span`].
#[derive(Debug, thiserror::Error)]
pub enum SpanError {
    /// Not numbers with units.
    #[error("`{0}` is not a length of time; write it as `90s`, `10m`, `1h30m`, `30d` or `2w`")]
    Malformed(String),
    /// Units out of order or repeated.
    #[error("`{0}` names its units twice or out of order; write the largest first, as in `1h30m`")]
    Order(String),
    /// Beyond [`MAX_SECONDS`].
    #[error("`{0}` is longer than ten years")]
    TooLong(String),
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let malformed = || SpanError::Malformed(text.to_owned());
        let mut total: u32 = 0;
        let mut next_unit = 0;
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit())
                .ok_or_else(malformed)?;
            let count: u32 = rest[..digits].parse().map_err(|_| malformed())?;
            let unit = rest[digits..].chars().next().ok_or_else(malformed)?;
            let index = UNITS
                .iter()
                .position(|(name, _)| *name == unit)
                .ok_or_else(malformed)?;
            if index < next_unit {
                return Err(SpanError::Order(text.to_owned()));
            }
            next_unit = index + 1;
            total = count
                .checked_mul(UNITS[index].1)
                .and_then(|seconds| total.checked_add(seconds))
                .filter(|seconds| *seconds <= MAX_SECONDS)
                .ok_or_else(|| SpanError::TooLong(text.to_owned()))?;
            rest = &rest[digits + 1..];
        }
        if next_unit == 0 {
            return Err(malformed());
        }
        Ok(Self(total))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        for (name, length) in UNITS.into_iter().filter(|(name, _)| *name != 'w') {
            if rest >= length {
                write!(f, "{}{name}", rest / length)?;
                rest %= length;
            }
        }
        if self.0 == 0 {
            f.write_str("0s")
        } else {
            Ok(())
        }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$",
            "minLength": 2,
            "description": "A length of time: `90s`, `10m`, `1h30m`, `30d` or `2w`.",
            "examples": ["10m", "1h30m", "30d"]
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn printing_and_parsing_agree(seconds in 0..=MAX_SECONDS) {
            prop_assert_eq!(Span(seconds).to_string().parse::<Span>().unwrap(), Span(seconds));
        }
    }

    #[test]
    fn what_is_not_a_length_of_time_is_refused() {
        for text in [
            "",
            "10",
            "m",
            "10 m",
            "-1s",
            "1m1h",
            "1h1h",
            "1.5h",
            "99999999999s",
            "600w",
            "1y",
            "١s",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
