//! What a client holds of a revision: it says how far the tuples and the namespaces were, and only this
//! installation can make one.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq as _;

use super::namespaces::Hash;
use crate::{crypto::Keyring, generation::Generation};

const PURPOSE: &str = "zanzibar revision";
const VERSION: u8 = 1;
/// The version, two numbers, and the hash.
const CONTENT: usize = 1 + 8 + 8 + size_of::<Hash>();
/// Bytes of the tag: nobody can try as many as it would take.
const TAG: usize = 16;

/// A revision as a token has it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::modules::zanzibar) struct Revision {
    /// The revision.
    pub(in crate::modules::zanzibar) number: i64,
    /// A generation that has the namespaces.
    pub(super) generation: Generation,
    /// The namespaces.
    pub(super) namespaces: Hash,
}

/// The text is no token of this installation.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "this is no revision that this installation has given out; take one from an answer as it is"
)]
pub struct RevisionError;

impl Revision {
    /// The token.
    pub(super) fn sign(&self, keyring: &Keyring) -> String {
        let mut bytes = Vec::with_capacity(CONTENT + TAG);
        bytes.push(VERSION);
        bytes.extend(self.number.to_be_bytes());
        bytes.extend(self.generation.0.to_be_bytes());
        bytes.extend(self.namespaces);
        let tag = keyring.cookie_tag(PURPOSE, &bytes);
        bytes.extend(&tag[..TAG]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What the token says, if this installation has made it.
    pub(super) fn verify(token: &str, keyring: &Keyring) -> Result<Self, RevisionError> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| RevisionError)?;
        let (content, tag) = bytes.split_at_checked(CONTENT).ok_or(RevisionError)?;
        let expected = keyring.cookie_tag(PURPOSE, content);
        // In constant time, or the tag could be guessed byte by byte.
        if !bool::from(expected[..TAG].ct_eq(tag)) {
            return Err(RevisionError);
        }
        let (version, rest) = content.split_first().ok_or(RevisionError)?;
        let (number, rest) = rest.split_first_chunk().ok_or(RevisionError)?;
        let (generation, rest) = rest.split_first_chunk().ok_or(RevisionError)?;
        if *version != VERSION {
            return Err(RevisionError);
        }
        Ok(Self {
            number: i64::from_be_bytes(*number),
            generation: Generation(i64::from_be_bytes(*generation)),
            namespaces: rest.try_into().map_err(|_| RevisionError)?,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::crypto::keyring;

    #[test]
    fn only_what_this_installation_gave_out_is_a_revision() {
        let revision = Revision {
            number: 42,
            generation: Generation(7),
            namespaces: [9; 8],
        };
        let token = revision.sign(&keyring(1));
        assert_eq!(Revision::verify(&token, &keyring(1)), Ok(revision));

        assert_eq!(Revision::verify(&token, &keyring(2)), Err(RevisionError));
        assert_eq!(Revision::verify("", &keyring(1)), Err(RevisionError));
        assert_eq!(
            Revision::verify(&token[1..], &keyring(1)),
            Err(RevisionError)
        );
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for at in 0..bytes.len() {
            let mut forged = bytes.clone();
            forged[at] ^= 1;
            let forged = URL_SAFE_NO_PAD.encode(forged);
            assert_eq!(
                Revision::verify(&forged, &keyring(1)),
                Err(RevisionError),
                "{at}"
            );
        }
    }
}
