//! A problem while its document is at hand, before its place has a line.

use std::ops::Range;

use crate::{
    load::{
        outcome::Origin,
        source::Source,
        tree::{Node, Step},
    },
    problem::{ByteRange, Location, Problem, Severity},
};

/// Something wrong with one document.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) code: &'static str,
    pub(crate) place: Place,
    pub(crate) message: String,
    pub(crate) label: Option<String>,
    pub(crate) help: Option<String>,
    pub(crate) severity: Severity,
    /// Which bytes of the text there, if not all of it.
    pub(crate) within: Option<Range<usize>>,
}

/// Where in a document.
#[derive(Debug)]
pub(crate) enum Place {
    Steps(Vec<Step>),
    At(ByteRange),
}

impl Finding {
    pub(crate) fn new(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self {
            code,
            place,
            message: message.into(),
            label: None,
            help: None,
            severity: Severity::Error,
            within: None,
        }
    }

    /// A finding at a path within `spec`; `/` separates keys.
    pub(crate) fn in_spec(
        code: &'static str,
        path: &'static str,
        message: impl Into<String>,
    ) -> Self {
        if path.is_empty() {
            return Self::new(
                code,
                Place::Steps(vec![Step::KeyOf("spec".into())]),
                message,
            );
        }
        let mut steps = vec![Step::Key("spec".into())];
        let keys = path.split('/').filter(|key| !key.is_empty());
        steps.extend(keys.map(|key| Step::Key(key.into())));
        Self::new(code, Place::Steps(steps), message)
    }

    /// Points at the element that is `text`, in the list found so far.
    pub(crate) fn item(mut self, text: &str) -> Self {
        if let Place::Steps(steps) = &mut self.place {
            steps.push(Step::Item(text.to_owned()));
        }
        self
    }

    /// It may be applied all the same.
    pub(crate) fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The file that is being read.
pub(crate) struct Context<'a> {
    pub(crate) source: &'a Source,
    pub(crate) origin: Origin,
    /// Which document of the file it is, from 0.
    pub(crate) document: usize,
}

impl Context<'_> {
    /// The place of `steps` in the document `root`.
    pub(crate) fn locate(&self, root: &Node<'_>, place: &Place) -> Location {
        let (at, pointer) = match place {
            Place::Steps(steps) => root.find(steps),
            Place::At(at) => (*at, root.pointer_of(*at).unwrap_or_default()),
        };
        let mut location = self.source.locate(at);
        location.pointer = match self.origin {
            Origin::Manifest => pointer,
            Origin::Request => format!("/{}{pointer}", self.document),
        };
        location
    }

    pub(crate) fn problem(&self, root: &Node<'_>, finding: Finding) -> Problem {
        let mut at = self.locate(root, &finding.place);
        if let Some(within) = finding.within {
            narrow(self.source, &mut at, within);
        }
        Problem {
            code: finding.code,
            severity: finding.severity,
            at,
            message: finding.message,
            label: finding.label,
            help: finding.help,
            also: Vec::new(),
        }
    }
}

/// Moves `at`, the place of a scalar, to the bytes `within` its text. Only where the text stands in
/// the file as it is: on one line, plain or quoted without escapes, or in a block after `|`.
fn narrow(source: &Source, at: &mut Location, within: Range<usize>) {
    let Some(written) = source.text.get(at.range.as_range()) else {
        return;
    };
    let narrower = match indent_of_block(&source.text[..at.range.start as usize]) {
        Some(indent) => in_block(written, indent, &within),
        None => in_line(written, &within),
    };
    let Some(narrower) = narrower else {
        return;
    };
    let narrow = |offset: usize| u32::try_from(offset).unwrap_or(0);
    let mut range = at.range;
    range.end = at.range.start + narrow(narrower.end);
    range.start = at.range.start + narrow(narrower.start);
    let pointer = std::mem::take(&mut at.pointer);
    *at = source.locate(range);
    at.pointer = pointer;
}

fn in_line(written: &str, within: &Range<usize>) -> Option<Range<usize>> {
    let (quote, inner) = match written.as_bytes() {
        [b'"', .., b'"'] | [b'\'', .., b'\''] => (1, &written[1..written.len() - 1]),
        _ => (0, written),
    };
    let is_rewritten = inner.contains(['\n', '\\'])
        || (quote == 1 && inner.contains("''"))
        || written.starts_with(['>', '*', '&', '!']);
    let is_there = !is_rewritten && inner.get(within.clone()).is_some();
    is_there.then(|| quote + within.start..quote + within.end)
}

/// How far the text is indented that begins after `before`, if it is a block after `|`.
fn indent_of_block(before: &str) -> Option<usize> {
    let (above, indent) = before.rsplit_once('\n')?;
    let header = above.lines().next_back()?.trim_end();
    let is_block = [" |", " |-", " |+"].iter().any(|end| header.ends_with(end));
    (is_block && indent.bytes().all(|byte| byte == b' ')).then_some(indent.len())
}

/// As far as the line goes on which they begin. The first line is not indented: the text begins in it.
fn in_block(written: &str, indent: usize, within: &Range<usize>) -> Option<Range<usize>> {
    // YAML reads other ends of lines as `\n`, and then all that follows is somewhere else.
    if written.contains('\r') {
        return None;
    }
    let depth = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let (mut told, mut at) = (0, 0);
    for line in written.split_inclusive('\n') {
        let hidden = if at == 0 { 0 } else { indent.min(depth(line)) };
        let shown = line.len() - hidden;
        if within.start < told + shown {
            let begin = at + hidden + (within.start - told);
            let end = at + hidden + (within.end - told);
            let end_of_line = at + line.trim_end_matches('\n').len();
            return Some(begin..end.min(end_of_line).max(begin));
        }
        told += shown;
        at += line.len();
    }
    None
}
