//! Namespaces as manifests.

use std::collections::BTreeMap;

use assay_reconciler::{
    export,
    object::{Metadata, Object, Spec},
    to_yaml,
};

use super::Schema;

/// Where editors find what manifests may say: `assay schema --out schema` makes it, beside the folder of
/// the manifests.
const MODELINE: &str = "# yaml-language-server: $schema=../schema/assay.json\n";

impl Schema {
    /// A file with a manifest for each namespace.
    ///
    /// # Errors
    /// None that a namespace can cause.
    pub fn manifests(&self) -> Result<String, serde_json::Error> {
        let mut text = MODELINE.to_owned();
        for (number, (name, spec)) in self.namespaces.iter().enumerate() {
            if number > 0 {
                text.push_str("---\n");
            }
            let object = Object {
                metadata: Metadata {
                    name: name.clone(),
                    labels: BTreeMap::new(),
                    annotations: BTreeMap::new(),
                },
                spec: Spec::ZanzibarNamespace(spec.clone()),
            };
            text.push_str(&to_yaml(&export::shortest(&object)?)?);
        }
        Ok(text)
    }
}
