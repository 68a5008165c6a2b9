//! The manifests that `-f` names.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use assay_reconciler::{
    LoadOptions, Loaded, SecretHandling, SourcePath,
    load::{self, limits::MAX_FILE_BYTES},
    object::Object,
};

use super::{Failure, ProcessSecrets, git, output};
use crate::generation::Source;

/// What stands for standard input.
const STDIN: &str = "-";

/// Which manifests.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Files {
    /// A file, a folder with everything in it, or `-` for standard input. May be repeated.
    #[arg(
        short = 'f',
        long = "file",
        value_name = "PATH",
        required = true,
        num_args = 1..
    )]
    paths: Vec<PathBuf>,
}

impl Files {
    /// Reads and validates all of them.
    pub(super) fn load(&self, secrets: SecretHandling) -> Result<Loaded, Failure> {
        load_paths(&self.paths, secrets)
    }

    /// The objects, with their secrets.
    pub(super) fn objects(&self) -> Result<Vec<Object>, Failure> {
        objects(&self.paths)
    }
}

/// The objects in the manifests at `paths`, with their secrets.
pub(super) fn objects(paths: &[PathBuf]) -> Result<Vec<Object>, Failure> {
    let loaded = load_paths(paths, SecretHandling::Resolve)?;
    Ok(loaded
        .manifests
        .into_iter()
        .map(|manifest| manifest.object)
        .collect())
}

/// Which revision of which repository `paths` are, if they are in one.
pub(super) fn source(paths: &[PathBuf]) -> Source {
    let files: Vec<&Path> = paths
        .iter()
        .filter(|path| path.as_os_str() != STDIN)
        .map(PathBuf::as_path)
        .collect();
    git::source(&files)
}

fn load_paths(paths: &[PathBuf], secrets: SecretHandling) -> Result<Loaded, Failure> {
    let mut sources = Vec::new();
    let mut has_read_stdin = false;
    for path in paths {
        if path.as_os_str() != STDIN {
            sources.push(SourcePath::Path(path.clone()));
        } else if !has_read_stdin {
            has_read_stdin = true;
            let mut bytes = Vec::new();
            // One more than allowed, so that too many are noticed.
            std::io::stdin()
                .lock()
                .take(MAX_FILE_BYTES + 1)
                .read_to_end(&mut bytes)?;
            sources.push(SourcePath::Stdin(bytes));
        }
    }
    let loaded = load::load(&sources, &ProcessSecrets, LoadOptions { secrets })?;
    output::warn(&loaded.warnings);
    Ok(loaded)
}
