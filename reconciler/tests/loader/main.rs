//! Laws of loading, tried on what nobody would write by hand.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    unreachable_pub,
    reason = "a test says what went wrong by panicking, and nothing can reach into a test binary"
)]

mod bytes;
mod export;
mod order;
mod samples;
mod schema;

use std::{io, path::Path};

use assay_reconciler::{
    LoadOptions, Loaded, Problems, SecretHandling, SourcePath, load, object::Object,
    secret::SecretReader,
};

/// Secrets are not what is tried here.
pub struct NoSecrets;

impl SecretReader for NoSecrets {
    fn env(&self, _: &str) -> Option<String> {
        None
    }

    fn file(&self, _: &Path) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// Loads each of these as a file of its own.
pub fn load_files<B: AsRef<[u8]>>(files: &[B]) -> Result<Loaded, Problems> {
    let sources: Vec<SourcePath> = files
        .iter()
        .map(|file| SourcePath::Stdin(file.as_ref().to_vec()))
        .collect();
    load_sources(&sources)
}

/// Loads what is there, without its secrets.
pub fn load_sources(sources: &[SourcePath]) -> Result<Loaded, Problems> {
    let options = LoadOptions {
        secrets: SecretHandling::Skip,
    };
    load(sources, &NoSecrets, options)
}

/// The objects, in an order that does not depend on the files.
pub fn objects(loaded: Loaded) -> Vec<Object> {
    let mut objects: Vec<Object> = loaded
        .manifests
        .into_iter()
        .map(|manifest| manifest.object)
        .collect();
    objects.sort_by_key(Object::key);
    objects
}
