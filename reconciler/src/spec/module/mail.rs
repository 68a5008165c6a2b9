use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of `mail`: how letters reach people.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MailSettings {}
