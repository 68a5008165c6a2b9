//! How many registrations there may be.

use std::time::Duration;

use crate::{
    clock::UnixMillis,
    crypto::Keyring,
    modules::{attempts::Limit, session::ClientAddress, user::Email},
    store::{StoreError, Tx},
};

const HOUR: Duration = Duration::from_hours(1);

/// From one address, which may be a whole school.
const BY_NETWORK: Limit = Limit {
    domain: "account.registration.network",
    tries: 60,
    window: HOUR,
};
/// For one address of e-mail: nobody's mailbox is filled by us.
const BY_EMAIL: Limit = Limit {
    domain: "account.registration.email",
    tries: 5,
    window: HOUR,
};
/// All together: a flood from everywhere ends before our mail server is taken for a sender of spam.
const WHOLE: Limit = Limit {
    domain: "account.registration.whole",
    tries: 3_000,
    window: HOUR,
};
/// Codes that are typed for one registration.
const CODES: Limit = Limit {
    domain: "account.registration.code",
    tries: 5,
    window: HOUR,
};
/// After how long it is worth another try, in seconds.
pub(super) const RETRY_AFTER_SECONDS: u32 = 3_600;

/// Counts a registration; `false` if there were enough.
pub(super) async fn count(
    tx: &mut Tx,
    keyring: &Keyring,
    address: &ClientAddress,
    email: &Email,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let network = address.network();
    for (limit, who) in [
        (BY_NETWORK, network.as_str()),
        (BY_EMAIL, email.as_str()),
        (WHOLE, ""),
    ] {
        if limit.count(tx, keyring, who, now).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Counts a code that was typed for this registration; `false` if there were enough.
pub(super) async fn count_code(
    tx: &mut Tx,
    keyring: &Keyring,
    registration: &str,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let tries = CODES.count(tx, keyring, registration, now).await?;
    Ok(tries.is_some())
}
