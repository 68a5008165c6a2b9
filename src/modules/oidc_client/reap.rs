//! Keeps the tables bounded.

use std::time::Duration;

use crate::modules::reaping::{Reaper, expiring};

pub(super) const REAPER: Reaper = Reaper {
    turn: "upstream_reaped_at",
    pause: Duration::from_mins(5),
    rows: &[
        expiring!("oidc_upstream_states" by "state_hash"),
        expiring!("oidc_upstream_offers" by "browser_hash"),
        expiring!("oidc_upstream_sessions" by "id"),
    ],
};
