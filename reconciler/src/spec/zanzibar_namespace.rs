//! Kind `ZanzibarNamespace`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A type of object with its relations and permissions.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ZanzibarNamespaceSpec {}
