//! What letters say, one file each language. The texts are templates: `{{ link }}` is what the letter
//! tells (see [`LetterKind::variables`]).

mod arabic;
mod english;
mod german;
mod japanese;
mod turkish;

use assay_reconciler::spec::LetterKind;

use crate::modules::pages::Language;

/// What letters say in one language.
#[derive(Debug)]
pub(super) struct Words {
    /// Over or beside the code.
    pub(super) code: &'static str,
    /// How long link and code are good for.
    pub(super) expires: &'static str,
    /// Over the address that the button leads to.
    pub(super) address: &'static str,
    /// At the end of what somebody may not have asked for.
    pub(super) ignore: &'static str,
    /// At the end of what somebody may not have done.
    pub(super) not_you: &'static str,
    /// The last line.
    pub(super) sent_to: &'static str,
    /// What the letters say each.
    pub(super) letter: fn(LetterKind) -> LetterWords,
}

/// What one letter says in one language.
#[derive(Clone, Copy, Debug)]
pub(super) struct LetterWords {
    pub(super) subject: &'static str,
    /// What has happened, or what is to be done.
    pub(super) lead: &'static str,
    /// What stands on the button; nothing, if the letter has no link.
    pub(super) action: &'static str,
}

const fn words(subject: &'static str, lead: &'static str, action: &'static str) -> LetterWords {
    LetterWords {
        subject,
        lead,
        action,
    }
}

/// How a letter ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Closing {
    /// Whoever did not ask for it need not do anything.
    Ignore,
    /// Whoever did not do it has to do something.
    NotYou,
    /// All is said.
    Nothing,
}

impl Closing {
    pub(super) fn of(kind: LetterKind) -> Self {
        match kind {
            LetterKind::Verification
            | LetterKind::Recovery
            | LetterKind::Registration
            | LetterKind::AlreadyRegistered
            | LetterKind::Invitation
            | LetterKind::EmailChange => Self::Ignore,
            LetterKind::NewDevice
            | LetterKind::PasswordChanged
            | LetterKind::PasskeyAdded
            | LetterKind::PasskeyRemoved
            | LetterKind::SecondFactorAdded
            | LetterKind::SecondFactorRemoved
            | LetterKind::RecoveryCodeUsed
            | LetterKind::RecoveryCodesMade
            | LetterKind::AccountLinked
            | LetterKind::AccountUnlinked => Self::NotYou,
            LetterKind::EmailChanged
            | LetterKind::PasskeySuspected
            | LetterKind::DeletionScheduled
            | LetterKind::AccountDeleted => Self::Nothing,
        }
    }
}

/// Those of a language.
pub(super) fn of(language: &Language) -> &'static Words {
    match language.tag {
        "de" => &german::GERMAN,
        "tr" => &turkish::TURKISH,
        "ja" => &japanese::JAPANESE,
        "ar" => &arabic::ARABIC,
        _ => &english::ENGLISH,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::pages::languages::LANGUAGES;

    fn texts(words: &Words) -> Vec<&'static str> {
        let mut texts = vec![
            words.code,
            words.expires,
            words.address,
            words.ignore,
            words.not_you,
            words.sent_to,
        ];
        for kind in LetterKind::ALL {
            let letter = (words.letter)(kind);
            texts.extend([letter.subject, letter.lead, letter.action]);
        }
        texts
    }

    #[test]
    fn every_language_has_words_of_its_own() {
        let english = texts(&english::ENGLISH);
        for language in &LANGUAGES[1..] {
            let translated = texts(of(language));
            for (ours, theirs) in english.iter().zip(translated) {
                if ours.is_empty() {
                    assert!(theirs.is_empty(), "{}: {theirs}", language.tag);
                } else {
                    assert_ne!(*ours, theirs, "{}", language.tag);
                }
                assert_eq!(theirs.trim(), theirs, "{}", language.tag);
            }
        }
    }

    #[test]
    fn a_letter_with_a_link_has_a_button_and_no_other() {
        for language in LANGUAGES {
            for kind in LetterKind::ALL {
                let action = (of(language).letter)(kind).action;
                let has_link = kind.variables().contains(&"link");
                assert_eq!(!action.is_empty(), has_link, "{} {kind}", language.tag);
            }
        }
    }
}
