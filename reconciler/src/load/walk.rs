//! From the paths on a command line to the files that hold manifests.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::limits::{MAX_FILES, MAX_FOLDER_DEPTH};
use crate::problem::{Location, Problem};

/// A file to read.
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// How messages call it.
    pub(super) name: Arc<str>,
}

/// Collects files, and what keeps others from being read.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) files: Vec<Found>,
    pub(super) problems: Vec<Problem>,
}

impl Walk {
    /// Adds the file `path`, or every manifest in the folder `path`.
    pub(super) fn add(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                let before = self.files.len() + self.problems.len();
                self.folder(path, &mut Vec::new());
                if self.files.len() + self.problems.len() == before {
                    self.problem(
                        path,
                        "the folder holds no manifest",
                        "manifests are files named `*.yaml`, `*.yml` or `*.json`; \
hidden ones and `node_modules` are passed over",
                    );
                }
            }
            // Whatever else was named is read, a pipe from `<(...)` too.
            Ok(_) => self.file(path.to_owned()),
            Err(error) => self.unreadable(path, &error),
        }
    }

    fn folder(&mut self, path: &Path, outer: &mut Vec<PathBuf>) {
        let real = match fs::canonicalize(path) {
            Ok(real) => real,
            Err(error) => return self.unreadable(path, &error),
        };
        if outer.contains(&real) {
            return self.problem(
                path,
                "the folder contains itself through a symbolic link",
                "remove the link",
            );
        }
        if outer.len() >= MAX_FOLDER_DEPTH {
            return self.problem(
                path,
                &format!("folders more than {MAX_FOLDER_DEPTH} deep"),
                "name the inner folder with `-f`",
            );
        }
        let mut entries = Vec::new();
        match fs::read_dir(path) {
            Ok(listing) => {
                for entry in listing {
                    match entry {
                        Ok(entry) => entries.push(entry),
                        Err(error) => self.unreadable(path, &error),
                    }
                }
            }
            Err(error) => return self.unreadable(path, &error),
        }
        entries.sort_by_key(fs::DirEntry::file_name);
        outer.push(real);
        for entry in entries {
            // Editors, git and Kubernetes volumes keep their own things in hidden files, and npm keeps
            // JSON by the thousand.
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(b".") || name == "node_modules" {
                continue;
            }
            self.entry(&entry, outer);
        }
        outer.pop();
    }

    fn entry(&mut self, entry: &fs::DirEntry, outer: &mut Vec<PathBuf>) {
        let path = entry.path();
        let kind = match entry.file_type() {
            Ok(kind) if kind.is_symlink() => match fs::metadata(&path) {
                Ok(target) => target.file_type(),
                Err(error) => {
                    if is_manifest(&path) {
                        self.unreadable(&path, &error);
                    }
                    return;
                }
            },
            Ok(kind) => kind,
            Err(error) => return self.unreadable(&path, &error),
        };
        if kind.is_dir() {
            self.folder(&path, outer);
        } else if is_manifest(&path) {
            if kind.is_file() {
                self.file(path);
            } else {
                self.problem(
                    &path,
                    "neither a file nor a folder",
                    "name a pipe with `-f` to read it",
                );
            }
        }
    }

    fn file(&mut self, path: PathBuf) {
        if self.files.len() == MAX_FILES {
            self.problem(
                &path,
                &format!("more than {MAX_FILES} files"),
                "put more manifests into one file",
            );
        }
        if self.files.len() < MAX_FILES {
            let name = Arc::from(path.to_string_lossy());
            self.files.push(Found { path, name });
        }
    }

    /// A file that two of the named paths lead to is read once.
    pub(super) fn read_each_once(&mut self) {
        let mut seen = HashSet::new();
        self.files
            .retain(|file| fs::canonicalize(&file.path).map_or(true, |real| seen.insert(real)));
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        let problem = unreadable(Arc::from(path.to_string_lossy()), error);
        self.problems.push(problem);
    }

    fn problem(&mut self, path: &Path, message: &str, help: &str) {
        let at = Location::of_file(path.to_string_lossy());
        self.problems
            .push(Problem::new("file", at, message).help(help));
    }
}

/// The problem with a file that cannot be read.
pub(super) fn unreadable(name: Arc<str>, error: &io::Error) -> Problem {
    let message = match error.kind() {
        io::ErrorKind::NotFound => String::from("no such file or folder"),
        io::ErrorKind::PermissionDenied => String::from("no permission to read it"),
        _ => format!("cannot be read: {error}"),
    };
    Problem::new("file", Location::of_file(name), message)
}

fn is_manifest(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "yaml" || extension == "yml" || extension == "json")
}
