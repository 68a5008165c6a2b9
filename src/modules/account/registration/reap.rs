//! Removes what was never finished.

use std::time::Duration;

use crate::modules::reaping::{Reaper, expiring};

pub(super) const REAPER: Reaper = Reaper {
    turn: "registrations_reaped_at",
    pause: Duration::from_mins(5),
    rows: &[
        expiring!("registrations" by "id"),
        expiring!("invitations" by "id"),
    ],
};
