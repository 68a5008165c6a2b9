//! The manifests that `assay serve` applies, and applies again when they change.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use assay_reconciler::{
    diff::SetName,
    load::{self, LoadOptions, SourcePath},
    object::Object,
    problem::Problems,
};
use tokio_util::sync::CancellationToken;

use crate::{
    cli::{CommandError, ProcessSecrets},
    generation::{Actor, ApplyOptions, Engine, Outcome},
};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How deep folders are looked into.
const MAX_DEPTH: usize = 32;

/// Files and folders of manifests.
pub(super) struct Folder {
    paths: Arc<[PathBuf]>,
    /// What the files were when they were read last.
    seen: Fingerprint,
}

/// Size and time of every file. What is not there has none.
type Fingerprint = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

impl Folder {
    pub(super) fn new(paths: Vec<PathBuf>) -> Self {
        Self {
            paths: paths.into(),
            seen: Fingerprint::new(),
        }
    }

    /// Reads the manifests.
    ///
    /// # Errors
    /// Everything that is wrong in them.
    pub(super) async fn read(&mut self) -> Result<Vec<Object>, CommandError> {
        let paths = Arc::clone(&self.paths);
        let (seen, objects) = tokio::task::spawn_blocking(move || {
            // Looked at before they are read: a change in between is met again.
            (fingerprint(&paths), read(&paths))
        })
        .await?;
        self.seen = seen;
        Ok(objects?)
    }

    /// Makes what was read the configuration, as `assay apply` does.
    ///
    /// # Errors
    /// What keeps it from being applied.
    pub(super) async fn apply(
        &self,
        engine: &Engine,
        objects: Vec<Object>,
    ) -> Result<(), CommandError> {
        let desired = engine.desired(SetName::default(), objects)?;
        let options = ApplyOptions::new(Actor::new("serve --manifests"));
        let applied = engine.apply(desired, options).await?;
        let generation = applied.generation;
        match applied.outcome {
            Outcome::Applied => {
                let summary = applied.plan.summary();
                tracing::info!(
                    %generation,
                    create = summary.create,
                    change = summary.change,
                    delete = summary.delete,
                    "applied the manifests"
                );
            }
            Outcome::Unchanged | Outcome::DryRun => {
                tracing::info!(%generation, "the manifests change nothing");
            }
        }
        Ok(())
    }

    async fn apply_again(&mut self, engine: &Engine) -> Result<(), CommandError> {
        let objects = self.read().await?;
        self.apply(engine, objects).await
    }

    /// Applies the manifests again whenever they change. What is wrong is logged, and the
    /// configuration stays.
    pub(super) async fn watch(mut self, engine: Engine, stop: CancellationToken) {
        while stop
            .run_until_cancelled(tokio::time::sleep(LOOK))
            .await
            .is_some()
        {
            let paths = Arc::clone(&self.paths);
            let Ok(now) = tokio::task::spawn_blocking(move || fingerprint(&paths)).await else {
                continue;
            };
            if now == self.seen {
                continue;
            }
            if let Err(error) = self.apply_again(&engine).await {
                tracing::error!("the manifests were not applied, the configuration stays: {error}");
            }
        }
    }
}

fn read(paths: &[PathBuf]) -> Result<Vec<Object>, Problems> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let sources: Vec<SourcePath> = paths.iter().cloned().map(SourcePath::Path).collect();
    let loaded = load::load(&sources, &ProcessSecrets, LoadOptions::default())?;
    Ok(loaded
        .manifests
        .into_iter()
        .map(|manifest| manifest.object)
        .collect())
}

fn fingerprint(paths: &[PathBuf]) -> Fingerprint {
    let mut fingerprint = Fingerprint::new();
    for path in paths {
        // What cannot be read now may be there the next time; reading it says why.
        let _ = add(path, MAX_DEPTH, &mut fingerprint);
    }
    fingerprint
}

fn add(path: &Path, depth: usize, fingerprint: &mut Fingerprint) -> io::Result<()> {
    // Through links: Kubernetes swaps a link to publish a changed ConfigMap.
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        if let Some(depth) = depth.checked_sub(1) {
            for entry in fs::read_dir(path)? {
                let _ = add(&entry?.path(), depth, fingerprint);
            }
        }
    } else {
        let state = (metadata.len(), metadata.modified().ok());
        fingerprint.insert(path.to_owned(), state);
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changes_comes_or_goes_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let paths = [folder.path().to_owned()];
        let file = folder.path().join("deep/down/clients.yaml");
        let empty = fingerprint(&paths);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "a").unwrap();
        let one = fingerprint(&paths);
        assert_ne!(one, empty);
        assert_eq!(one, fingerprint(&paths));
        fs::write(&file, "ab").unwrap();
        assert_ne!(one, fingerprint(&paths));
        fs::remove_file(&file).unwrap();
        assert_eq!(empty, fingerprint(&paths));
    }
}
