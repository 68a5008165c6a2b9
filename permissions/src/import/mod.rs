//! Schemas and tuples of other systems, as namespaces and tuples.
//!
//! What has no counterpart is refused by name: a schema that means something else afterwards is
//! worse than none.

pub mod spicedb;

use std::collections::BTreeMap;

use assay_reconciler::spec::ZanzibarNamespaceSpec;

/// Namespaces by name, as manifests would have them.
pub type Namespaces = BTreeMap<String, ZanzibarNamespaceSpec>;

/// Why a text cannot be taken over, and where.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct ImportError {
    /// The line, from 1.
    pub line: usize,
    /// The column in it, from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl ImportError {
    /// At a byte of a text.
    fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
            message: message.into(),
        }
    }
}
