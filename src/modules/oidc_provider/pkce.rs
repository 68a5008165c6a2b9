//! Proof Key for Code Exchange (RFC 7636), with `S256` only.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq as _;

/// A `code_challenge`: the SHA-256 of a verifier that only its client knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CodeChallenge(String);

/// Not a challenge or verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

fn is_unreserved(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

impl CodeChallenge {
    /// Takes the parameter (RFC 7636 4.2): 43 to 128 characters.
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        if (43..=128).contains(&text.len()) && is_unreserved(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Malformed)
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `verifier` is what the stored challenge was made of (RFC 7636 4.6).
pub(super) fn verifies(challenge: &str, verifier: &str) -> bool {
    let is_verifier = (43..=128).contains(&verifier.len()) && is_unreserved(verifier);
    let made = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    is_verifier && bool::from(made.as_bytes().ct_eq(challenge.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_standard_verifies() {
        assert!(verifies(CHALLENGE, VERIFIER));
        assert!(!verifies(CHALLENGE, CHALLENGE));
        assert!(!verifies(CHALLENGE, &VERIFIER.replace('d', "e")));
        assert!(!verifies(CHALLENGE, ""));
    }

    #[test]
    fn challenges_have_their_length_and_alphabet() {
        assert!(CodeChallenge::parse(CHALLENGE).is_ok());
        for text in [
            &CHALLENGE[1..],
            &"a".repeat(129),
            &"a+".repeat(25),
            &"é".repeat(30),
        ] {
            assert_eq!(CodeChallenge::parse(text), Err(Malformed), "{text}");
        }
    }
}
