//! How documents are spread over files, and in which order they come, changes nothing.

use std::{collections::BTreeSet, fs};

use assay_reconciler::{Loaded, Problems, SourcePath, to_yaml};
use proptest::{prelude::*, sample::Index};
use serde_json::Value;

use crate::{load_files, load_sources, objects, samples};

/// Objects, or what is wrong without where it is.
fn told(outcome: Result<Loaded, Problems>) -> (Vec<String>, BTreeSet<(&'static str, String)>) {
    let said = |problems: &Problems| {
        let problems = problems.iter();
        problems
            .map(|problem| (problem.code, problem.message.clone()))
            .collect()
    };
    match outcome {
        Ok(loaded) => {
            let warnings = said(&loaded.warnings);
            let objects = objects(loaded)
                .into_iter()
                .map(|object| format!("{} {}", object.key(), object.canonical().unwrap()));
            (objects.collect(), warnings)
        }
        Err(problems) => (Vec::new(), said(&problems)),
    }
}

/// Some manifests, of which a few may be wrong; some of them twice, some missing that others need.
fn manifests() -> impl Strategy<Value = Vec<Value>> {
    let spoiled = prop::collection::vec((any::<Index>(), samples::spoil()), 0..3);
    let chosen = prop::collection::vec(samples::one(), 0..6);
    (Just(samples::all()), chosen, spoiled, any::<bool>()).prop_map(
        |(all, chosen, spoiled, is_whole)| {
            let mut manifests = if is_whole { all } else { chosen };
            for (index, spoil) in spoiled {
                if !manifests.is_empty() {
                    let index = index.index(manifests.len());
                    samples::apply(&mut manifests[index], "/spec", &spoil);
                }
            }
            manifests
        },
    )
}

fn joined<'a>(documents: impl IntoIterator<Item = &'a String>) -> String {
    let documents: Vec<&str> = documents.into_iter().map(String::as_str).collect();
    documents.join("---\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn files_and_their_order_do_not_matter(
        (documents, shuffled, files) in manifests().prop_flat_map(|manifests| {
            let documents: Vec<String> =
                manifests.iter().map(|manifest| to_yaml(manifest).unwrap()).collect();
            let count = documents.len();
            (
                Just(documents.clone()),
                Just(documents).prop_shuffle(),
                prop::collection::vec(0_usize..4, count),
            )
        }),
    ) {
        let together = told(load_files(&[joined(&documents)]));

        let mut split = vec![Vec::new(); 4];
        for (document, file) in shuffled.iter().zip(&files) {
            split[*file].push(document);
        }
        split.retain(|file| !file.is_empty());
        let texts: Vec<String> = split.into_iter().map(joined).collect();
        prop_assume!(!texts.is_empty());
        prop_assert_eq!(&told(load_files(&texts)), &together);

        // The same on disk, where names decide the order.
        let folder = tempfile::tempdir().unwrap();
        for (index, text) in texts.iter().enumerate() {
            let below = folder.path().join(["a", "b/c", "."][index % 3]);
            fs::create_dir_all(&below).unwrap();
            let name = format!("{}.yaml", (index * 7) % 5);
            fs::write(below.join(name), text).unwrap();
        }
        let folder = SourcePath::Path(folder.path().to_owned());
        prop_assert_eq!(&told(load_sources(&[folder])), &together);
    }
}
