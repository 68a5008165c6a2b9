use std::{fmt, str::FromStr};

use unicode_normalization::UnicodeNormalization as _;

/// RFC 5321 4.5.3.1.3 less the brackets.
const MAX_LENGTH: usize = 254;

/// An e-mail address in the form that identifies an account: trimmed, composed (NFC), lower case.
///
/// Lower case also before the `@`: RFC 5321 leaves the choice to the receiver, and no receiver that
/// people use tells `Ada@` from `ada@`, while a second account for it would be a trap.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email(String);

/// The text cannot be an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not an e-mail address; it reads like ada@example.com")]
pub struct NotAnEmail;

impl Email {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = NotAnEmail;

    fn from_str(text: &str) -> Result<Self, NotAnEmail> {
        if text.len() > MAX_LENGTH * 2 {
            return Err(NotAnEmail);
        }
        let normal: String = text.trim().nfc().collect::<String>().to_lowercase();
        let is_forbidden =
            |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"".contains(c);
        let (local, domain) = normal.rsplit_once('@').ok_or(NotAnEmail)?;
        let is_fine = normal.len() <= MAX_LENGTH
            && !local.is_empty()
            && !domain.is_empty()
            && !local.contains('@')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !normal.contains(is_forbidden);
        if is_fine {
            Ok(Self(normal))
        } else {
            Err(NotAnEmail)
        }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_one_account() {
        for text in ["ada@example.com", " ADA@Example.COM ", "Ada@example.com"] {
            assert_eq!(text.parse::<Email>().unwrap().as_str(), "ada@example.com");
        }
        // "é" in one code point and in two.
        assert_eq!(
            "andr\u{e9}@example.com".parse::<Email>().unwrap(),
            "andre\u{301}@example.com".parse::<Email>().unwrap()
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(300));
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a b@example.com",
            "a@b@c",
            "a\0@b",
            "<a@b>",
            &long,
        ] {
            assert_eq!(text.parse::<Email>(), Err(NotAnEmail), "{text}");
        }
    }
}
