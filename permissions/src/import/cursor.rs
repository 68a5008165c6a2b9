//! Goes through the text of a schema, token by token.

use super::{ImportError, Source};

/// Longest description of a manifest, in characters.
const MAX_DESCRIPTION: usize = 1_000;

/// What the tokens of a language look like.
pub(super) struct Language {
    /// For people.
    pub(super) name: &'static str,
    /// The longest first.
    pub(super) signs: &'static [&'static str],
    pub(super) is_in_word: fn(char) -> bool,
    pub(super) comments: Comments,
    /// Whether there are texts in quotes.
    pub(super) has_texts: bool,
}

/// How comments begin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Comments {
    /// `//` and `/* */`.
    Slashes,
    /// `#` after a blank: `group#member` is one thing.
    Hash,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Word,
    Sign,
    /// With its quotes.
    Text,
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

    /// The comment, without its signs.
    pub(super) fn description(&self) -> Option<String> {
        let comment = self.comment?;
        let inner = comment
            .strip_prefix("/*")
            .and_then(|rest| rest.strip_suffix("*/"));
        let inner = inner.unwrap_or(comment);
        let lines = inner
            .lines()
            .map(|line| line.trim().trim_start_matches(['*', '/']).trim());
        let text: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
        let text: String = text.join(" ").chars().take(MAX_DESCRIPTION).collect();
        (!text.is_empty()).then_some(text)
    }
}

/// Stands at a token, with the ones before it taken.
pub(super) struct Cursor<'a> {
    language: &'static Language,
    pub(super) source: Source<'a>,
    /// Where the text after the token begins.
    rest: usize,
    /// The next to be taken.
    pub(super) token: Token<'a>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(
        language: &'static Language,
        source: Source<'a>,
    ) -> Result<Self, ImportError> {
        let nothing = Token {
            kind: Kind::End,
            text: "",
            at: 0,
            comment: None,
        };
        let mut cursor = Self {
            language,
            source,
            rest: 0,
            token: nothing,
        };
        cursor.advance()?;
        Ok(cursor)
    }

    /// Takes the token.
    pub(super) fn advance(&mut self) -> Result<Token<'a>, ImportError> {
        let next = self.read()?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.token.kind == Kind::End
    }

    /// Takes the token if it is `text`.
    pub(super) fn takes(&mut self, text: &str) -> Result<bool, ImportError> {
        let is_it = self.token.is(text);
        if is_it {
            self.advance()?;
        }
        Ok(is_it)
    }

    pub(super) fn word(&mut self, expected: &str) -> Result<Token<'a>, ImportError> {
        if self.token.kind == Kind::Word {
            self.advance()
        } else {
            Err(self.unexpected(self.token, expected))
        }
    }

    pub(super) fn expect(&mut self, text: &str) -> Result<(), ImportError> {
        if self.takes(text)? {
            Ok(())
        } else {
            Err(self.unexpected(self.token, &format!("`{text}`")))
        }
    }

    /// Takes all that is in braces, in another language.
    pub(super) fn in_braces(&mut self, what: &str) -> Result<&'a str, ImportError> {
        if !self.token.is("{") {
            return Err(self.unexpected(self.token, "`{`"));
        }
        let start = self.token.at + 1;
        let end = closing(&self.source.text[start..]).ok_or_else(|| {
            self.source
                .error(start, format!("this {what} is never closed"))
        })?;
        self.rest = start + end + 1;
        self.advance()?;
        Ok(&self.source.text[start..start + end])
    }

    pub(super) fn unexpected(&self, token: Token<'_>, expected: &str) -> ImportError {
        let found = match token.kind {
            Kind::End => "the end".to_owned(),
            _ => format!("`{}`", token.text.chars().take(40).collect::<String>()),
        };
        self.error(token, format!("found {found}, expected {expected}"))
    }

    pub(super) fn error(&self, token: Token<'_>, message: impl Into<String>) -> ImportError {
        self.source.error(token.at, message)
    }

    fn read(&mut self) -> Result<Token<'a>, ImportError> {
        let comment = self.pass_comments()?;
        let text = self.source.text;
        let rest = &text[self.rest..];
        let (kind, length) = match rest.chars().next() {
            None => (Kind::End, 0),
            Some(first) if (self.language.is_in_word)(first) => {
                let end = rest.find(|c| !(self.language.is_in_word)(c));
                (Kind::Word, end.unwrap_or(rest.len()))
            }
            Some(quote @ ('"' | '\'')) if self.language.has_texts => {
                let end = rest[1..].find([quote, '\n']).map(|end| end + 1);
                let end = end.filter(|end| rest[*end..].starts_with(quote));
                let end = end.ok_or_else(|| {
                    self.source
                        .error(self.rest, "this text is never closed on its line")
                })?;
                (Kind::Text, end + 1)
            }
            Some(first) => {
                let mut signs = self.language.signs.iter();
                let sign = signs.find(|sign| rest.starts_with(**sign));
                let sign = sign.ok_or_else(|| {
                    let message = format!(
                        "`{}` is not part of {}",
                        first.escape_debug(),
                        self.language.name
                    );
                    self.source.error(self.rest, message)
                })?;
                (Kind::Sign, sign.len())
            }
        };
        let token = Token {
            kind,
            text: &rest[..length],
            at: self.rest,
            comment,
        };
        self.rest += length;
        Ok(token)
    }

    /// Goes to where the next token begins, and gives the comment before it. Of several, the last is
    /// nearest.
    fn pass_comments(&mut self) -> Result<Option<&'a str>, ImportError> {
        let text = self.source.text;
        let mut comment = None;
        loop {
            let rest = &text[self.rest..];
            let blank = rest.len() - rest.trim_start().len();
            let is_apart = blank > 0 || self.rest == 0;
            self.rest += blank;
            let rest = &text[self.rest..];
            let to_line_end = || rest.find('\n').unwrap_or(rest.len());
            let length = match self.language.comments {
                Comments::Hash if is_apart && rest.starts_with('#') => to_line_end(),
                Comments::Slashes if rest.starts_with("//") => to_line_end(),
                Comments::Slashes if rest.starts_with("/*") => {
                    let end = rest.find("*/").ok_or_else(|| {
                        self.source.error(self.rest, "this comment is never closed")
                    })?;
                    end + 2
                }
                _ => return Ok(comment),
            };
            comment = Some(&rest[..length]);
            self.rest += length;
        }
    }
}

/// Where the `}` is that belongs to a `{` right before `text`. What is in quotes counts for nothing.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1_usize;
    let mut quote: Option<char> = None;
    let mut characters = text.char_indices();
    while let Some((offset, c)) = characters.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                characters.next();
            }
            (Some(open), c) => quote = (c != open).then_some(open),
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') => {
                depth -= 1;
                if depth == 0 {
                    return Some(offset);
                }
            }
            _ => {}
        }
    }
    None
}
