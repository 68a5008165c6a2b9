//! Keeps `passkey_ceremonies` bounded.

use std::time::Duration;

use crate::modules::reaping::{Reaper, expiring};

pub(super) const REAPER: Reaper = Reaper {
    turn: "passkey_ceremonies_reaped_at",
    pause: Duration::from_mins(1),
    rows: &[expiring!("passkey_ceremonies" by "challenge_hash")],
};
