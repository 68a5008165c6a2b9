//! Random values that cannot be guessed.

use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::{CryptoError, Secret};

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
        assert_ne!(identifier().unwrap(), identifier().unwrap());
    }
}
