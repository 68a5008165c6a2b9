//! The types of a caveat's parameters.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Deepest lists and maps within each other.
const MAX_NESTING: usize = 4;

/// What a parameter of a caveat holds. Those of SpiceDB.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ParameterType {
    /// Anything that JSON can say.
    Any,
    /// `true` or `false`.
    Bool,
    /// A whole number, of 64 bits with sign.
    Int,
    /// A whole number, of 64 bits without sign.
    Uint,
    /// A number with a fraction.
    Double,
    /// A text.
    String,
    /// Bytes, in base64.
    Bytes,
    /// A length of time, as in `1h30m`.
    Duration,
    /// A moment, as in `2027-01-01T00:00:00Z`.
    Timestamp,
    /// An IPv4 or IPv6 address.
    IpAddress,
    /// A list of one type.
    List(Box<ParameterType>),
    /// A map from text to one type.
    Map(Box<ParameterType>),
}

/// Why a text is not the type of a parameter.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ParameterTypeError {
    /// No such type.
    #[error(
        "`{}` is not a type of parameter; there are `any`, `bool`, `int`, `uint`, `double`, \
         `string`, `bytes`, `duration`, `timestamp`, `ipaddress`, `list<...>` and `map<...>`",
        .0.escape_debug()
    )]
    Unknown(String),
    /// Too deep.
    #[error("lists and maps may be {MAX_NESTING} deep at most")]
    TooDeep,
}

impl ParameterType {
    fn parse(text: &str, depth: usize) -> Result<Self, ParameterTypeError> {
        let text = text.trim();
        let unknown = || ParameterTypeError::Unknown(text.chars().take(80).collect());
        if let Some((outer, rest)) = text.split_once('<') {
            let inner = rest.strip_suffix('>').ok_or_else(unknown)?;
            if depth == MAX_NESTING {
                return Err(ParameterTypeError::TooDeep);
            }
            let inner = || Self::parse(inner, depth + 1).map(Box::new);
            return match outer.trim() {
                "list" => Ok(Self::List(inner()?)),
                "map" => Ok(Self::Map(inner()?)),
                _ => Err(unknown()),
            };
        }
        Ok(match text {
            "any" => Self::Any,
            "bool" => Self::Bool,
            "int" => Self::Int,
            "uint" => Self::Uint,
            "double" => Self::Double,
            "string" => Self::String,
            "bytes" => Self::Bytes,
            "duration" => Self::Duration,
            "timestamp" => Self::Timestamp,
            "ipaddress" => Self::IpAddress,
            _ => return Err(unknown()),
        })
    }
}

impl FromStr for ParameterType {
    type Err = ParameterTypeError;

    fn from_str(text: &str) -> Result<Self, ParameterTypeError> {
        Self::parse(text, 0)
    }
}

impl fmt::Display for ParameterType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Uint => f.write_str("uint"),
            Self::Double => f.write_str("double"),
            Self::String => f.write_str("string"),
            Self::Bytes => f.write_str("bytes"),
            Self::Duration => f.write_str("duration"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::IpAddress => f.write_str("ipaddress"),
            Self::List(inner) => write!(f, "list<{inner}>"),
            Self::Map(inner) => write!(f, "map<{inner}>"),
        }
    }
}

impl Serialize for ParameterType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ParameterType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for ParameterType {
    fn schema_name() -> Cow<'static, str> {
        "ParameterType".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": 80,
            "description": "What a parameter holds: `any`, `bool`, `int`, `uint`, `double`, \
                `string`, `bytes` (base64), `duration` (`1h30m`), `timestamp` \
                (`2027-01-01T00:00:00Z`), `ipaddress`, `list<...>` or `map<...>` of one of them.",
            "examples": ["int", "timestamp", "ipaddress", "list<string>"]
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn types_have_one_spelling() {
        for text in ["any", "int", "list<string>", "map<list<double>>"] {
            assert_eq!(text.parse::<ParameterType>().unwrap().to_string(), text);
        }
        let spaced: ParameterType = " list < int > ".parse().unwrap();
        assert_eq!(spaced.to_string(), "list<int>");
    }

    #[test]
    fn other_types_are_refused() {
        for text in [
            "", "Int", "number", "list", "list<>", "list<int", "set<int>", "int>",
        ] {
            assert!(text.parse::<ParameterType>().is_err(), "{text}");
        }
        let deep = format!("{}int{}", "list<".repeat(5), ">".repeat(5));
        assert_eq!(
            deep.parse::<ParameterType>(),
            Err(ParameterTypeError::TooDeep)
        );
    }
}
