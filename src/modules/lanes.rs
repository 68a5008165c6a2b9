//! Deliveries to many receivers. Each receiver has a lane of its own, so that one that does not answer
//! holds up no other.

use std::{collections::HashMap, time::Duration};

use futures_util::future::BoxFuture;
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// How often it is looked for what nobody in this process announced.
const EVERY: Duration = Duration::from_secs(2);
/// Receivers that are served at once.
const AT_ONCE: usize = 32;

/// Before the second attempt; twice as long before each one after that.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// What is to be delivered.
pub(super) trait Deliveries: Send {
    /// The receivers for whom something is due, each with the future that serves it.
    fn due(&mut self) -> BoxFuture<'_, Vec<(String, BoxFuture<'static, ()>)>>;
}

/// Delivers until it is told to stop. What is under way then is tried again by whoever runs next.
pub(super) async fn run(mut deliveries: impl Deliveries, wake: &Notify, stop: CancellationToken) {
    let mut lanes = JoinSet::new();
    let mut receivers: HashMap<tokio::task::Id, String> = HashMap::new();
    loop {
        for (receiver, lane) in deliveries.due().await {
            let is_busy = receivers.values().any(|busy| *busy == receiver);
            if lanes.len() < AT_ONCE && !is_busy {
                receivers.insert(lanes.spawn(lane).id(), receiver);
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = wake.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
            Some(ended) = lanes.join_next_with_id() => {
                let id = match ended {
                    Ok((id, ())) => id,
                    Err(error) => error.id(),
                };
                receivers.remove(&id);
            }
        }
    }
}

/// How long to wait after this many attempts, and `longest` at most. `chance` spreads those who failed
/// together: a quarter less to a quarter more.
pub(super) fn pause(attempts: i64, longest: Duration, chance: u8) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 32) - 1).unwrap_or(0);
    let pause = FIRST_PAUSE
        .saturating_mul(2_u32.saturating_pow(doublings))
        .min(longest);
    pause * (192 + u32::from(chance) / 2) / 256
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_seconds_to_an_hour() {
        let hour = Duration::from_hours(1);
        let middle = |attempts| pause(attempts, hour, 128).as_secs();
        let pauses: Vec<u64> = (1..=12).map(middle).collect();
        assert_eq!(
            pauses,
            [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600]
        );
        assert_eq!(middle(i64::MAX), 3_600);
        assert_eq!(pause(3, hour, 0).as_secs(), 15);
        assert_eq!(pause(3, hour, 255).as_millis(), 24_921);
    }

    #[test]
    fn pauses_grow_to_what_the_receiver_stands() {
        let middle = |attempts| pause(attempts, Duration::from_mins(30), 128).as_secs();
        let pauses: Vec<u64> = (1..=11).map(middle).collect();
        assert_eq!(
            pauses,
            [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 1_800, 1_800]
        );
        assert_eq!(middle(i64::MAX), 1_800);
    }
}
