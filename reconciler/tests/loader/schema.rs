//! What the loader takes, the JSON Schema takes, and the other way round: an editor says what assay says.

use assay_reconciler::{kind::Kind, schema};
use proptest::prelude::*;
use serde_json::Value;

use crate::{load_files, samples};

/// Codes of problems with the form of a document. All others are about what it means, of which a
/// schema knows nothing.
const FORM: &[&str] = &[
    "missing-field",
    "range",
    "schema",
    "unknown-field",
    "unknown-value",
    "wrong-type",
];

fn validator(manifest: &Value) -> Option<jsonschema::Validator> {
    let name = manifest["kind"].as_str()?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name)?;
    jsonschema::draft7::new(&schema::of_kind(kind)).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(768))]

    #[test]
    fn the_loader_and_the_schema_take_the_same(
        manifest in samples::one(),
        spoils in prop::collection::vec(samples::spoil(), 0..3),
    ) {
        let mut manifest = manifest;
        for spoil in &spoils {
            samples::apply(&mut manifest, "/spec", spoil);
        }
        let validator = validator(&manifest).expect("a schema");
        let flaws: Vec<String> = validator
            .iter_errors(&manifest)
            .map(|flaw| format!("{}: {flaw}", flaw.instance_path()))
            .collect();
        match load_files(&[manifest.to_string()]) {
            // What assay takes, no editor marks.
            Ok(_) => prop_assert!(flaws.is_empty(), "{:?}\n{}", flaws, manifest),
            Err(problems) => {
                let form: Vec<_> = problems
                    .iter()
                    .filter(|problem| FORM.contains(&problem.code))
                    .collect();
                // What no editor marks, assay finds nothing wrong with the form of.
                if flaws.is_empty() {
                    prop_assert!(form.is_empty(), "{}\n{}", problems, manifest);
                }
            }
        }
    }
}
