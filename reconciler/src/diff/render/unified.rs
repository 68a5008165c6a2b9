//! The unified diff of one object.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use super::yaml;
use crate::diff::document::ChangeDocument;

/// After this the diff of one huge object is no longer the shortest one.
const PATIENCE: Duration = Duration::from_millis(200);

/// What a line of a unified diff is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Line {
    /// `@@ -1,4 +1,5 @@`
    Hunk,
    /// On both sides.
    Context,
    /// Only before.
    Removed,
    /// Only after.
    Added,
}

/// The lines of the unified diff, each with its sign.
pub(super) fn diff(change: &ChangeDocument) -> Vec<(Line, String)> {
    let (before, after) = yaml::sides(change);
    if before.is_empty() || after.is_empty() {
        let removed = before.iter().map(|l| (Line::Removed, format!("-{l}")));
        let added = after.iter().map(|l| (Line::Added, format!("+{l}")));
        return removed.chain(added).collect();
    }
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let after: Vec<&str> = after.iter().map(String::as_str).collect();
    let diff = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_slices(&before, &after);
    let mut lines = Vec::new();
    for hunk in diff.unified_diff().iter_hunks() {
        lines.push((Line::Hunk, hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let (line, sign) = match change.tag() {
                ChangeTag::Equal => (Line::Context, ' '),
                ChangeTag::Delete => (Line::Removed, '-'),
                ChangeTag::Insert => (Line::Added, '+'),
            };
            lines.push((line, format!("{sign}{}", change.value())));
        }
    }
    lines
}
