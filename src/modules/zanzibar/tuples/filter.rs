use serde::{Deserialize, Serialize};

use crate::store::Query;

/// Which tuples. What is left out does not matter, and one that says nothing means all.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The namespace of the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_type: Option<String>,
    /// The object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// The relation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// The namespace of the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_type: Option<String>,
    /// The subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_id: Option<String>,
    /// The relation of a userset; empty for those that are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_rel: Option<String>,
}

impl Filter {
    /// Whether it means all tuples.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it has a name that PostgreSQL would not even compare with.
    pub fn is_impossible(&self) -> bool {
        let values = self.columns().into_iter().filter_map(|(_, value)| value);
        values.into_iter().any(|value| value.contains('\0'))
    }

    /// The names, where the indexes have them.
    fn columns(&self) -> [(&'static str, Option<&str>); 6] {
        [
            ("resource_type", self.object_type.as_deref()),
            ("resource_id", self.object_id.as_deref()),
            ("relation", self.relation.as_deref()),
            ("subject_type", self.subject_type.as_deref()),
            ("subject_id", self.subject_id.as_deref()),
            ("subject_rel", self.subject_rel.as_deref()),
        ]
    }

    /// Goes on after a `WHERE` that has a condition already.
    pub(super) fn put(&self, query: &mut Query) {
        for (column, value) in self.columns() {
            if let Some(value) = value {
                query.push(" AND ").push(column).push(" = ").bind(value);
            }
        }
    }
}
