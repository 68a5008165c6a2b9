//! The files that are read, and those that are written.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use assay_permissions::import::Source;

use super::Out;
use crate::cli::{Exit, Failure};

/// A file that was read.
pub(super) struct Text {
    name: String,
    text: String,
}

impl Text {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::invalid(format!("cannot read {name}: {error}")))?;
        Ok(Self { name, text })
    }

    /// A text that is in a file with others.
    pub(super) fn within(file: &Self, part: &str, text: String) -> Self {
        let name = format!("{}, `{part}`", file.name);
        Self { name, text }
    }

    pub(super) fn source(&self) -> Source<'_> {
        Source {
            name: &self.name,
            text: &self.text,
        }
    }
}

/// A file that `path` names, as seen from that file's folder.
pub(super) fn beside(path: &Path, named: &str) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).join(named)
}

/// Whether the file is YAML by its name.
pub(super) fn is_yaml(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default();
    ending.eq_ignore_ascii_case("yaml") || ending.eq_ignore_ascii_case("yml")
}

/// Files in a folder, written under other names until all of them are there.
pub(super) struct Folder<'a> {
    out: &'a Out,
    written: Vec<(PathBuf, PathBuf)>,
}

impl<'a> Folder<'a> {
    /// `names` are what is going to be written.
    pub(super) fn new(out: &'a Out, names: &[&str]) -> Result<Self, Failure> {
        for name in names {
            let path = out.out.join(name);
            if !out.overwrite && path.symlink_metadata().is_ok() {
                let message = format!(
                    "{} is there already; take another folder, or --overwrite",
                    path.display()
                );
                return Err(Failure::new(Exit::Conflict, message));
            }
        }
        fs::create_dir_all(&out.out).map_err(|error| unwritable(&out.out, &error))?;
        let written = Vec::new();
        Ok(Self { out, written })
    }

    /// Writes a file line by line, and gives its path.
    pub(super) fn write(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<PathBuf, Failure> {
        let path = self.out.out.join(name);
        let partial = self.out.out.join(format!("{name}.partial"));
        let file = File::create(&partial).map_err(|error| unwritable(&partial, &error))?;
        self.written.push((partial, path.clone()));
        let mut file = BufWriter::new(file);
        write(&mut file)
            .and_then(|()| file.flush())
            .and_then(|()| file.get_ref().sync_all())
            .map_err(|error| unwritable(&path, &error))?;
        Ok(path)
    }

    /// Gives all files their names.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        for (partial, path) in std::mem::take(&mut self.written) {
            fs::rename(&partial, &path).map_err(|error| unwritable(&path, &error))?;
        }
        Ok(())
    }
}

impl Drop for Folder<'_> {
    fn drop(&mut self) {
        for (partial, _) in &self.written {
            // Something went wrong before, and has been said.
            let _ = fs::remove_file(partial);
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::invalid(format!("cannot write {}: {error}", path.display()))
}
