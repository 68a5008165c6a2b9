//! Removes letters that nobody needs any more.

use std::time::Duration;

use crate::modules::reaping::{Reaper, expiring};

/// How long a letter is kept after its end, so that an operator sees what became of it.
const KEPT: Duration = Duration::from_hours(24);

pub(super) const REAPER: Reaper = Reaper {
    turn: "mails_reaped_at",
    pause: Duration::from_mins(5),
    rows: &[expiring!("mails" by "id", kept KEPT)],
};
