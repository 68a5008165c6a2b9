//! Problems as text for people.

use std::{fmt::Write as _, ops::Range};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{ByteRange, Location, Problems, Severity};

/// Longest line shown whole; a longer one is cut around the marked text.
const MAX_EXCERPT_BYTES: usize = 4_096;

pub(super) fn render(problems: &Problems, colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut out = String::new();
    for problem in problems {
        let level = match problem.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(printable(&problem.message));
        let mut group = place(
            problems,
            Group::with_title(title),
            &problem.at,
            problem.label.as_deref(),
            AnnotationKind::Primary,
        );
        for also in &problem.also {
            group = place(
                problems,
                group,
                &also.at,
                Some(&also.label),
                AnnotationKind::Context,
            );
        }
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(printable(help)));
        }
        out.push_str(&renderer.render(&[group]));
        out.push_str("\n\n");
    }
    let count = problems.count();
    let plural = if count == 1 { "" } else { "s" };
    let noun = if problems.are_warnings() {
        "warning"
    } else {
        "problem"
    };
    let _ = write!(out, "{count} {noun}{plural}");
    if problems.omitted > 0 {
        let _ = write!(out, ", the first {} shown", problems.list.len());
    }
    out.push('\n');
    out
}

/// Adds the excerpt around `at`, or only its name where there is no text.
fn place<'a>(
    problems: &'a Problems,
    group: Group<'a>,
    at: &'a Location,
    label: Option<&'a str>,
    kind: AnnotationKind,
) -> Group<'a> {
    let text = problems.texts.get(&at.file).filter(|_| at.line > 0);
    let Some(text) = text else {
        return group.element(Origin::path(&*at.file));
    };
    let (window, first_line, marked) = excerpt(text, at.line as usize, at.range);
    let annotation = kind.span(marked).label(label);
    group.element(
        Snippet::source(window)
            .path(&*at.file)
            .line_start(first_line)
            .fold(true)
            .annotation(annotation),
    )
}

/// The line of `range` with its number, and the range within it. What spans more lines is marked
/// on its first one.
fn excerpt(text: &str, line: usize, range: ByteRange) -> (&str, usize, Range<usize>) {
    let start = floor_char(text, range.start as usize);
    let mut line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let mut line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    if text[line_start..line_end].ends_with('\r') && line_end > start {
        line_end -= 1;
    }
    if line_end - line_start > MAX_EXCERPT_BYTES {
        line_start = line_start.max(floor_char(
            text,
            start.saturating_sub(MAX_EXCERPT_BYTES / 2),
        ));
        line_end = line_end.min(floor_char(text, start + MAX_EXCERPT_BYTES / 2));
    }
    let end = floor_char(text, range.end as usize).clamp(start, line_end.max(start));
    (
        &text[line_start..line_end],
        line,
        start - line_start..end - line_start,
    )
}

fn floor_char(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

/// Names and values come from whoever wrote the manifest: nothing in them may move the cursor or
/// turn the reading direction.
fn printable(text: &str) -> String {
    annotate_snippets::normalize_untrusted_str(text)
}
