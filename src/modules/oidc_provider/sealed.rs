//! What the browser carries for us between two pages: nobody can read or change it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::crypto::{CryptoError, Keyring};

/// `value` as text that fits into a URL, bound to `purpose`.
pub(super) fn seal(
    keyring: &Keyring,
    purpose: &str,
    value: &impl Serialize,
) -> Result<String, CryptoError> {
    Ok(URL_SAFE_NO_PAD.encode(keyring.seal_json(purpose, value)?))
}

/// The value in it; `None` if it is not one of ours, or longer than `limit`.
pub(super) fn open<T: DeserializeOwned>(
    keyring: &Keyring,
    purpose: &str,
    sealed: &str,
    limit: usize,
) -> Option<T> {
    if sealed.len() > limit {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    keyring.open_json(purpose, &bytes).ok()
}
