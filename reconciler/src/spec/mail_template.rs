//! Kind `MailTemplate`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LetterKind;

/// The languages that letters are written in, the one to fall back to first.
pub const LANGUAGES: [&str; 5] = ["en", "de", "tr", "ja", "ar"];

/// Most characters of a subject.
pub const MAX_SUBJECT: usize = 200;
/// Most characters of a text, or of its HTML.
pub const MAX_BODY: usize = 50_000;

/// The words of a letter in the place of those that assay has. `metadata.name` says which: a letter
/// (`newDevice`) in every language that has no words of its own, or in one (`newDevice.de`).
///
/// Templates have `{{ name }}` for what the letter tells, `{% if name %}` and comments. What they may name,
/// the guide to mail lists.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MailTemplateSpec {
    /// The subject: a template on one line.
    #[schemars(length(min = 1, max = MAX_SUBJECT))]
    pub subject: String,
    /// The letter without markup: a template.
    #[schemars(length(min = 1, max = MAX_BODY))]
    pub text: String,
    /// The letter as HTML: a template in which all that it names is escaped. Without it, the letter has no
    /// part with markup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_BODY))]
    pub html: Option<String>,
}

/// Whose words they are: what `metadata.name` says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TemplateName {
    /// The letter.
    pub letter: LetterKind,
    /// The only language that they are for.
    pub language: Option<&'static str>,
}

/// The name is of no letter.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UnknownTemplate {
    /// There is no such letter.
    #[error("unknown letter `{0}`")]
    Letter(String),
    /// Letters are not written in it.
    #[error("letters are not written in the language `{0}`")]
    Language(String),
}

impl TemplateName {
    /// Reads `newDevice` or `newDevice.de`.
    pub fn parse(name: &str) -> Result<Self, UnknownTemplate> {
        let (letter, language) = match name.split_once('.') {
            Some((letter, language)) => (letter, Some(language)),
            None => (name, None),
        };
        let letter =
            LetterKind::named(letter).ok_or_else(|| UnknownTemplate::Letter(letter.to_owned()))?;
        let known = |tag: &str| {
            let mut languages = LANGUAGES.into_iter();
            languages
                .find(|known| *known == tag)
                .ok_or_else(|| UnknownTemplate::Language(tag.to_owned()))
        };
        Ok(Self {
            letter,
            language: language.map(known).transpose()?,
        })
    }
}

impl fmt::Display for TemplateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.language {
            Some(language) => write!(f, "{}.{language}", self.letter),
            None => write!(f, "{}", self.letter),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_letter_and_perhaps_a_language() {
        for name in ["newDevice", "newDevice.de", "verification.en"] {
            assert_eq!(TemplateName::parse(name).unwrap().to_string(), name);
        }
        let letter = |text: &str| Err(UnknownTemplate::Letter(text.to_owned()));
        let language = |text: &str| Err(UnknownTemplate::Language(text.to_owned()));
        assert_eq!(TemplateName::parse("newdevice"), letter("newdevice"));
        assert_eq!(TemplateName::parse(".de"), letter(""));
        assert_eq!(TemplateName::parse("newDevice.fr"), language("fr"));
        assert_eq!(TemplateName::parse("newDevice."), language(""));
        assert_eq!(TemplateName::parse("newDevice.de.x"), language("de.x"));
    }
}
