use std::{collections::BTreeMap, sync::Arc};

use assay_permissions::{Plan, PlanError};
use aws_lc_rs::digest::{Context, SHA256};

use crate::generation::Snapshot;

/// Tells sets of namespaces apart.
pub(super) type Hash = [u8; 8];

/// The namespaces of a generation.
#[derive(Debug)]
pub(in crate::modules::zanzibar) struct Namespaces {
    /// What they are.
    pub(super) hash: Hash,
    /// What they compile to.
    pub(in crate::modules::zanzibar) plan: Arc<Plan>,
}

impl Namespaces {
    /// Those of this configuration; `before` itself, if they are the same.
    pub(in crate::modules::zanzibar) fn of(
        snapshot: &Snapshot,
        before: Option<Arc<Self>>,
    ) -> Result<Arc<Self>, PlanError> {
        let namespaces = snapshot.namespaces();
        let mut context = Context::new(&SHA256);
        for namespace in &namespaces {
            // A description changes nothing that is computed, but it is not worth leaving out.
            let spec = serde_json::to_vec(&namespace.spec).unwrap_or_default();
            for part in [namespace.name.as_bytes(), &spec] {
                context.update(&(part.len() as u64).to_be_bytes());
                context.update(part);
            }
        }
        let mut hash = Hash::default();
        hash.copy_from_slice(&context.finish().as_ref()[..size_of::<Hash>()]);
        if let Some(before) = before.filter(|before| before.hash == hash) {
            return Ok(before);
        }
        let specs: BTreeMap<_, _> = namespaces
            .iter()
            .map(|namespace| (namespace.name.clone(), &namespace.spec))
            .collect();
        Ok(Arc::new(Self {
            hash,
            plan: Arc::new(Plan::compile(&specs)?),
        }))
    }
}
