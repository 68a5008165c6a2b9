//! Device authorization (RFC 8628): a device without a browser asks, and its person answers in theirs.
//!
//! [`request`] is for the device, [`page`] for the person; the device hears of it at the token endpoint.

mod decision;
mod flow;
mod guessing;
mod page;
mod record;
mod request;
mod user_code;

pub(super) use self::{
    page::{show, submit},
    request::{DEVICE_AUTHORIZATION_PATH, authorize},
};
use crate::crypto::{Hashed, Keyring};

/// The page where a person types the code.
pub(super) const DEVICE_PATH: &str = "/auth/device";

/// The stored form of a device code.
pub(super) fn hash_device_code(keyring: &Keyring, device_code: &str) -> Hashed {
    keyring.token_hash("oidc.device_code", device_code)
}
