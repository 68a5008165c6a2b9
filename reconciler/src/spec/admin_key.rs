//! Kind `AdminKey`.

use std::{borrow::Cow, collections::BTreeSet, fmt, str::FromStr};

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A key to the admin API. `assay admin-key new NAME` prints the key once, and this manifest.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdminKeySpec {
    /// `sha256:` and 64 hex digits: the hash of the key, which is random and long.
    pub hash: KeyHash,
    /// What the key may do. Nothing, unless listed.
    #[serde(default)]
    pub permissions: BTreeSet<AdminPermission>,
    /// From when on the key is refused, as in `2027-01-01T00:00:00Z`. Never, unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<RfcTimestamp>")]
    pub expires_at: Option<Timestamp>,
    /// Who uses it and for what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 500))]
    pub description: Option<String>,
}

/// What an admin key may do.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
pub enum AdminPermission {
    /// Everything below, and what later versions add.
    #[serde(rename = "*")]
    All,
    /// Read the configuration: plan, export, history.
    #[serde(rename = "config.read")]
    ConfigRead,
    /// Change the configuration: apply, rollback, switch modules.
    #[serde(rename = "config.apply")]
    ConfigApply,
    /// Read users.
    #[serde(rename = "users.read")]
    UsersRead,
    /// Create, change and delete users.
    #[serde(rename = "users.write")]
    UsersWrite,
    /// Take password hashes along when users are exported.
    #[serde(rename = "users.export")]
    UsersExport,
    /// Read sessions.
    #[serde(rename = "sessions.read")]
    SessionsRead,
    /// End sessions.
    #[serde(rename = "sessions.write")]
    SessionsWrite,
    /// List signing keys.
    #[serde(rename = "keys.read")]
    KeysRead,
    /// Rotate signing keys.
    #[serde(rename = "keys.rotate")]
    KeysRotate,
    /// Read the audit log.
    #[serde(rename = "audit.read")]
    AuditRead,
    /// Read the tokens that upstream providers gave for users: act as them there.
    #[serde(rename = "tokens.read")]
    TokensRead,
    /// Provision people and groups by SCIM, and nothing else.
    #[serde(rename = "scim")]
    Scim,
    /// Ask who may do what: checks and lists.
    #[serde(rename = "zanzibar.check")]
    ZanzibarCheck,
    /// Read and watch the tuples, also as reasons of an answer.
    #[serde(rename = "zanzibar.read")]
    ZanzibarRead,
    /// Write and delete tuples.
    #[serde(rename = "zanzibar.write")]
    ZanzibarWrite,
    /// Make biscuits that say anything at all.
    #[serde(rename = "biscuit.issue")]
    BiscuitIssue,
    /// Revoke biscuits.
    #[serde(rename = "biscuit.revoke")]
    BiscuitRevoke,
    /// List which biscuits were revoked.
    #[serde(rename = "biscuit.read")]
    BiscuitRead,
}

impl AdminPermission {
    /// The name in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            AdminPermission::All => "*",
            AdminPermission::ConfigRead => "config.read",
            AdminPermission::ConfigApply => "config.apply",
            AdminPermission::UsersRead => "users.read",
            AdminPermission::UsersWrite => "users.write",
            AdminPermission::UsersExport => "users.export",
            AdminPermission::SessionsRead => "sessions.read",
            AdminPermission::SessionsWrite => "sessions.write",
            AdminPermission::KeysRead => "keys.read",
            AdminPermission::KeysRotate => "keys.rotate",
            AdminPermission::AuditRead => "audit.read",
            AdminPermission::TokensRead => "tokens.read",
            AdminPermission::Scim => "scim",
            AdminPermission::ZanzibarCheck => "zanzibar.check",
            AdminPermission::ZanzibarRead => "zanzibar.read",
            AdminPermission::ZanzibarWrite => "zanzibar.write",
            AdminPermission::BiscuitIssue => "biscuit.issue",
            AdminPermission::BiscuitRevoke => "biscuit.revoke",
            AdminPermission::BiscuitRead => "biscuit.read",
        }
    }
}

impl FromStr for AdminPermission {
    type Err = de::value::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::deserialize(de::value::StrDeserializer::new(text))
    }
}

/// The SHA-256 of an admin key, as `sha256:` and 64 lower-case hex digits.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyHash(String);

impl KeyHash {
    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The hash of `key`.
    pub fn of(key: &str) -> Self {
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(key.as_bytes());
        Self(
            digest
                .iter()
                .fold(String::from("sha256:"), |mut text, byte| {
                    use fmt::Write as _;
                    let _ = write!(text, "{byte:02x}");
                    text
                }),
        )
    }
}

/// The text is not a hash.
#[derive(Debug, thiserror::Error)]
#[error(
    "not `sha256:` followed by 64 lower-case hex digits; `assay admin-key new NAME` makes a key and its hash"
)]
pub struct NotAHash;

impl FromStr for KeyHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let hex = text.strip_prefix("sha256:").ok_or(NotAHash)?;
        if hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAHash)
        }
    }
}

impl Serialize for KeyHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for KeyHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for KeyHash {
    fn schema_name() -> Cow<'static, str> {
        "KeyHash".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^sha256:[0-9a-f]{64}$",
            "description": "`sha256:` and 64 hex digits."
        })
    }
}

/// Only names the format for the schema; `jiff` does the parsing.
struct RfcTimestamp;

impl JsonSchema for RfcTimestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "A moment, as in `2027-01-01T00:00:00Z` (RFC 3339).",
            "examples": ["2027-01-01T00:00:00Z"]
        })
    }
}
