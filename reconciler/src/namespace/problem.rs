//! What [`check`](super::check()) finds.

use serde_json::Value;

use super::{SubjectType, TextRange};

/// Whether a problem stops an apply.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// The set must not be applied.
    Error,
    /// Valid, but likely not meant.
    Warning,
}

/// A problem in a set of namespaces.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NamespaceProblem {
    /// The namespace that has it.
    pub namespace: String,
    /// Where in its manifest.
    pub place: Place,
    /// Whether it stops an apply.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do. May have several lines.
    pub help: Option<String>,
}

impl NamespaceProblem {
    pub(super) fn error(namespace: &str, place: Place, message: impl Into<String>) -> Self {
        Self {
            namespace: namespace.to_owned(),
            place,
            severity: Severity::Error,
            message: message.into(),
            help: None,
        }
    }

    pub(super) fn warning(namespace: &str, place: Place, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(namespace, place, message)
        }
    }

    #[must_use]
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub(super) fn did_you_mean(self, meant: Option<&str>) -> Self {
        match meant {
            Some(meant) => self.help(format!("did you mean `{meant}`?")),
            None => self,
        }
    }
}

/// Where in a namespace's manifest a problem is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// `metadata.name`.
    Namespace,
    /// A relation.
    Relation(String),
    /// One of a relation's types.
    RelationType {
        /// The relation.
        relation: String,
        /// The type.
        subject: SubjectType,
    },
    /// The name of a permission.
    Permission(String),
    /// A part of a permission's expression.
    Expression {
        /// The permission.
        permission: String,
        /// Which bytes of the expression's text, as it is in the manifest.
        range: TextRange,
    },
    /// The name of a caveat.
    Caveat(String),
    /// The name of a caveat's parameter.
    Parameter {
        /// The caveat.
        caveat: String,
        /// The parameter.
        parameter: String,
    },
    /// A part of a caveat's expression.
    CaveatExpression {
        /// The caveat.
        caveat: String,
        /// Which bytes of the expression's text, as it is in the manifest.
        range: TextRange,
    },
    /// Something that is not even decoded.
    Pointer {
        /// JSON pointer within `spec`.
        pointer: String,
        /// Which bytes of the text there.
        range: Option<TextRange>,
    },
}

impl Place {
    /// The JSON pointer within the manifest whose `spec` is given. The spec is as written, because
    /// types are a set once they are decoded.
    pub fn pointer(&self, spec: &Value) -> String {
        match self {
            Place::Namespace => "/metadata/name".to_owned(),
            Place::Relation(relation) => format!("/spec/relations/{}", escaped(relation)),
            Place::RelationType { relation, subject } => {
                let types = format!("/relations/{}/types", escaped(relation));
                let is_it = |item: &Value| {
                    item.as_str()
                        .is_some_and(|text| text.parse().as_ref() == Ok(subject))
                };
                let index = spec
                    .pointer(&types)
                    .and_then(Value::as_array)
                    .and_then(|items| items.iter().position(is_it));
                match index {
                    Some(index) => format!("/spec{types}/{index}"),
                    None => format!("/spec{types}"),
                }
            }
            Place::Permission(permission) | Place::Expression { permission, .. } => {
                format!("/spec/permissions/{}", escaped(permission))
            }
            Place::Caveat(caveat) => format!("/spec/caveats/{}", escaped(caveat)),
            Place::Parameter { caveat, parameter } => {
                let (caveat, parameter) = (escaped(caveat), escaped(parameter));
                format!("/spec/caveats/{caveat}/parameters/{parameter}")
            }
            Place::CaveatExpression { caveat, .. } => {
                format!("/spec/caveats/{}/expression", escaped(caveat))
            }
            Place::Pointer { pointer, .. } => format!("/spec{pointer}"),
        }
    }

    /// Which bytes of the text at [`Place::pointer`], if not all of it.
    pub const fn range(&self) -> Option<TextRange> {
        match self {
            Place::Expression { range, .. } | Place::CaveatExpression { range, .. } => Some(*range),
            Place::Pointer { range, .. } => *range,
            _ => None,
        }
    }
}

/// A key as a JSON pointer has it (RFC 6901).
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
