//! Which subjects a relation may hold.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::name::{EXPIRATION, NameError, caveat_name, name, namespace_name};

/// Longest text of a subject type, in bytes.
const MAX_LENGTH: usize = 512;

/// A type of subject that a relation may hold: `user`, `user:*`, `group#member`, each optionally
/// `with expiration`, `with a_caveat`, or `with a_caveat and expiration`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SubjectType {
    /// The namespace of the subjects.
    pub namespace: String,
    /// Single objects, everyone, or a userset.
    pub form: SubjectForm,
    /// The caveat that a tuple of this type names. With and without are two types, as in SpiceDB.
    pub caveat: Option<String>,
    /// Whether a tuple of this type expires. With and without are two types, as in SpiceDB.
    pub expiration: bool,
}

/// What of a namespace may be a subject.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SubjectForm {
    /// Single objects: `user`.
    Object,
    /// All objects at once: `user:*`.
    Wildcard,
    /// Whoever has a relation or permission to an object: `group#member`.
    Userset(String),
}

/// Why a text is not a subject type.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SubjectTypeError {
    /// The namespace or the relation is not a name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Over the limit.
    #[error("a subject type may have {MAX_LENGTH} bytes at most")]
    TooLong,
    /// `user:ada`.
    #[error("`{0}` names one object; a type is `{1}` for single objects or `{1}:*` for everyone")]
    OneObject(String, String),
    /// `group:*#member`.
    #[error("`{0}` is both everyone and a userset; write two types")]
    WildcardUserset(String),
    /// `user|group`.
    #[error("`{0}` joins several types; write them as a list")]
    Several(String),
    /// Something else after the type.
    #[error(
        "`{0}` is not a type; write `user`, `user:*` or `group#member`, with `with a_caveat`, \
         `with expiration` or `with a_caveat and expiration` after it where needed"
    )]
    Malformed(String),
}

impl FromStr for SubjectType {
    type Err = SubjectTypeError;

    fn from_str(text: &str) -> Result<Self, SubjectTypeError> {
        if text.len() > MAX_LENGTH {
            return Err(SubjectTypeError::TooLong);
        }
        let shown = || text.escape_debug().to_string();
        if text.contains(['|', ',']) {
            return Err(SubjectTypeError::Several(shown()));
        }
        let words: Vec<_> = text.split_whitespace().collect();
        let (subject, caveat, expiration) = match words[..] {
            [subject] => (subject, None, false),
            [subject, "with", EXPIRATION] => (subject, None, true),
            [subject, "with", caveat] => (subject, Some(caveat), false),
            [subject, "with", caveat, "and", EXPIRATION]
            | [subject, "with", EXPIRATION, "and", caveat] => (subject, Some(caveat), true),
            [] => return Err(NameError::Empty.into()),
            _ => return Err(SubjectTypeError::Malformed(shown())),
        };
        let (namespace, form) = if let Some((namespace, id)) = subject.split_once(':') {
            match id {
                "*" => (namespace, SubjectForm::Wildcard),
                _ if id.starts_with("*#") => {
                    return Err(SubjectTypeError::WildcardUserset(shown()));
                }
                _ => {
                    namespace_name(namespace)?;
                    return Err(SubjectTypeError::OneObject(shown(), namespace.to_owned()));
                }
            }
        } else if let Some((namespace, relation)) = subject.split_once('#') {
            // SpiceDB writes single objects also as `user#...`.
            if relation == "..." {
                (namespace, SubjectForm::Object)
            } else {
                name(relation)?;
                (namespace, SubjectForm::Userset(relation.to_owned()))
            }
        } else {
            (subject, SubjectForm::Object)
        };
        namespace_name(namespace)?;
        if let Some(caveat) = caveat {
            caveat_name(caveat)?;
        }
        Ok(Self {
            namespace: namespace.to_owned(),
            form,
            caveat: caveat.map(str::to_owned),
            expiration,
        })
    }
}

impl fmt::Display for SubjectType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.namespace)?;
        match &self.form {
            SubjectForm::Object => {}
            SubjectForm::Wildcard => f.write_str(":*")?,
            SubjectForm::Userset(relation) => write!(f, "#{relation}")?,
        }
        match (&self.caveat, self.expiration) {
            (None, false) => Ok(()),
            (None, true) => f.write_str(" with expiration"),
            (Some(caveat), false) => write!(f, " with {caveat}"),
            (Some(caveat), true) => write!(f, " with {caveat} and expiration"),
        }
    }
}

impl Serialize for SubjectType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SubjectType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for SubjectType {
    fn schema_name() -> Cow<'static, str> {
        "SubjectType".into()
    }

    // No pattern: it would only say that the text does not match, where parsing says why.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_LENGTH,
            "description": "A type of subject, each a namespace that a manifest declares.\n\n\
                - `user`: single users\n\
                - `user:*`: everyone\n\
                - `group#member`: whoever is a member of a group\n\
                - `user with expiration`: single users, in tuples that expire\n\
                - `user with office_hours`: single users, in tuples that depend on a caveat; \
                `user with office_hours and expiration` does both",
            "examples": ["user", "user:*", "group#member", "user with expiration"]
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        text.parse::<SubjectType>().unwrap().to_string()
    }

    #[test]
    fn types_have_one_spelling() {
        for text in [
            "user",
            "user:*",
            "group#member",
            "acme/user",
            "user:* with expiration",
            "user with acme/office_hours",
            "group#member with office_hours and expiration",
        ] {
            assert_eq!(canonical(text), text);
        }
        assert_eq!(canonical("user#..."), "user");
        assert_eq!(
            canonical("  user  with   expiration "),
            "user with expiration"
        );
        assert_eq!(
            canonical("user with expiration and office_hours"),
            "user with office_hours and expiration"
        );
    }

    #[test]
    fn what_is_not_a_type_is_explained() {
        let errors: Vec<_> = [
            "user with Office-Hours",
            "user with expiration and expiration",
            "user with one and other",
            "user:ada",
            "group:*#member",
            "user | group#member",
            "group#",
            "User_",
            "user expiring",
            "",
            "user\u{7}",
        ]
        .map(|text| text.parse::<SubjectType>().unwrap_err().to_string())
        .into();
        insta::assert_snapshot!(errors.join("\n"));
    }
}
