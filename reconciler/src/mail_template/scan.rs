//! The tags of a template, and what may stand in them, before the template is given to an engine that could
//! do more.

use std::ops::Range;

use super::{TemplateError, line_at};

/// The only statements there are.
const STATEMENTS: [&str; 4] = ["if", "elif", "else", "endif"];
const HELP: &str = "a letter has `{{ name }}`, `{% if name %}`, `{% elif name %}`, `{% else %}`, `{% endif %}` \
and comments in `{# #}`";

/// What stands between the marks of `{{ }}` or `{% %}`.
struct Tag {
    inner: Range<usize>,
    is_statement: bool,
}

/// Refuses every statement but `if`, and what values could be multiplied with.
pub(super) fn check(field: &'static str, text: &str) -> Result<(), TemplateError> {
    let refuse = |within: Range<usize>, message: String| TemplateError {
        field,
        message,
        help: Some(HELP.to_owned()),
        line: Some(line_at(text, within.start)),
        within: Some(within),
    };
    for tag in tags(text) {
        let tokens: Vec<Token> = tokens(text, tag.inner.clone()).collect();
        if let Some(Token::Word(word)) = tokens.first()
            && tag.is_statement
            && !STATEMENTS.contains(&&text[word.clone()])
        {
            let message = format!("`{{% {} %}}` has no place in a letter", &text[word.clone()]);
            return Err(refuse(word.clone(), message));
        }
        for token in tokens {
            if let Token::Sign(at) = token
                && matches!(&text[at.clone()], "*" | "[" | "{")
            {
                let message = format!("`{}` has no place in a letter", &text[at.clone()]);
                return Err(refuse(at, message));
            }
        }
    }
    Ok(())
}

/// Where the template first names this.
pub(super) fn place_of(text: &str, name: &str) -> Option<Range<usize>> {
    tags(text)
        .into_iter()
        .flat_map(|tag| tokens(text, tag.inner))
        .find_map(|token| match token {
            Token::Word(at) if &text[at.clone()] == name => Some(at),
            _ => None,
        })
}

fn tags(text: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('{') {
        let start = at + found;
        at = match text.as_bytes().get(start + 1) {
            Some(b'#') => text[start..]
                .find("#}")
                .map_or(text.len(), |end| start + end + 2),
            Some(mark @ (b'{' | b'%')) => {
                let is_statement = *mark == b'%';
                let end = end_of(text, start + 2, if is_statement { "%}" } else { "}}" });
                tags.push(Tag {
                    inner: start + 2..end,
                    is_statement,
                });
                end
            }
            _ => start + 1,
        };
    }
    tags
}

/// Where the tag ends that begins at `start`: at the first mark outside of strings.
fn end_of(text: &str, start: usize, mark: &str) -> usize {
    let mut at = start;
    while at < text.len() {
        match text.as_bytes()[at] {
            b'"' | b'\'' => at = after_string(text, at),
            _ if text.as_bytes()[at..].starts_with(mark.as_bytes()) => return at,
            _ => at += 1,
        }
    }
    text.len()
}

/// The byte after the string that begins at `start`.
fn after_string(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == bytes[start] => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

enum Token {
    Word(Range<usize>),
    Sign(Range<usize>),
}

/// Words and single signs outside of strings.
fn tokens(text: &str, inner: Range<usize>) -> impl Iterator<Item = Token> {
    let mut at = inner.start;
    std::iter::from_fn(move || {
        while at < inner.end {
            let rest = &text[at..inner.end];
            let first = rest.chars().next()?;
            if first == '"' || first == '\'' {
                at = after_string(text, at).min(inner.end);
            } else if first.is_alphanumeric() || first == '_' {
                let is_other = |c: char| !c.is_alphanumeric() && c != '_';
                let end = at + rest.find(is_other).unwrap_or(rest.len());
                let word = at..end;
                at = end;
                return Some(Token::Word(word));
            } else {
                let sign = at..at + first.len_utf8();
                at = sign.end;
                // What only takes blanks away around the tag stands first in it.
                let is_mark = sign.start == inner.start && matches!(first, '-' | '+');
                if !is_mark && !first.is_whitespace() {
                    return Some(Token::Sign(sign));
                }
            }
        }
        None
    })
}
