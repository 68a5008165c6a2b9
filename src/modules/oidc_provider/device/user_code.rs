use std::fmt;

use crate::crypto::{CryptoError, Hashed, Keyring, token};

/// Letters that make no words and are not taken for one another (RFC 8628 6.1).
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// 20^8 codes: at the rate that [`super::guessing`] allows, none of them is found in its lifetime.
const LENGTH: usize = 8;

/// What a person types to say which device is theirs.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct UserCode(String);

impl UserCode {
    /// A new one.
    pub(super) fn new() -> Result<Self, CryptoError> {
        let word = token::word(ALPHABET, LENGTH)?;
        Ok(Self(word.expose().clone()))
    }

    /// Reads what a person typed, with dashes and blanks or without, in either case; `None` if no code
    /// looks like it.
    pub(super) fn parse(typed: &str) -> Option<Self> {
        let mut letters = String::with_capacity(LENGTH);
        for c in typed.chars() {
            let is_dash = matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '_' | '.');
            if is_dash || c.is_whitespace() {
                continue;
            }
            let letter = c.to_ascii_uppercase();
            let is_known = u8::try_from(letter).is_ok_and(|byte| ALPHABET.contains(&byte));
            if !is_known || letters.len() == LENGTH {
                return None;
            }
            letters.push(letter);
        }
        (letters.len() == LENGTH).then_some(Self(letters))
    }

    /// The letters alone.
    pub(super) fn letters(&self) -> &str {
        &self.0
    }

    /// Its stored form.
    pub(super) fn hash(&self, keyring: &Keyring) -> Hashed {
        keyring.token_hash("oidc.user_code", &self.0)
    }
}

/// As people read it: `WDJB-MJHT`.
impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(LENGTH / 2);
        write!(f, "{first}-{second}")
    }
}

/// Whoever has it can answer for the device.
impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode(***)")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_people_write_it() {
        let code = UserCode::parse("WDJB-MJHT").unwrap();
        assert_eq!(code.to_string(), "WDJB-MJHT");
        for typed in [
            "wdjbmjht",
            " wdjb mjht ",
            "WDJB–MJHT",
            "w d j b - m j h t",
            "WDJB\u{a0}MJHT",
            "wdjb.mjht",
        ] {
            assert_eq!(UserCode::parse(typed), Some(code.clone()), "{typed:?}");
        }
        for typed in [
            "",
            "WDJB",
            "WDJB-MJHTW",
            "WDJB-MJHA",
            "WDJB-MJH1",
            "ＷDJBMJHT",
        ] {
            assert_eq!(UserCode::parse(typed), None, "{typed:?}");
        }
        assert_eq!(UserCode::parse(&"-".repeat(100_000)), None);
    }

    #[test]
    fn a_new_code_is_one_that_can_be_typed() {
        let code = UserCode::new().unwrap();
        assert_eq!(UserCode::parse(&code.to_string()), Some(code.clone()));
        assert_ne!(UserCode::new().unwrap(), code);
        assert_eq!(format!("{code:?}"), "UserCode(***)");
    }
}
