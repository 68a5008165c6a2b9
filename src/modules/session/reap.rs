//! Keeps the tables bounded: sessions and waiting sign-ins that have ended, counters whose time is over,
//! and deliveries that were given up.

use std::time::Duration;

use crate::{
    generation::Snapshot,
    modules::reaping::{Expiring, Reaper, expiring},
};

/// The longest and the shortest pause between two looks.
const PAUSE: (Duration, Duration) = (Duration::from_mins(5), Duration::from_secs(1));
/// How long a delivery that was given up stays, so that an operator sees it.
const KEPT: Duration = Duration::from_hours(24);

const ROWS: &[Expiring] = &[
    expiring!("sessions" by "id"),
    expiring!("attempts" by "key_hash"),
    expiring!("pending_sign_ins" by "token_hash"),
    expiring!("remembered_devices" by "id"),
    expiring!("confirmations" by "link_hash"),
    expiring!("webhook_deliveries" by "id", kept KEPT),
];

/// The reaper under these settings. A task is begun anew when its module's settings change.
pub(super) fn reaper(snapshot: &Snapshot) -> Reaper {
    let (longest, shortest) = PAUSE;
    let ttl = snapshot.session_settings().ttl.duration();
    Reaper {
        turn: "sessions_reaped_at",
        pause: ttl.clamp(shortest, longest),
        rows: ROWS,
    }
}
