//! Splits a schema into tokens. Comments before a token are kept: they become descriptions.

use crate::import::{ImportError, braces};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Word,
    /// One of `{ } ( ) : ; | # * + & - = , . < > /`, `->` or `...`.
    Sign,
    End,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// Where it begins.
    pub(super) at: usize,
    /// The comment right before it, as it is written.
    pub(super) comment: Option<&'a str>,
}

impl Token<'_> {
    pub(super) fn is(&self, text: &str) -> bool {
        self.kind != Kind::End && self.text == text
    }

    pub(super) const fn end(&self) -> usize {
        self.at + self.text.len()
    }
}

pub(super) struct Lexer<'a> {
    pub(super) source: &'a str,
    pub(super) at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(source: &'a str) -> Self {
        Self { source, at: 0 }
    }

    pub(super) fn next(&mut self) -> Result<Token<'a>, ImportError> {
        let mut comment = None;
        loop {
            let rest = &self.source[self.at..];
            let blank = rest.len() - rest.trim_start().len();
            self.at += blank;
            let rest = &self.source[self.at..];
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                match rest.find("*/") {
                    Some(end) => end + 2,
                    None => return Err(self.error("this comment is never closed")),
                }
            } else {
                break;
            };
            // Of several, the last is nearest.
            comment = Some(&rest[..length]);
            self.at += length;
        }
        let rest = &self.source[self.at..];
        let (kind, length) = match rest.chars().next() {
            None => (Kind::End, 0),
            Some(first) if first.is_ascii_alphanumeric() || first == '_' => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                (Kind::Word, end.unwrap_or(rest.len()))
            }
            Some(_) if rest.starts_with("->") => (Kind::Sign, 2),
            Some(_) if rest.starts_with("...") => (Kind::Sign, 3),
            Some(first) if "{}():;|#*+&-=,.<>/".contains(first) => (Kind::Sign, 1),
            Some(first) => {
                let shown = first.escape_debug();
                return Err(self.error(format!(
                    "`{shown}` is not part of SpiceDB's schema language"
                )));
            }
        };
        let token = Token {
            kind,
            text: &rest[..length],
            at: self.at,
            comment,
        };
        self.at += length;
        Ok(token)
    }

    /// The text up to the `}` that belongs to the `{` before: the expression of a caveat.
    pub(super) fn body(&mut self) -> Result<&'a str, ImportError> {
        let found = braces::body(self.source, self.at);
        let (body, end) = found.ok_or_else(|| self.error("this caveat is never closed"))?;
        self.at = end;
        Ok(body)
    }

    pub(super) fn error(&self, message: impl Into<String>) -> ImportError {
        ImportError::at(self.source, self.at, message)
    }
}
