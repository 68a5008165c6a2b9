//! What is wrong with a set of manifests: every problem with its place, and how to put it right.

mod mask;
mod render;

use std::{collections::BTreeMap, fmt, ops::Range, sync::Arc};

use serde::Serialize;

pub(crate) use mask::{find_secret, mask_text};

use crate::load::limits::MAX_PROBLEMS;

/// A place in a manifest.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Location {
    /// The file as it was named, `<stdin>`, or `request` for the admin API.
    pub file: Arc<str>,
    /// The line, from 1. 0 when the problem is about the file as a whole.
    pub line: u32,
    /// The column in characters, from 1. 0 when the problem is about the file as a whole.
    pub column: u32,
    /// The JSON pointer (RFC 6901) within the document, or within the list of documents of a
    /// request. Empty for a document or file as a whole.
    pub pointer: String,
    /// The bytes in the file.
    #[serde(skip)]
    pub range: ByteRange,
}

/// `start..end` in bytes.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct ByteRange {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl ByteRange {
    /// For indexing.
    pub fn as_range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Location {
    /// A file as a whole.
    pub fn of_file(file: impl Into<Arc<str>>) -> Self {
        Self {
            file: file.into(),
            line: 0,
            column: 0,
            pointer: String::new(),
            range: ByteRange::default(),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            f.write_str(&self.file)
        } else {
            write!(f, "{}:{}:{}", self.file, self.line, self.column)
        }
    }
}

/// Whether a problem keeps manifests from being applied.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// It does.
    Error,
    /// It does not, but is likely not meant.
    Warning,
}

/// One thing that is wrong, where, and what would be right.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Which rule, for programs: stable and lower-case with hyphens.
    pub code: &'static str,
    /// Whether it keeps the manifests from being applied.
    pub severity: Severity,
    /// Where.
    #[serde(flatten)]
    pub at: Location,
    /// What is wrong.
    pub message: String,
    /// A few words beside the marked text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Other places that matter, each with a few words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Also>,
}

/// Another place that a problem is about.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Also {
    /// Where.
    #[serde(flatten)]
    pub at: Location,
    /// What is there.
    pub label: String,
}

impl Problem {
    /// A problem without help.
    pub fn new(code: &'static str, at: Location, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            at,
            message: message.into(),
            label: None,
            help: None,
            also: Vec::new(),
        }
    }

    /// Adds what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds words beside the marked text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn also(mut self, at: Location, label: impl Into<String>) -> Self {
        self.also.push(Also {
            at,
            label: label.into(),
        });
        self
    }
}

/// All problems of one load, by file and line. Its `Display` is the plain rendering.
#[derive(Clone, Debug, Serialize)]
pub struct Problems {
    #[serde(rename = "problems")]
    list: Vec<Problem>,
    /// How many more there were than are kept.
    #[serde(rename = "omitted")]
    omitted: usize,
    /// The text of the files that have problems, secrets masked byte by byte.
    #[serde(skip)]
    texts: BTreeMap<Arc<str>, Arc<str>>,
}

impl Problems {
    /// Sorts `problems` by place, and keeps the text of the files they are in from `text_of`,
    /// with secrets masked.
    pub(crate) fn new<'t>(
        mut problems: Vec<Problem>,
        text_of: impl Fn(&str) -> Option<&'t str>,
    ) -> Self {
        problems.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.message.cmp(&b.message)));
        problems.dedup();
        let omitted = problems.len().saturating_sub(MAX_PROBLEMS);
        problems.truncate(MAX_PROBLEMS);
        let mut texts = BTreeMap::new();
        for problem in &mut problems {
            problem.message = mask::mask_tokens(&problem.message);
            problem.help = problem.help.take().map(|help| mask::mask_tokens(&help));
            problem.label = problem.label.take().map(|label| mask::mask_tokens(&label));
            let places = std::iter::once(&problem.at).chain(problem.also.iter().map(|a| &a.at));
            for at in places {
                if !texts.contains_key(&at.file)
                    && let Some(text) = text_of(&at.file)
                {
                    texts.insert(Arc::clone(&at.file), Arc::from(mask_text(text)));
                }
            }
        }
        Self {
            list: problems,
            omitted,
            texts,
        }
    }

    /// The problems, by file and line.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// Whether there is nothing but warnings.
    pub fn are_warnings(&self) -> bool {
        self.list
            .iter()
            .all(|problem| problem.severity == Severity::Warning)
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many problems there are, with those that were not kept.
    pub fn count(&self) -> usize {
        self.list.len() + self.omitted
    }

    /// The text for a terminal, in colour if asked for.
    pub fn render(&self, colour: bool) -> String {
        render::render(self, colour)
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}
