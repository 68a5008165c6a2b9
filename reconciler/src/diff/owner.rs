//! Who owns an object, and the number of a configuration.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The number of an immutable configuration. 0 is the empty database's.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(transparent)]
pub struct Generation(pub i64);

impl Generation {
    /// The one after.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a set of manifests that is applied as one.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct SetName(String);

impl SetName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for SetName {
    fn default() -> Self {
        Self(String::from("default"))
    }
}

impl fmt::Display for SetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The text cannot name a set.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` cannot name a set: 1 to 63 lower-case letters, digits, `-`, `_`, `.` or `/`, beginning with a letter or digit"
)]
pub struct BadSetName(String);

impl FromStr for SetName {
    type Err = BadSetName;

    fn from_str(text: &str) -> Result<Self, BadSetName> {
        let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/');
        let starts_well = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        if starts_well && text.len() <= 63 && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadSetName(text.to_owned()))
        }
    }
}

impl<'de> Deserialize<'de> for SetName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// Who owns an object: whoever made it or took it over.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Owner {
    /// A set of manifests.
    Set(SetName),
    /// The first start of an empty database; any set may adopt such an object.
    Boot,
    /// The admin API and the commands that switch by hand.
    AdminApi,
    /// Clients that registered themselves (RFC 7591). What they are is not configuration: no set
    /// prunes it and no rollback touches it.
    Registration,
}

impl Owner {
    /// Whether a set may take the object without being told to.
    pub const fn is_adoptable(&self) -> bool {
        matches!(self, Owner::Boot)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Owner::Set(name) => write!(f, "set:{name}"),
            Owner::Boot => f.write_str("boot"),
            Owner::AdminApi => f.write_str("admin-api"),
            Owner::Registration => f.write_str("registration"),
        }
    }
}

/// The text names no owner.
#[derive(Debug, thiserror::Error)]
#[error("unknown owner `{0}`")]
pub struct UnknownOwner(String);

impl FromStr for Owner {
    type Err = UnknownOwner;

    fn from_str(text: &str) -> Result<Self, UnknownOwner> {
        match text {
            "boot" => Ok(Owner::Boot),
            "admin-api" => Ok(Owner::AdminApi),
            "registration" => Ok(Owner::Registration),
            _ => text
                .strip_prefix("set:")
                .and_then(|name| name.parse().ok())
                .map(Owner::Set)
                .ok_or_else(|| UnknownOwner(text.to_owned())),
        }
    }
}

impl Serialize for Owner {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Owner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}
