use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::Span;

/// Whether people can delete their account.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DeletionSettings {
    /// Whether they can.
    pub allowed: bool,
    /// How long they can change their mind. `0s` deletes at once.
    pub grace_period: Span,
}

impl Default for DeletionSettings {
    fn default() -> Self {
        Self {
            allowed: false,
            grace_period: Span::days(14),
        }
    }
}
