//! Splits an expression into tokens.

use super::TextRange;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Word,
    Plus,
    Ampersand,
    Minus,
    Arrow,
    Dot,
    Open,
    Close,
    End,
    /// Anything the language does not know.
    Stray,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) range: TextRange,
}

pub(super) struct Lexer<'a> {
    source: &'a str,
    at: usize,
}

/// Operators of other languages, taken as one token so that an error shows them whole.
const FOREIGN: [&str; 5] = ["||", "&&", "=>", "!=", "=="];

impl<'a> Lexer<'a> {
    pub(super) const fn new(source: &'a str) -> Self {
        Self { source, at: 0 }
    }

    pub(super) fn next(&mut self) -> Token<'a> {
        let rest = &self.source[self.at..];
        let blank = rest.len() - rest.trim_start().len();
        self.at += blank;
        let rest = &self.source[self.at..];
        let (kind, length) = match rest.chars().next() {
            None => (Kind::End, 0),
            Some(_) if rest.starts_with("->") => (Kind::Arrow, 2),
            Some(_) if FOREIGN.iter().any(|text| rest.starts_with(text)) => (Kind::Stray, 2),
            Some('+') => (Kind::Plus, 1),
            Some('&') => (Kind::Ampersand, 1),
            Some('-') => (Kind::Minus, 1),
            Some('.') => (Kind::Dot, 1),
            Some('(') => (Kind::Open, 1),
            Some(')') => (Kind::Close, 1),
            Some(first) if is_word(first) => {
                (Kind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len()))
            }
            Some(first) => (Kind::Stray, first.len_utf8()),
        };
        let range = TextRange::new(self.at, self.at + length);
        self.at += length;
        Token {
            kind,
            text: &rest[..length],
            range,
        }
    }
}

// Wider than a name, so that `größe` is seen as one bad name.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
