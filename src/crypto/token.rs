//! Random values that cannot be guessed.

use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{CryptoError, Secret};
use crate::clock::UnixMillis;

/// An opaque token of 256 random bits in base64url after `prefix`, which tells people and secret
/// scanners what they have found, such as `assay_rt_`.
pub fn opaque(prefix: &str) -> Result<Secret<String>, CryptoError> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    fill(bytes.as_mut_slice())?;
    let mut token = String::with_capacity(prefix.len() + 43);
    token.push_str(prefix);
    URL_SAFE_NO_PAD.encode_string(bytes.as_slice(), &mut token);
    Ok(Secret::new(token))
}

/// An identifier of 128 random bits in base64url, for where a UUIDv7 would tell its time.
pub fn identifier() -> Result<String, CryptoError> {
    let mut bytes = [0_u8; 16];
    fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The name of a new row: a UUIDv7 (RFC 9562 5.7) of the moment `now` and 74 random bits. The uuid crate
/// could make one itself, but asks the machine for both time and randomness on ways of its own, of
/// which a container without `/dev` has none.
pub fn uuid_v7(now: UnixMillis) -> Result<Uuid, CryptoError> {
    let mut random = [0_u8; 10];
    fill(&mut random)?;
    let millis = u64::try_from(now.as_i64()).unwrap_or(0);
    Ok(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

/// So many random bytes.
pub fn bytes(length: usize) -> Result<Secret<Vec<u8>>, CryptoError> {
    let mut bytes = vec![0_u8; length];
    fill(&mut bytes)?;
    Ok(Secret::new(bytes))
}

/// One of 256 chances, for spreading things in time.
pub fn chance() -> Result<u8, CryptoError> {
    let mut byte = [0_u8; 1];
    fill(&mut byte)?;
    Ok(byte[0])
}

/// `length` letters, each of them any of `alphabet` with the same chance.
pub fn word(alphabet: &[u8; 20], length: usize) -> Result<Secret<String>, CryptoError> {
    /// The largest multiple of 20 that a byte holds: what lies beyond would favour some letters.
    const FAIR: u8 = 240;
    let mut word = String::with_capacity(length);
    let mut bytes = Zeroizing::new([0_u8; 32]);
    while word.len() < length {
        fill(bytes.as_mut_slice())?;
        let fair = bytes.iter().filter(|byte| **byte < FAIR);
        for byte in fair.take(length - word.len()) {
            word.push(char::from(alphabet[usize::from(byte % 20)]));
        }
    }
    Ok(Secret::new(word))
}

fn fill(bytes: &mut [u8]) -> Result<(), CryptoError> {
    rand::fill(bytes).map_err(|_| CryptoError::Library("making random bytes"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn tokens_carry_their_prefix_and_256_bits_and_never_repeat() {
        let first = opaque("assay_rt_").unwrap();
        let second = opaque("assay_rt_").unwrap();
        assert_ne!(first.expose(), second.expose());
        let random = first.expose().strip_prefix("assay_rt_").unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(random).unwrap().len(), 32);
        assert_eq!(identifier().unwrap().len(), 22);
        let word = word(b"BCDFGHJKLMNPQRSTVWXZ", 100).unwrap();
        assert_eq!(word.expose().len(), 100);
        assert_ne!(identifier().unwrap(), identifier().unwrap());
    }

    #[test]
    fn a_uuid_is_of_version_7_tells_its_time_and_sorts_by_it() {
        let at = |millis| uuid_v7(UnixMillis::from_millis(millis)).unwrap();
        let id = at(0x0192_3456_789a);
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        assert!(id.to_string().starts_with("01923456-789a-7"), "{id}");
        assert!(at(1_000).to_string() < at(1_001).to_string());
        let many: std::collections::HashSet<_> = (0..1_000).map(|_| at(5)).collect();
        assert_eq!(many.len(), 1_000);
    }
}
