//! The manifests that `assay serve` applies, and applies again when they change.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use assay_reconciler::{
    diff::SetName,
    load::{self, LoadOptions, SourcePath},
    object::Object,
    problem::Problems,
    secret::SecretReader,
};
use tokio_util::sync::CancellationToken;

use crate::{
    cli::{CommandError, ProcessSecrets, manifests},
    generation::{Actor, ApplyOptions, Engine, Outcome, Source},
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
    /// The files with secrets that were read last. They may lie anywhere.
    secrets: Arc<[PathBuf]>,
}

/// Manifests as they were read.
pub(super) struct Manifests {
    objects: Vec<Object>,
    source: Source,
}

/// Size and time of every file. What is not there has none.
type Fingerprint = BTreeMap<PathBuf, FileState>;

type FileState = (u64, Option<SystemTime>);

fn state(metadata: &fs::Metadata) -> FileState {
    (metadata.len(), metadata.modified().ok())
}

impl Folder {
    pub(super) fn new(paths: Vec<PathBuf>) -> Self {
        Self {
            paths: paths.into(),
            seen: Fingerprint::new(),
            secrets: Arc::default(),
        }
    }

    /// Reads the manifests.
    ///
    /// # Errors
    /// Everything that is wrong in them.
    pub(super) async fn read(&mut self) -> Result<Manifests, CommandError> {
        let paths = Arc::clone(&self.paths);
        let (seen, secrets, manifests) = tokio::task::spawn_blocking(move || {
            // Looked at before they are read: a change in between is met again.
            let mut seen = fingerprint(&paths);
            let secrets = WatchedSecrets::default();
            let manifests = read(&paths, &secrets);
            let secrets = secrets.into_seen();
            let names = secrets.keys().cloned().collect();
            seen.extend(
                secrets
                    .into_iter()
                    .filter_map(|(path, state)| Some((path, state?))),
            );
            (seen, names, manifests)
        })
        .await?;
        self.seen = seen;
        self.secrets = secrets;
        Ok(manifests?)
    }

    /// Makes what was read the configuration, as `assay apply` does.
    ///
    /// # Errors
    /// What keeps it from being applied.
    pub(super) async fn apply(
        &self,
        engine: &Engine,
        manifests: Manifests,
    ) -> Result<(), CommandError> {
        if manifests.objects.is_empty() {
            return Ok(());
        }
        let desired = engine.desired(SetName::default(), manifests.objects)?;
        let options = ApplyOptions {
            source: manifests.source,
            ..ApplyOptions::new(Actor::new("serve --manifests"))
        };
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
        let manifests = self.read().await?;
        self.apply(engine, manifests).await
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
            let secrets = Arc::clone(&self.secrets);
            let look = move || {
                let mut now = fingerprint(&paths);
                now.extend(fingerprint(&secrets));
                now
            };
            let Ok(now) = tokio::task::spawn_blocking(look).await else {
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

fn read(paths: &[PathBuf], secrets: &WatchedSecrets) -> Result<Manifests, Problems> {
    if paths.is_empty() {
        return Ok(Manifests {
            objects: Vec::new(),
            source: Source::default(),
        });
    }
    let sources: Vec<SourcePath> = paths.iter().cloned().map(SourcePath::Path).collect();
    // Before they are read: an edit in between is then dirty the next time.
    let source = manifests::source(paths);
    let loaded = load::load(&sources, secrets, LoadOptions::default())?;
    if !loaded.warnings.is_empty() {
        tracing::warn!("{}", loaded.warnings);
    }
    let objects = loaded.manifests.into_iter().map(|manifest| manifest.object);
    Ok(Manifests {
        objects: objects.collect(),
        source,
    })
}

/// Reads secrets as the process does, and remembers what the files were before that.
#[derive(Default)]
struct WatchedSecrets(Mutex<BTreeMap<PathBuf, Option<FileState>>>);

impl WatchedSecrets {
    fn into_seen(self) -> BTreeMap<PathBuf, Option<FileState>> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SecretReader for WatchedSecrets {
    fn env(&self, name: &str) -> Option<String> {
        ProcessSecrets.env(name)
    }

    fn file(&self, path: &Path) -> io::Result<String> {
        let state = fs::metadata(path).ok().as_ref().map(state);
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.entry(path.to_owned()).or_insert(state);
        drop(seen);
        ProcessSecrets.file(path)
    }
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
        fingerprint.insert(path.to_owned(), state(&metadata));
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
