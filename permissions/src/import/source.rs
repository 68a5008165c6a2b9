//! Files that are read, and places in them.

use crate::{plan::Plan, tuple::Tuple};

/// Most tuples that do not fit their namespaces and are told of one by one.
pub const MAX_MISFITS: usize = 20;

/// A file.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What is in it.
    pub text: &'a str,
}

/// Why a file cannot be taken over, and where.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct ImportError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in it, from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl Source<'_> {
    /// At a byte of the text.
    pub(super) fn error(&self, offset: usize, message: impl Into<String>) -> ImportError {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        ImportError {
            file: self.name.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
            message: message.into(),
        }
    }

    /// The byte of a line and column, both from 1.
    pub(super) fn offset(&self, line: u64, column: u64) -> usize {
        let from_one =
            |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let mut lines = self.text.split_inclusive('\n');
        let before: usize = lines.by_ref().take(from_one(line)).map(str::len).sum();
        let on_line = lines.next().unwrap_or_default();
        let column = on_line.char_indices().nth(from_one(column));
        before + column.map_or(on_line.len(), |(at, _)| at)
    }
}

/// A tuple, and at which byte of its file it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The byte.
    pub at: usize,
    /// The tuple.
    pub tuple: Tuple,
}

/// The first tuples of a file that its namespaces do not allow, [`MAX_MISFITS`] at most, and how many there
/// are.
pub fn misfits(plan: &Plan, source: Source<'_>, tuples: &[Placed]) -> (Vec<ImportError>, usize) {
    let mut first = Vec::new();
    let mut count = 0;
    for Placed { at, tuple } in tuples {
        if let Err(error) = plan.accepts(tuple) {
            count += 1;
            if first.len() < MAX_MISFITS {
                first.push(source.error(*at, error.to_string()));
            }
        }
    }
    (first, count)
}
