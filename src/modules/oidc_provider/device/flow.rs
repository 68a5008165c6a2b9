use serde::{Deserialize, Serialize};

use super::{super::sealed, DEVICE_PATH, user_code::UserCode};
use crate::{
    clock::UnixMillis,
    crypto::{CryptoError, Keyring},
};

/// What the seal is bound to.
const PURPOSE: &str = "oidc_provider.device";
/// Longest sealed flow worth opening.
const MAX_SEALED: usize = 1_024;

/// A code that was typed and found, on its way through sign-in to the answer. Sealed, so that the code
/// stands in no address and whoever has not typed it cannot make one.
pub(super) struct DeviceFlow {
    pub(super) user_code: UserCode,
    /// A sign-in since then counts as fresh.
    pub(super) typed_at: UnixMillis,
    /// The browser or session that it belongs to.
    pub(super) bound_to: String,
}

#[derive(Deserialize, Serialize)]
struct Sealed {
    c: String,
    t: i64,
    b: String,
}

impl DeviceFlow {
    pub(super) fn seal(&self, keyring: &Keyring) -> Result<String, CryptoError> {
        let sealed = Sealed {
            c: self.user_code.letters().to_owned(),
            t: self.typed_at.as_i64(),
            b: self.bound_to.clone(),
        };
        sealed::seal(keyring, PURPOSE, &sealed)
    }

    /// The flow in it; `None` if it is not one of ours.
    pub(super) fn open(keyring: &Keyring, sealed: &str) -> Option<Self> {
        let sealed: Sealed = sealed::open(keyring, PURPOSE, sealed, MAX_SEALED)?;
        Some(Self {
            user_code: UserCode::parse(&sealed.c)?,
            typed_at: UnixMillis::from_millis(sealed.t),
            bound_to: sealed.b,
        })
    }

    /// Where the question is put.
    pub(super) fn address(&self, keyring: &Keyring) -> Result<String, CryptoError> {
        Ok(format!("{DEVICE_PATH}?flow={}", self.seal(keyring)?))
    }
}
