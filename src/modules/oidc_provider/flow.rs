//! An authorization request on its way through sign-in and consent: sealed, and carried by the browser.
//! Until it is granted, the database knows nothing of it.

use serde::{Deserialize, Serialize};

use super::{authorize::asked::Asked, sealed};
use crate::{
    clock::UnixMillis,
    crypto::{CryptoError, Keyring},
};

/// What the seal is bound to.
const PURPOSE: &str = "oidc_provider.flow";
/// Longest sealed flow worth opening.
const MAX_SEALED: usize = 16 * 1024;

/// A request that waits for its person.
///
/// It is checked again at every step, against the generation that is live then.
#[derive(Clone)]
pub(super) struct Flow {
    pub(super) asked: Asked,
    /// A sign-in since then counts as fresh for this request.
    pub(super) asked_at: UnixMillis,
    /// The browser or session that it belongs to. Elsewhere it begins anew.
    pub(super) bound_to: String,
}

#[derive(Deserialize, Serialize)]
struct Sealed {
    #[serde(flatten)]
    asked: Asked,
    t: i64,
    b: String,
}

impl Flow {
    /// The flow as text that fits into a URL and that nobody can read or change.
    pub(super) fn seal(&self, keyring: &Keyring) -> Result<String, CryptoError> {
        let sealed = Sealed {
            asked: self.asked.clone(),
            t: self.asked_at.as_i64(),
            b: self.bound_to.clone(),
        };
        sealed::seal(keyring, PURPOSE, &sealed)
    }

    /// The flow in it; `None` if it is not one of ours.
    pub(super) fn open(keyring: &Keyring, sealed: &str) -> Option<Self> {
        let sealed: Sealed = sealed::open(keyring, PURPOSE, sealed, MAX_SEALED)?;
        Some(Self {
            asked: sealed.asked,
            asked_at: UnixMillis::from_millis(sealed.t),
            bound_to: sealed.b,
        })
    }
}
