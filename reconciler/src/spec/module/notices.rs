use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What people are told of by letters that they have not asked for.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NoticeSettings {
    /// Whether people with a verified address are told of a sign-in from a browser that they have not used
    /// before.
    pub new_device: bool,
}

impl Default for NoticeSettings {
    fn default() -> Self {
        Self { new_device: true }
    }
}
