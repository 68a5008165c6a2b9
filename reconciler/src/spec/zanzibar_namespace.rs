//! Kind `ZanzibarNamespace`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::namespace::{PermissionExpression, SubjectType};

/// A type of object with its relations and permissions. Empty for types that are only subjects,
/// such as `user`.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ZanzibarNamespaceSpec {
    /// What the type is, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1_000))]
    pub description: Option<String>,
    /// What can be written about an object of this type: by name, which subjects a tuple may hold.
    /// Names are lower-case letters, digits and underscores, 64 at most.
    #[serde(default)]
    pub relations: BTreeMap<String, RelationSpec>,
    /// What is computed from relations: by name, an expression. No name may be both a relation and
    /// a permission.
    #[serde(default)]
    pub permissions: BTreeMap<String, PermissionExpression>,
}

/// A relation between an object and its subjects.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RelationSpec {
    /// The types of subject it may hold, at least one. The order does not matter.
    #[schemars(length(min = 1))]
    pub types: BTreeSet<SubjectType>,
    /// What the relation means, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1_000))]
    pub description: Option<String>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_types_and_the_spacing_of_expressions_do_not_matter() {
        let written: ZanzibarNamespaceSpec = serde_json::from_value(json!({
            "relations": { "viewer": { "types": ["user:*", "group#member", "user"] } },
            "permissions": { "view": "((viewer))+ parent.any( view )" },
        }))
        .unwrap();

        let stored = serde_json::to_value(&written).unwrap();

        assert_eq!(
            stored,
            json!({
                "relations": { "viewer": { "types": ["group#member", "user", "user:*"] } },
                "permissions": { "view": "viewer + parent->view" },
            })
        );
        assert_eq!(
            serde_json::from_value::<ZanzibarNamespaceSpec>(stored).unwrap(),
            written
        );
    }

    #[test]
    fn a_type_of_subjects_needs_nothing() {
        let spec: ZanzibarNamespaceSpec = serde_json::from_value(json!({})).unwrap();
        assert_eq!(spec, ZanzibarNamespaceSpec::default());
    }
}
