//! The languages that pages speak, one file each: a further one is a file like the others and its line
//! in [`LANGUAGES`]. A text that is missing, superfluous or without its placeholder does not compile.

mod arabic;
mod english;
mod german;
mod japanese;
mod phrase;
mod texts;
mod turkish;
mod wanted;

use self::phrase::phrase;
pub use self::{
    phrase::Phrase,
    texts::{
        Account, AccountChoice, Authorize, ClaimMeanings, Common, Consent, Device, Login, Logout,
        PasswordRules, ScopeMeanings, SecondFactors, SignedOut,
    },
};

/// Every language, the one first in which people are spoken to of whom nothing is known.
pub static LANGUAGES: [&Language; 5] = [
    &english::ENGLISH,
    &german::GERMAN,
    &turkish::TURKISH,
    &japanese::JAPANESE,
    &arabic::ARABIC,
];

/// A language, and what is said in it.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(serde::Serialize))]
pub struct Language {
    /// Its name (BCP 47).
    pub tag: &'static str,
    /// Which way it is read: HTML's `dir`.
    pub direction: &'static str,
    /// What several pages say.
    pub common: Common,
    /// `/auth/login`
    pub login: Login,
    /// `/auth/login/second-factor` and `/auth/account/second-factors`
    pub second_factors: SecondFactors,
    /// Where a password is chosen.
    pub password_rules: PasswordRules,
    /// `/auth/account`
    pub account: Account,
    /// `/auth/select-account`
    pub account_choice: AccountChoice,
    /// After signing out.
    pub signed_out: SignedOut,
    /// `/auth/consent`
    pub consent: Consent,
    /// What the standard scopes mean.
    pub scopes: ScopeMeanings,
    /// What single claims mean.
    pub claims: ClaimMeanings,
    /// `/auth/device`
    pub device: Device,
    /// `/auth/logout`
    pub logout: Logout,
    /// `/auth/authorize`
    pub authorize: Authorize,
}

impl Language {
    /// The language of people of whom nothing is known.
    pub fn fallback() -> &'static Self {
        &english::ENGLISH
    }

    /// The first of a list like `ui_locales` that is spoken here.
    pub fn among(tags: &str) -> Option<&'static Self> {
        wanted::by_order(tags).and_then(Self::named)
    }

    /// The language that a browser asks for with `Accept-Language`.
    pub fn accepted(header: &str) -> Option<&'static Self> {
        wanted::by_weight(header).and_then(Self::named)
    }

    fn named(tag: &str) -> Option<&'static Self> {
        LANGUAGES.into_iter().find(|language| language.tag == tag)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;

    /// Every text by its place, placeholders included.
    fn texts(language: &Language) -> BTreeMap<String, String> {
        fn collect(at: &str, value: &Value, texts: &mut BTreeMap<String, String>) {
            match value {
                Value::String(text) => {
                    texts.insert(at.to_owned(), text.clone());
                }
                Value::Object(fields) => {
                    for (name, value) in fields {
                        collect(&format!("{at}.{name}"), value, texts);
                    }
                }
                other => panic!("{at}: {other}"),
            }
        }
        let mut all = BTreeMap::new();
        collect("", &serde_json::to_value(language).unwrap(), &mut all);
        all
    }

    /// Whether it is what stands on one side of a placeholder.
    fn is_side(place: &str) -> bool {
        [".before", ".after"].iter().any(|end| place.ends_with(end))
    }

    #[test]
    fn nothing_is_left_in_english() {
        let english = texts(Language::fallback());
        for language in &LANGUAGES[1..] {
            let translated = texts(language);
            for (place, text) in &english {
                let other = &translated[place];
                if place.ends_with(".placeholder") || place == ".direction" {
                    continue;
                }
                if is_side(place) {
                    assert!(
                        text != other || text.trim_matches([' ', '.', ':']).is_empty(),
                        "{} {place}",
                        language.tag
                    );
                    continue;
                }
                assert_ne!(text, other, "{} {place}", language.tag);
            }
        }
    }

    #[test]
    fn every_phrase_has_the_placeholder_that_its_place_fills() {
        let english = texts(Language::fallback());
        for language in LANGUAGES {
            for (place, text) in texts(language) {
                if place.ends_with(".placeholder") {
                    assert_eq!(text, english[&place], "{} {place}", language.tag);
                } else {
                    assert!(!text.contains(['{', '}']), "{} {place}", language.tag);
                }
            }
        }
    }

    #[test]
    fn texts_are_written_out_and_without_stray_blanks() {
        for language in LANGUAGES {
            for (place, text) in texts(language) {
                assert!(!text.contains("  "), "{} {place}", language.tag);
                if !is_side(&place) {
                    assert!(!text.is_empty(), "{} {place}", language.tag);
                    assert_eq!(text.trim(), text, "{} {place}", language.tag);
                }
            }
        }
    }

    #[test]
    fn a_language_is_named_once_and_read_one_way_or_the_other() {
        for (index, language) in LANGUAGES.into_iter().enumerate() {
            assert!(
                LANGUAGES[..index]
                    .iter()
                    .all(|other| other.tag != language.tag)
            );
            assert!(["ltr", "rtl"].contains(&language.direction));
        }
    }
}
