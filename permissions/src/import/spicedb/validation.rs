//! Reads a validation file (`zed validate`), which has a schema and relationships in one.

use serde::Deserialize;

use crate::import::{ImportError, Source, yaml};

/// What a validation file has.
#[derive(Clone, Debug, Deserialize)]
pub struct Validation {
    /// The schema.
    pub schema: String,
    /// The relationships, one a line.
    #[serde(default)]
    pub relationships: String,
}

/// Reads a validation file.
pub fn validation(source: Source<'_>) -> Result<Validation, ImportError> {
    yaml::read(source)
}
