//! Manifests of assay: the typed spec of each kind, loading, validation, diff and plan.
//!
//! Everything here is pure: values in, values out. No SQL, no HTTP, no clock, and no look at the
//! environment except through a [`secret::SecretReader`] that the caller passes in.

pub mod diff;
pub mod export;
pub mod kind;
pub mod load;
pub mod mail_template;
pub mod modules;
pub mod namespace;
pub mod object;
pub mod problem;
pub mod schema;
pub mod secret;
pub mod spec;
mod validate;
mod yaml;

pub use load::{LoadOptions, Loaded, Manifest, SecretHandling, SourcePath, from_documents, load};
pub use problem::{Location, Problem, Problems, Severity};
pub use yaml::to_yaml;
