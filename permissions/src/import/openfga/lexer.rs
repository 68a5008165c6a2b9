//! Splits a model into tokens.

use crate::import::{ImportError, braces};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// A name, a keyword, or a version.
    Word,
    /// One of `: [ ] , # * ( ) { } < >`.
    Sign,
    End,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// Where it begins.
    pub(super) at: usize,
}

impl Token<'_> {
    pub(super) fn is(&self, text: &str) -> bool {
        self.kind != Kind::End && self.text == text
    }
}

pub(super) struct Lexer<'a> {
    pub(super) source: &'a str,
    pub(super) at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn next(&mut self) -> Result<Token<'a>, ImportError> {
        loop {
            let rest = &self.source[self.at..];
            let blank = rest.len() - rest.trim_start().len();
            // `group#member` is one thing: a comment stands after a blank.
            let is_comment = rest.trim_start().starts_with('#') && (blank > 0 || self.at == 0);
            self.at += blank;
            if !is_comment {
                break;
            }
            let rest = &self.source[self.at..];
            self.at += rest.find('\n').unwrap_or(rest.len());
        }
        let rest = &self.source[self.at..];
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
        let (kind, length) = match rest.chars().next() {
            None => (Kind::End, 0),
            Some(first) if is_word(first) => {
                (Kind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len()))
            }
            Some(first) if ":[],#*(){}<>".contains(first) => (Kind::Sign, 1),
            Some(first) => {
                let message = format!(
                    "`{}` is not part of OpenFGA's language",
                    first.escape_debug()
                );
                return Err(ImportError::at(self.source, self.at, message));
            }
        };
        let token = Token {
            kind,
            text: &rest[..length],
            at: self.at,
        };
        self.at += length;
        Ok(token)
    }

    /// The text up to the `}` that belongs to the `{` before: the expression of a condition.
    pub(super) fn body(&mut self) -> Result<&'a str, ImportError> {
        let found = braces::body(self.source, self.at);
        let (body, end) = found.ok_or_else(|| {
            ImportError::at(self.source, self.at, "this condition is never closed")
        })?;
        self.at = end;
        Ok(body)
    }
}
