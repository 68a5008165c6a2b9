//! Schemas and tuples of other systems, as namespaces and tuples.
//!
//! What has no counterpart is refused by name: a schema that means something else afterwards is
//! worse than none. A caveat belongs to no type there, and to a namespace here: it goes to the first,
//! in the order of names, that uses it.

mod braces;
pub mod openfga;
pub mod spicedb;

use std::collections::BTreeMap;

use assay_reconciler::spec::{ZanzibarNamespaceSpec, zanzibar_namespace::CaveatSpec};

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

/// Puts each caveat where it is used first, or into the first namespace if nothing uses it.
fn place_caveats(namespaces: &mut Namespaces, caveats: BTreeMap<String, CaveatSpec>) {
    for (name, caveat) in caveats {
        let uses = |spec: &ZanzibarNamespaceSpec| {
            let mut types = spec.relations.values().flat_map(|relation| &relation.types);
            types.any(|of| of.caveat.as_ref() == Some(&name))
        };
        let user = namespaces.iter().find(|(_, spec)| uses(spec));
        let home = user.or_else(|| namespaces.iter().next());
        let home = home.map(|(name, _)| name.clone());
        if let Some(spec) = home.and_then(|home| namespaces.get_mut(&home)) {
            spec.caveats.insert(name, caveat);
        }
    }
}
