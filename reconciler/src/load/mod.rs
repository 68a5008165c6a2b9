//! From paths to manifests: YAML with positions, typed decode, validation, secrets.
//!
//! Everything that is wrong in all files is told in one run. A file that is right is read once,
//! straight into typed specs; only a document with a problem is looked at a second time, to say
//! everything that is wrong with it.

pub(crate) mod decode;
pub mod limits;
pub(crate) mod outcome;
pub(crate) mod parse;
mod scalar;
pub(crate) mod source;
pub(crate) mod tree;
mod walk;

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs::File,
    io::{self, Read as _},
    num::NonZero,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::Value;

pub use self::outcome::Manifest;
use self::{
    limits::{MAX_DOCUMENTS, MAX_FILE_BYTES, MAX_TOTAL_BYTES},
    outcome::{Origin, Outcome},
    source::{Source, too_large},
    walk::{Found, Walk},
};
use crate::{
    kind::Kind,
    problem::{Location, Problem, Problems},
    secret::SecretReader,
    validate::{self, Read},
};

/// Where manifests come from.
#[derive(Clone, Debug)]
pub enum SourcePath {
    /// A file, or a folder with everything in it.
    Path(PathBuf),
    /// What was read from standard input.
    Stdin(Vec<u8>),
}

/// What is done with `fromEnv` and `fromFile`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SecretHandling {
    /// They are read. One that is unset, empty or unreadable is a problem.
    #[default]
    Resolve,
    /// They stay as they are: for `assay validate`, where the secrets need not be.
    Skip,
}

/// How to load.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadOptions {
    /// What is done with secrets.
    pub secrets: SecretHandling,
}

/// Manifests without a problem.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The manifests, in the order of the files.
    pub manifests: Vec<Manifest>,
    /// What is allowed and likely not meant.
    pub warnings: Problems,
    /// How many files were read.
    pub files: usize,
    /// How many bytes they had.
    pub bytes: u64,
}

/// Reads, validates and completes all manifests at `paths`.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn load(
    paths: &[SourcePath],
    secrets: &dyn SecretReader,
    options: LoadOptions,
) -> Result<Loaded, Problems> {
    let mut walk = Walk::default();
    let mut stdin = Vec::new();
    for path in paths {
        match path {
            SourcePath::Path(path) => walk.add(path),
            SourcePath::Stdin(bytes) => {
                // Problems find their file by its name.
                let name = match stdin.len() {
                    0 => String::from("<stdin>"),
                    before => format!("<stdin {}>", before + 1),
                };
                let source = Source::from_bytes(name.into(), PathBuf::new(), bytes.clone());
                stdin.push(source);
            }
        }
    }
    if paths.len() > 1 {
        walk.read_each_once();
    }
    let mut outcomes = read_all(&walk.files);
    outcomes.extend(stdin.into_iter().map(|source| match source {
        Ok(source) => read_source(source, Origin::Manifest),
        Err(problem) => Outcome::failed(problem),
    }));
    finish(walk.problems, outcomes, Some(secrets), options)
}

/// Validates manifests that are JSON already, as the admin API takes them. Places are JSON pointers
/// into the list; secrets may be given as `value`.
///
/// # Errors
/// As [`load`].
pub fn from_documents(documents: &[Value]) -> Result<Loaded, Problems> {
    let name = Arc::from("request");
    if documents.len() > MAX_DOCUMENTS {
        let message = format!("more than {MAX_DOCUMENTS} documents");
        let problem = Problem::new("limit", Location::of_file(name), message);
        return Err(Problems::new(vec![problem], |_| None));
    }
    if let Some(index) = documents.iter().position(|document| !document.is_object()) {
        let at = Location {
            pointer: format!("/{index}"),
            ..Location::of_file(name)
        };
        let problem = Problem::new("manifest", at, "a manifest is an object");
        return Err(Problems::new(vec![problem], |_| None));
    }
    // JSON is YAML. Going through text gives every value a line to show.
    let mut text = String::new();
    for document in documents {
        let _ = write!(text, "---\n{document:#}\n");
    }
    let outcome = read_source(Source::new(name, PathBuf::new(), text), Origin::Request);
    let options = LoadOptions {
        secrets: SecretHandling::Skip,
    };
    finish(Vec::new(), vec![outcome], None, options)
}

/// Codes of problems that keep a document from becoming a tree.
const UNREAD: [&str; 4] = ["yaml", "limit", "duplicate-key", "wrong-type"];

