//! What is wrong with the text, and whether reading can go on behind it.

use granit_parser::{ErrorKind, ScanError};

use super::{Builder, Stop, push};
use crate::problem::{ByteRange, Problem};

impl Builder<'_, '_> {
    pub(super) fn problem(
        &mut self,
        code: &'static str,
        at: ByteRange,
        message: impl Into<String>,
        help: &str,
    ) {
        let at = self.source.locate(at);
        push(&mut self.problems, || {
            Problem::new(code, at, message).help(help)
        });
    }

    pub(super) fn limit(&self, at: ByteRange, what: String) -> Stop {
        Stop {
            problem: Box::new(
                Problem::new("limit", self.source.locate(at), what)
                    .help("the rest of the file was not read"),
            ),
            is_limit: true,
        }
    }

    pub(super) fn syntax(&self, error: &ScanError) -> Stop {
        let marker = error.marker();
        let offset = marker
            .byte_offset()
            .unwrap_or(0)
            .min(self.source.text.len());
        let start = u32::try_from(self.source.text.floor_char_boundary(offset)).unwrap_or(u32::MAX);
        let length = self.source.text[start as usize..]
            .chars()
            .next()
            .map_or(0, char::len_utf8);
        let at = ByteRange {
            start,
            end: start + u32::try_from(length).unwrap_or(0),
        };
        let found = self.source.text[start as usize..].chars().next();
        let mut problem = Problem::new("yaml", self.source.locate(at), error.info());
        let is_tab = matches!(
            error.kind(),
            ErrorKind::TabNotAllowed
                | ErrorKind::TabInBlockIndentation
                | ErrorKind::TabInIndentation
                | ErrorKind::TabAtBlockScalarStart
                | ErrorKind::TabInPlainScalar
        );
        if is_tab || found == Some('\t') {
            problem = problem.help("YAML is indented with blanks, never with tabs");
        }
        Stop {
            problem: Box::new(problem),
            is_limit: matches!(error.kind(), ErrorKind::RecursionLimitExceeded),
        }
    }
}
