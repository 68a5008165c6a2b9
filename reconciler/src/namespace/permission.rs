//! A permission expression as manifests hold it.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Expression, MAX_EXPRESSION_LENGTH, SyntaxError, TextRange, parser};

/// Who has a permission, in SpiceDB's expression language. Compared, stored and shown as its
/// canonical text.
#[derive(Clone)]
pub struct PermissionExpression {
    text: String,
    expression: Expression,
    mixed: Option<TextRange>,
}

impl PermissionExpression {
    /// The canonical text: see [`Expression`]'s `Display`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The tree. Its ranges are within the text that was parsed, which need not be the canonical
    /// one.
    pub const fn expression(&self) -> &Expression {
        &self.expression
    }

    /// The first part that mixes operators without parentheses.
    pub const fn mixed(&self) -> Option<TextRange> {
        self.mixed
    }
}

impl FromStr for PermissionExpression {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        let parsed = parser::parse(text)?;
        Ok(Self {
            text: parsed.expression.to_string(),
            expression: parsed.expression,
            mixed: parsed.mixed,
        })
    }
}

impl fmt::Debug for PermissionExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl fmt::Display for PermissionExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl PartialEq for PermissionExpression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PermissionExpression {}

impl Serialize for PermissionExpression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for PermissionExpression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for PermissionExpression {
    fn schema_name() -> Cow<'static, str> {
        "PermissionExpression".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_EXPRESSION_LENGTH,
            "description": "Who has the permission, in SpiceDB's expression language.\n\n\
                - `viewer`: a relation or permission of the same object\n\
                - `a + b`: in either; `a & b`: in both; `a - b`: in the first but not the second\n\
                - `parent->view` or `parent.any(view)`: `view` on any object that `parent` leads to\n\
                - `parent.all(view)`: `view` on every object that `parent` leads to\n\
                - `self`: the object itself; `nil`: nobody\n\n\
                `+` binds tighter than `&`, and `&` tighter than `-`. Write parentheses when you \
                mix them.",
            "examples": ["viewer + edit + parent->view", "(viewer + editor) - banned"]
        })
    }
}
