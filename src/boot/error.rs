//! What can be wrong with `engine.toml`, with the place.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// The server cannot be configured.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// `--config` names a file that cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is there and wrong. One line a mistake.
    #[error("{}", Lines(.0))]
    Mistakes(Vec<Mistake>),
}

/// One thing that is wrong in `engine.toml`.
#[derive(Debug)]
pub struct Mistake {
    /// `file:line:column`, or the option of the command line.
    pub at: String,
    /// Bytes from the start of the file, to list mistakes in its order.
    pub(super) offset: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

struct Lines<'a>(&'a [Mistake]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

/// The text of a configuration file, to turn offsets into lines.
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// The mistake at the byte `offset`.
    pub(super) fn mistake(&self, offset: usize, message: impl Into<String>) -> Mistake {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).unwrap_or("").chars().count() + 1;
        Mistake {
            at: format!("{}:{line}:{column}", self.path.display()),
            offset,
            message: message.into(),
        }
    }
}
