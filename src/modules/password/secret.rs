use unicode_normalization::UnicodeNormalization as _;

use crate::{crypto::Secret, modules::pages::languages::Language};

/// Most characters of a password.
pub const MAX_PASSWORD: usize = 1_024;

/// A password in the form in which it is hashed: composed (NFC), as RFC 8265 4.2 wants it, so that it
/// is the same from every keyboard.
#[derive(Clone, Debug)]
pub struct Password(Secret<String>);

/// Why a text cannot be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefused {
    /// Over [`MAX_PASSWORD`].
    #[error("a password may have {MAX_PASSWORD} characters at most")]
    TooLong,
    /// Under the setting `minLength`.
    #[error("a password needs {0} characters or more")]
    TooShort(u32),
    /// Such as NUL, which no keyboard types.
    #[error("a password cannot contain control characters")]
    Control,
    /// The e-mail address or the name, or nearly.
    #[error(
        "this password is too much like the e-mail address or the name; take one that has nothing to do with them"
    )]
    Similar,
    /// Under the setting `minScore`.
    #[error(
        "this password is easy to guess: its strength is {score}, and {least} of 4 is needed; four or five words that have nothing to do with each other make a good one"
    )]
    Guessable {
        /// As zxcvbn estimates it.
        score: u8,
        /// What is wanted.
        least: u8,
    },
    /// In the list of the setting `breachedPasswords`.
    #[error(
        "this password is in a list of stolen passwords, which guessers try first; take another one"
    )]
    Breached,
}

impl PasswordRefused {
    /// The same in the words of a page.
    pub fn told(self, language: &Language) -> String {
        let rules = &language.password_rules;
        match self {
            Self::TooLong => rules.too_long.plain(&MAX_PASSWORD),
            Self::TooShort(least) => rules.too_short.plain(&least),
            Self::Control => rules.control.to_owned(),
            Self::Similar => rules.similar.to_owned(),
            Self::Guessable { .. } => rules.guessable.to_owned(),
            Self::Breached => rules.breached.to_owned(),
        }
    }
}

impl Password {
    /// Takes what somebody entered to sign in.
    pub fn entered(text: &str) -> Result<Self, PasswordRefused> {
        // Counted before it is composed, which could make a gigantic text small.
        if text.chars().take(MAX_PASSWORD + 1).count() > MAX_PASSWORD {
            return Err(PasswordRefused::TooLong);
        }
        if text.contains(char::is_control) {
            return Err(PasswordRefused::Control);
        }
        Ok(Self(Secret::new(text.nfc().collect())))
    }

    /// Takes what is to be somebody's password.
    pub fn chosen(text: &str, min_length: u32) -> Result<Self, PasswordRefused> {
        let password = Self::entered(text)?;
        let length = password.0.expose().chars().count();
        if length < min_length as usize {
            return Err(PasswordRefused::TooShort(min_length));
        }
        Ok(password)
    }

    /// What is hashed.
    pub(super) fn secret(&self) -> Secret<String> {
        self.0.clone()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_text_are_one_password() {
        let composed = Password::entered("caf\u{e9} 1234").unwrap();
        let decomposed = Password::chosen("cafe\u{301} 1234", 8).unwrap();
        assert_eq!(composed.secret().expose(), decomposed.secret().expose());
        assert_eq!(format!("{composed:?}"), "Password(***)");
    }

    #[test]
    fn limits_are_kept() {
        assert_eq!(
            Password::entered(&"a".repeat(MAX_PASSWORD + 1)).unwrap_err(),
            PasswordRefused::TooLong
        );
        assert!(Password::entered(&"é".repeat(MAX_PASSWORD)).is_ok());
        assert_eq!(
            Password::chosen("short", 8).unwrap_err(),
            PasswordRefused::TooShort(8)
        );
        assert_eq!(
            Password::entered("pass\0word").unwrap_err(),
            PasswordRefused::Control
        );
    }
}
