//! `load(export(x)) == x`, for every kind.

use assay_reconciler::{export, object::Object, to_yaml};
use proptest::prelude::*;
use serde_json::Value;

use crate::{load_files, objects, samples};

/// The objects as `assay export` writes them.
fn exported(objects: &[Object]) -> String {
    let manifests = objects.iter().map(|object| {
        let manifest = export::shortest(object).unwrap();
        format!("---\n{}", to_yaml(&manifest).unwrap())
    });
    manifests.collect()
}

fn all_spoiled(spoils: &[(usize, samples::Spoil)]) -> Vec<String> {
    let mut manifests = samples::all();
    let count = manifests.len();
    for (index, spoil) in spoils {
        // A spec that is wrong is left as it was: what is exported was loaded before.
        let manifest = &mut manifests[index % count];
        let before = manifest.clone();
        samples::apply(manifest, "/spec", spoil);
        let texts: Vec<String> = manifests.iter().map(Value::to_string).collect();
        if load_files(&texts).is_err() {
            manifests[index % count] = before;
        }
    }
    manifests.iter().map(Value::to_string).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_exported_loads_as_what_it_was(
        spoils in prop::collection::vec((any::<usize>(), samples::spoil()), 0..24),
    ) {
        let texts = all_spoiled(&spoils);
        let before = objects(load_files(&texts).unwrap());
        let text = exported(&before);
        let after = load_files(&[&text]);
        prop_assert!(after.is_ok(), "{}\n{}", after.unwrap_err(), text);
        let after = objects(after.unwrap());
        prop_assert_eq!(&after, &before, "{}", text);
        prop_assert_eq!(exported(&after), text);
    }
}