/// Reads the files on as many threads as there are processors.
fn read_all(files: &[Found]) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let total = AtomicU64::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(index) else {
                return done;
            };
            let outcome = read_file(file, &total).map_or_else(Outcome::failed, |source| {
                read_source(source, Origin::Manifest)
            });
            done.push((index, outcome));
        }
    };
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(files.len())
        .min(8);
    let mut outcomes = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut outcomes = work();
        for other in others {
            match other.join() {
                Ok(more) => outcomes.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        outcomes
    });
    outcomes.sort_by_key(|(index, _)| *index);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

fn read_file(file: &Found, total: &AtomicU64) -> Result<Source, Box<Problem>> {
    let name = || Arc::clone(&file.name);
    let bytes =
        read_limited(&file.path).map_err(|error| Box::new(walk::unreadable(name(), &error)))?;
    let length = bytes.len() as u64;
    if length > MAX_FILE_BYTES {
        return Err(too_large(name()));
    }
    if total.fetch_add(length, Ordering::Relaxed) + length > MAX_TOTAL_BYTES {
        let limit = MAX_TOTAL_BYTES / 1024 / 1024;
        let message = format!("the files are larger than {limit} MiB together");
        return Err(Box::new(Problem::new(
            "too-large",
            Location::of_file(name()),
            message,
        )));
    }
    let folder = file.path.parent().unwrap_or(Path::new("")).to_owned();
    Source::from_bytes(name(), folder, bytes)
}

/// The bytes of `path`, and one over the limit when there are more.
fn read_limited(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len().min(MAX_FILE_BYTES);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_source(source: Source, origin: Origin) -> Outcome {
    let mut manifests = Vec::new();
    let mut problems = Vec::new();
    let mut document = 0;
    let mut foreign = 0;
    let mut namespaces_are_whole = true;
    parse::parse(&source, &mut problems, |root, problems| {
        let context = validate::Context {
            source: &source,
            origin,
            document,
        };
        match validate::document(&root, &context, &mut manifests, problems) {
            Read::Foreign => foreign += 1,
            Read::Broken(None | Some(Kind::ZanzibarNamespace)) => namespaces_are_whole = false,
            Read::Broken(_) | Read::Object => {}
        }
        document += 1;
    });
    // What is no manifest may hold what it likes.
    if document == 0 || foreign < document {
        validate::text(&source, origin, &mut problems);
    }
    // A document that is not even YAML may have been a namespace.
    namespaces_are_whole &= !problems
        .iter()
        .any(|problem| UNREAD.contains(&problem.code));
    Outcome {
        source: Some(source),
        manifests,
        namespaces_are_whole,
        problems,
        origin,
    }
}

/// What can only be seen when all files are read.
fn finish(
    mut problems: Vec<Problem>,
    mut outcomes: Vec<Outcome>,
    secrets: Option<&dyn SecretReader>,
    options: LoadOptions,
) -> Result<Loaded, Problems> {
    for outcome in &mut outcomes {
        problems.append(&mut outcome.problems);
    }
    let found_none = outcomes.iter().all(|outcome| outcome.manifests.is_empty());
    if problems.is_empty() && found_none {
        problems.push(
            Problem::new(
                "empty",
                Location::of_file(names(&outcomes)),
                "there is no manifest here",
            )
            .help("name the file or folder that holds the manifests"),
        );
    }
    validate::across(&outcomes, &mut problems);
    if let Some(reader) = secrets.filter(|_| options.secrets == SecretHandling::Resolve) {
        validate::resolve_secrets(&mut outcomes, reader, &mut problems);
    }
    let texts: HashMap<&str, &str> = if problems.is_empty() {
        HashMap::new()
    } else {
        let sources = outcomes
            .iter()
            .filter_map(|outcome| outcome.source.as_ref());
        sources
            .map(|source| (&*source.name, source.text.as_str()))
            .collect()
    };
    let problems = Problems::new(problems, |file| texts.get(file).copied());
    if !problems.are_warnings() {
        return Err(problems);
    }
    let sources = || {
        outcomes
            .iter()
            .filter_map(|outcome| outcome.source.as_ref())
    };
    Ok(Loaded {
        warnings: problems,
        files: sources().count(),
        bytes: sources().map(|source| source.text.len() as u64).sum(),
        manifests: outcomes
            .into_iter()
            .flat_map(|outcome| outcome.manifests)
            .collect(),
    })
}

fn names(outcomes: &[Outcome]) -> String {
    let names: Vec<&str> = outcomes
        .iter()
        .filter_map(|outcome| outcome.source.as_ref())
        .map(|source| &*source.name)
        .take(3)
        .collect();
    if names.is_empty() {
        String::from("-f")
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests;
