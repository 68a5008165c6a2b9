//! Files that name other files: stores (`store.fga.yaml`) and modules (`fga.mod`).

use serde::Deserialize;

use crate::import::{ImportError, Source, yaml};

/// A store: a model, and tuples beside the tests, which are passed over.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Store {
    /// The model itself.
    pub model: Option<String>,
    /// Or the file it is in.
    pub model_file: Option<String>,
    /// A file with more tuples.
    pub tuple_file: Option<String>,
    /// Several.
    #[serde(default)]
    pub tuple_files: Vec<String>,
}

/// A model in modules.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Modules {
    /// The files of the modules.
    pub contents: Vec<String>,
}

/// Reads a store, but for its tuples.
pub fn store(source: Source<'_>) -> Result<Store, ImportError> {
    yaml::read(source)
}

/// Reads which modules a model has.
pub fn modules(source: Source<'_>) -> Result<Modules, ImportError> {
    yaml::read(source)
}
