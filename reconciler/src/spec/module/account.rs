use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of `account`: what people may do with their own account.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AccountSettings {}
