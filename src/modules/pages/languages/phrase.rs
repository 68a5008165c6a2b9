use std::fmt;

use askama::filters::{Escaper as _, Html, HtmlSafe};

/// A text with one place for a name that comes from elsewhere, wherever the language wants it.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(serde::Serialize))]
pub struct Phrase {
    before: &'static str,
    #[cfg(test)]
    placeholder: &'static str,
    after: &'static str,
}

/// A [`Phrase`] from a text with exactly one `{placeholder}`; any other text does not compile.
pub(super) const fn phrase(text: &'static str) -> Phrase {
    let bytes = text.as_bytes();
    let (mut open, mut close) = (bytes.len(), bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'{' {
            assert!(open == bytes.len(), "a phrase has one placeholder only");
            open = at;
        }
        if bytes[at] == b'}' {
            assert!(close == bytes.len(), "a phrase has one placeholder only");
            close = at;
        }
        at += 1;
    }
    assert!(
        open < close && close < bytes.len(),
        "a phrase has a {{placeholder}}"
    );
    let (before, rest) = text.split_at(open);
    let (_, after) = rest.split_at(close + 1 - open);
    Phrase {
        before,
        #[cfg(test)]
        placeholder: rest.split_at(close + 1 - open).0,
        after,
    }
}

impl Phrase {
    /// The phrase as HTML, about this name.
    ///
    /// A name may be in another script than the page; `bdi` keeps it from turning the words around it.
    pub fn about<T: fmt::Display + ?Sized>(&self, name: &T) -> About {
        About {
            phrase: *self,
            name: name.to_string(),
        }
    }
}

impl Phrase {
    /// The phrase as plain text, with a number or the like in it that turns no words around.
    pub fn plain<T: fmt::Display + ?Sized>(&self, value: &T) -> String {
        format!("{}{value}{}", self.before, self.after)
    }
}

/// A phrase about something.
#[derive(Debug)]
pub struct About {
    phrase: Phrase,
    name: String,
}

impl HtmlSafe for About {}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Html.write_escaped_str(&mut *f, self.phrase.before)?;
        f.write_str("<strong><bdi>")?;
        Html.write_escaped_str(&mut *f, &self.name)?;
        f.write_str("</bdi></strong>")?;
        Html.write_escaped_str(f, self.phrase.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_become_html_nor_turn_the_words_around() {
        const ASKS: Phrase = phrase("A & {client} asks");
        assert_eq!(
            ASKS.about("<b>x</b>").to_string(),
            "A &#38; <strong><bdi>&#60;b&#62;x&#60;/b&#62;</bdi></strong> asks"
        );
    }
}
