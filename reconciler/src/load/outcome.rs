//! What reading gives: manifests with their places, file by file.

use super::source::Source;
use crate::{
    object::Object,
    problem::{Location, Problem},
};

/// An object and where its name stands.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The object, defaults applied.
    pub object: Object,
    /// Where its `metadata.name` stands.
    pub at: Location,
}

/// Who wrote the documents.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    /// A file: no secret may stand in it.
    Manifest,
    /// A request to the admin API.
    Request,
}

/// What came of one file.
pub(crate) struct Outcome {
    pub(crate) source: Option<Source>,
    pub(crate) manifests: Vec<Manifest>,
    /// Whether every document that may be a namespace could be read.
    pub(crate) namespaces_are_whole: bool,
    pub(crate) problems: Vec<Problem>,
    pub(crate) origin: Origin,
}

impl Outcome {
    // Boxed, for results that are small when all is well.
    #[allow(clippy::boxed_local)]
    pub(super) fn failed(problem: Box<Problem>) -> Self {
        Self {
            source: None,
            manifests: Vec::new(),
            namespaces_are_whole: false,
            problems: vec![*problem],
            origin: Origin::Manifest,
        }
    }
}
