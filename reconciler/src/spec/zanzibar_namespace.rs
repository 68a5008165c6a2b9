//! Kind `ZanzibarNamespace`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::namespace::{MAX_CAVEAT_LENGTH, ParameterType, PermissionExpression, SubjectType};

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
    /// Names are letters, digits and underscores, 64 at most.
    #[serde(default)]
    pub relations: BTreeMap<String, RelationSpec>,
    /// What is computed from relations: by name, an expression. No name may be both a relation and
    /// a permission.
    #[serde(default)]
    pub permissions: BTreeMap<String, PermissionExpression>,
    /// Conditions that tuples may name, as in `user with office_hours`. A caveat is declared in one
    /// namespace and can be used by the relations of all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub caveats: BTreeMap<String, CaveatSpec>,
}

/// A condition that a tuple may depend on. Its parameters come from the tuple and from the check;
/// what the tuple says counts.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CaveatSpec {
    /// What the expression may use: by name, of which type.
    #[serde(default)]
    pub parameters: BTreeMap<String, ParameterType>,
    /// When the condition holds, in the Common Expression Language (<https://cel.dev>). An
    /// `ipaddress` also has `in_cidr("10.0.0.0/8")`.
    #[schemars(length(min = 1, max = MAX_CAVEAT_LENGTH))]
    pub expression: String,
    /// What the condition means, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1_000))]
    pub description: Option<String>,
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
    fn a_caveat_is_kept_as_it_is_written() {
        let written = json!({
            "relations": { "viewer": { "types": ["user with office_hours"] } },
            "permissions": {},
            "caveats": {
                "office_hours": {
                    "parameters": { "hour": "int" },
                    "expression": "hour >= 9 && hour < 17",
                },
            },
        });
        let spec: ZanzibarNamespaceSpec = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(&spec).unwrap(), written);
    }

    #[test]
    fn a_type_of_subjects_needs_nothing() {
        let spec: ZanzibarNamespaceSpec = serde_json::from_value(json!({})).unwrap();
        assert_eq!(spec, ZanzibarNamespaceSpec::default());
    }
}
