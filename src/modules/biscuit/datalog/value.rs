use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use biscuit_auth::builder::{MapKey, Term};

use super::program::NotAProgram;

/// A value of Datalog. A clone is a reference count at most.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::modules::biscuit) enum Value {
    Integer(i64),
    Text(Arc<str>),
    /// Seconds since 1970.
    Date(u64),
    Bytes(Arc<[u8]>),
    Bool(bool),
    Set(Arc<BTreeSet<Value>>),
    Null,
    Array(Arc<[Value]>),
    Map(Arc<BTreeMap<Key, Value>>),
}

/// The key of a map.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::modules::biscuit) enum Key {
    Integer(i64),
    Text(Arc<str>),
}

/// Bytes of text that one program may say, each time it is said: a token can name one long text a thousand
/// times for four bytes each.
const MAX_TEXT: usize = 256 * 1024;

/// Keeps each text once.
#[derive(Default)]
pub(super) struct Texts {
    known: HashSet<Arc<str>>,
    said: usize,
}

impl Texts {
    /// The text, shared.
    pub(super) fn keep(&mut self, text: &str) -> Result<Arc<str>, NotAProgram> {
        self.said += text.len();
        if self.said > MAX_TEXT {
            return Err(NotAProgram::TooMuchText);
        }
        if let Some(known) = self.known.get(text) {
            return Ok(Arc::clone(known));
        }
        let kept: Arc<str> = text.into();
        self.known.insert(Arc::clone(&kept));
        Ok(kept)
    }

    /// Bytes that were said.
    pub(super) fn said(&self) -> usize {
        self.said
    }
}

impl Value {
    /// The value that is written so, which must be one.
    pub(super) fn of(term: &Term, texts: &mut Texts) -> Result<Self, NotAProgram> {
        Ok(match term {
            Term::Integer(number) => Self::Integer(*number),
            Term::Str(text) => Self::Text(texts.keep(text)?),
            Term::Date(seconds) => Self::Date(*seconds),
            Term::Bytes(bytes) => Self::Bytes(bytes.as_slice().into()),
            Term::Bool(is) => Self::Bool(*is),
            Term::Null => Self::Null,
            Term::Set(members) => {
                let members: Result<_, _> = members
                    .iter()
                    .map(|member| Self::of(member, texts))
                    .collect();
                Self::Set(Arc::new(members?))
            }
            Term::Array(items) => {
                let items: Result<_, _> = items.iter().map(|item| Self::of(item, texts)).collect();
                Self::Array(items?)
            }
            Term::Map(entries) => {
                let entries: Result<_, _> = entries
                    .iter()
                    .map(|(key, value)| Ok((Key::of(key, texts)?, Self::of(value, texts)?)))
                    .collect();
                Self::Map(Arc::new(entries?))
            }
            Term::Variable(_) => return Err(NotAProgram::Variable),
            Term::Parameter(_) => return Err(NotAProgram::Parameter),
        })
    }

    /// What `type()` calls it.
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::Integer(_) => "integer",
            Self::Text(_) => "string",
            Self::Date(_) => "date",
            Self::Bytes(_) => "bytes",
            Self::Bool(_) => "bool",
            Self::Set(_) => "set",
            Self::Null => "null",
            Self::Array(_) => "array",
            Self::Map(_) => "map",
        }
    }

    /// How much there is to look at.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Text(text) => text.len() / 16,
            Self::Bytes(bytes) => bytes.len() / 16,
            Self::Set(members) => members.len(),
            Self::Array(items) => items.len(),
            Self::Map(entries) => entries.len(),
            Self::Integer(_) | Self::Date(_) | Self::Bool(_) | Self::Null => 0,
        }
    }
}

impl Key {
    fn of(key: &MapKey, texts: &mut Texts) -> Result<Self, NotAProgram> {
        match key {
            MapKey::Integer(number) => Ok(Self::Integer(*number)),
            MapKey::Str(text) => Ok(Self::Text(texts.keep(text)?)),
            MapKey::Parameter(_) => Err(NotAProgram::Parameter),
        }
    }

    /// As a value.
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Integer(number) => Value::Integer(*number),
            Self::Text(text) => Value::Text(Arc::clone(text)),
        }
    }
}
