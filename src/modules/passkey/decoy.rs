//! Credential ids for people who have none, so that asking tells nobody who has an account here.

use crate::crypto::Keyring;

/// How long ids of common authenticators are.
const LENGTHS: [usize; 4] = [16, 20, 32, 64];

/// One or two ids, always the same for the same address (Web Authentication Level 3, 14.6.2).
pub(super) fn credential_ids(keyring: &Keyring, email: &str) -> Vec<Vec<u8>> {
    let shape = keyring.cookie_tag("passkey.decoy", email.as_bytes());
    let count = if shape[0] < 192 { 1 } else { 2 };
    (1..=count)
        .map(|number: usize| {
            let length = LENGTHS[usize::from(shape[number]) % LENGTHS.len()];
            let mut id = Vec::with_capacity(64);
            for part in [0_u8, 1] {
                let tag = [
                    email.as_bytes(),
                    &[0, shape[number], part, u8::from(number == 1)],
                ];
                id.extend(keyring.cookie_tag("passkey.decoy.id", &tag.concat()));
            }
            id.truncate(length);
            id
        })
        .collect()
}
