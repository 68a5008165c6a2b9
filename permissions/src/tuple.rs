//! Tuples as people and databases know them: in names.

use std::fmt;

use serde_json::{Map, Value};

use crate::caveat::ContextError;

/// The id that stands for every object of a type, as in `user:*`.
pub const WILDCARD: &str = "*";

/// Longest id of an object, in bytes.
pub const MAX_ID_LENGTH: usize = 1_024;

/// An object: `document:readme`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Object {
    /// The namespace.
    pub namespace: String,
    /// Which of its objects.
    pub id: String,
}

/// A subject: `user:ada`, `user:*` or `group:staff#member`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Subject {
    /// The namespace.
    pub namespace: String,
    /// Which of its objects; [`WILDCARD`] for all.
    pub id: String,
    /// The relation or permission of a userset.
    pub relation: Option<String>,
}

/// A tuple: an object, a relation and a subject, with what it depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuple {
    /// What the tuple is about.
    pub resource: Object,
    /// Which relation.
    pub relation: String,
    /// Who has it.
    pub subject: Subject,
    /// The caveat it depends on, and what it says of the caveat's parameters.
    pub caveat: Option<(String, Map<String, Value>)>,
    /// From when on it counts no more, in milliseconds since 1970.
    pub expires_at: Option<i64>,
}

/// Why a tuple cannot be one of these namespaces.
#[derive(Debug, thiserror::Error)]
pub enum TupleError {
    /// No such namespace.
    #[error("`{tuple}`: there is no namespace `{namespace}`")]
    Namespace {
        /// The tuple.
        tuple: String,
        /// What it names.
        namespace: String,
    },
    /// No such relation.
    #[error("`{tuple}`: `{namespace}` has no relation `{relation}`")]
    Relation {
        /// The tuple.
        tuple: String,
        /// The namespace.
        namespace: String,
        /// What it names.
        relation: String,
    },
    /// Tuples are about relations.
    #[error("`{tuple}`: `{permission}` is a permission, which is computed; write to its relations")]
    Permission {
        /// The tuple.
        tuple: String,
        /// What it names.
        permission: String,
    },
    /// The relation does not hold such subjects.
    #[error("`{tuple}`: `{relation}` holds {allowed}, and not `{subject}`")]
    Subject {
        /// The tuple.
        tuple: String,
        /// The relation.
        relation: String,
        /// The type of the tuple's subject, with its conditions.
        subject: String,
        /// What the relation's manifest allows.
        allowed: String,
    },
    /// An id that no object can have.
    #[error(
        "`{tuple}`: an id has 1 to {MAX_ID_LENGTH} bytes, no blanks, no control characters and no \
         `#`, and only a subject can be `*`"
    )]
    Id {
        /// The tuple.
        tuple: String,
    },
    /// More than numbers of 32 bits can count, or names of 4 GiB.
    #[error("these are more tuples than one index can hold")]
    TooMany,
    /// What the tuple says of its caveat is not of the caveat's types.
    #[error("`{tuple}`: {error}")]
    Context {
        /// The tuple.
        tuple: String,
        /// What is wrong.
        error: ContextError,
    },
}

/// Whether an object can be called `id`. A `#` would begin a relation.
pub(crate) fn is_id(id: &str) -> bool {
    if id.is_empty() || id.len() > MAX_ID_LENGTH {
        return false;
    }
    let is_stray = |c: char| c.is_whitespace() || c.is_control() || c == '#';
    // Most have nothing but what is seen of ASCII.
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
    id.bytes().all(is_plain) || !id.contains(is_stray)
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.namespace, self.id)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.namespace, self.id)?;
        match &self.relation {
            Some(relation) => write!(f, "#{relation}"),
            None => Ok(()),
        }
    }
}

/// Without its conditions: `document:readme#viewer@user:ada`.
impl fmt::Display for Tuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}@{}", self.resource, self.relation, self.subject)
    }
}
