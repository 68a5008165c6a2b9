use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::Span;

/// Settings of `zanzibar`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ZanzibarSettings {
    /// How long changes of tuples can be watched from, after they were made.
    pub log_kept: Span,
}

impl Default for ZanzibarSettings {
    fn default() -> Self {
        Self {
            log_kept: Span::days(1),
        }
    }
}
