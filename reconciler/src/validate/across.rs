//! What can only be seen across files.

use std::collections::HashMap;

use crate::{
    kind::Kind,
    load::{Manifest, Outcome},
    problem::Problem,
};

/// Adds what is wrong between manifests.
pub(crate) fn across(outcomes: &[Outcome], problems: &mut Vec<Problem>) {
    let manifests = || outcomes.iter().flat_map(|outcome| &outcome.manifests);
    duplicates(manifests(), problems);
}

fn duplicates<'m>(manifests: impl Iterator<Item = &'m Manifest>, problems: &mut Vec<Problem>) {
    let mut first: HashMap<(Kind, &str), &Manifest> = HashMap::new();
    for manifest in manifests {
        let object = &manifest.object;
        if let Some(other) = first.get(&(object.kind(), object.name())) {
            problems.push(
                Problem::new(
                    "duplicate",
                    manifest.at.clone(),
                    format!("{} `{}` stands twice", object.kind(), object.name()),
                )
                .label("here again")
                .also(other.at.clone(), "first here")
                .help("keep one of the two, or give one another name"),
            );
        } else {
            first.insert((object.kind(), object.name()), manifest);
        }
    }
}
