//! Schemas and tuples of other systems, as namespaces and tuples.
//!
//! What has no counterpart is refused by name: a schema that means something else afterwards is
//! worse than none. A caveat belongs to no type there, and to a namespace here: it goes to the first,
//! in the order of names, that uses it.

mod cursor;
mod json;
pub mod keto;
mod manifests;
pub mod openfga;
mod schema;
mod source;
pub mod spicedb;
mod yaml;

use std::collections::BTreeMap;

use assay_reconciler::spec::ZanzibarNamespaceSpec;

pub use schema::Schema;
pub use source::{ImportError, MAX_MISFITS, Placed, Source, misfits};

/// Namespaces by name, as manifests would have them.
pub type Namespaces = BTreeMap<String, ZanzibarNamespaceSpec>;
