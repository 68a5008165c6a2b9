//! Why there is no plan.

use std::fmt;

use serde_json::Value;

use super::Owner;
use crate::{
    modules::BrokenRequirement,
    namespace::NamespaceProblem,
    object::ObjectKey,
    spec::{ModuleName, SigningAlgorithm, Span},
};

/// An object that may not be touched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Conflict {
    /// Which.
    pub key: ObjectKey,
    /// Whose.
    pub owner: Owner,
}

/// A client that wants tokens signed with an algorithm for which no key is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnsignableClient {
    /// The client.
    pub client: String,
    /// The field that names the algorithm.
    pub field: &'static str,
    /// The algorithm.
    pub algorithm: SigningAlgorithm,
}

impl fmt::Display for UnsignableClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, field, .. } = self;
        let algorithm = self.algorithm.name();
        write!(
            f,
            "OidcClient/{client} has `{field}: {algorithm}`, but Module/jwt keeps no key for \
             {algorithm}: add `{algorithm}` to its `algorithms`"
        )
    }
}

/// A token that lives longer than the key that verifies it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OutlivingToken {
    /// The object that says how long it lives.
    pub key: ObjectKey,
    /// The field that says it.
    pub field: &'static str,
    /// How long.
    pub lifetime: Span,
    /// How long a key is kept after its rotation.
    pub kept: Span,
}

impl fmt::Display for OutlivingToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            key,
            field,
            lifetime,
            kept,
        } = self;
        write!(
            f,
            "{key} has `{field}: {lifetime}`, but Module/jwt keeps the key that verifies such a token \
             only {kept} after a rotation: make it shorter, or `retiredKeyTtl` of Module/jwt longer"
        )
    }
}

/// Why there is no plan.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PlanError {
    /// Objects of other owners; all of them.
    #[error("{}", lines(.0, |c| format!("{} belongs to `{}`; use --take-over to adopt it", c.key, c.owner)))]
    Owned(Vec<Conflict>),
    /// Objects that someone else manages were to be changed by hand; all of them.
    #[error("{}", lines(.0, |c| format!("{} belongs to `{}` and is not changed by hand; change its manifest and apply it", c.key, c.owner)))]
    Managed(Vec<Conflict>),
    /// Several manifests say that they were the same object.
    #[error(
        "{} all say in `assay/moved-from` that they were {from}; only one can be",
        list(.to)
    )]
    RenamedTwice {
        /// The object that is there.
        from: ObjectKey,
        /// Who claims it.
        to: Vec<ObjectKey>,
    },
    /// Objects that take each other's names.
    #[error(
        "{} swap their names in one apply; move one of them to a name that nobody has, apply, then move it again",
        list(.0)
    )]
    RenameCycle(Vec<ObjectKey>),
    /// Modules that are on while something they need is off.
    #[error("{}", lines(.0, ToString::to_string))]
    BrokenRequirement(Vec<BrokenRequirement>),
    /// Modules that are always on.
    #[error("{}", lines(.0, |m| format!("module `{m}` cannot be switched off")))]
    AlwaysOn(Vec<ModuleName>),
    /// Clients that could not be given tokens.
    #[error("{}", lines(.0, ToString::to_string))]
    Unsignable(Vec<UnsignableClient>),
    /// Tokens that could not be verified to their end.
    #[error("{}", lines(.0, ToString::to_string))]
    Outliving(Vec<OutlivingToken>),
    /// Two admin keys that are the same key, so that nobody could say whose permissions hold.
    #[error("{0} and {1} have the same `hash`; one key is one AdminKey")]
    SameKey(ObjectKey, ObjectKey),
    /// Namespaces that do not fit together, across all sets.
    #[error("{}", lines(.0, |p| format!(
        "ZanzibarNamespace/{}: {} (at {})", p.namespace, p.message, p.place.pointer(&Value::Null)
    )))]
    Namespaces(Vec<NamespaceProblem>),
    /// [`super::ObservedState::keys_to_load`] was not honoured.
    #[error("{0} was not loaded from the database before planning")]
    NotLoaded(ObjectKey),
}

fn lines<T>(all: &[T], line: impl Fn(&T) -> String) -> String {
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn list(keys: &[ObjectKey]) -> String {
    let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
    match names.split_last() {
        Some((last, [_, ..])) => format!("{} and {last}", names[..names.len() - 1].join(", ")),
        _ => names.concat(),
    }
}
