//! An authorization request on its way through sign-in and consent: sealed, and carried by the browser.
//! Until it is granted, the database knows nothing of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{authorize::asked::Asked, sealed};
use crate::{
    clock::UnixMillis,
    crypto::{CryptoError, Keyring},
};

/// What the seal is bound to.
const PURPOSE: &str = "oidc_provider.flow";
/// How long a sign-in or a choice counts for the request that wanted it.
const FRESH_FOR: Duration = Duration::from_hours(1);
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
    /// The session whose person said that it is the account to go on with.
    pub(super) chosen: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct Sealed {
    #[serde(flatten)]
    asked: Asked,
    t: i64,
    b: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<String>,
}

impl Flow {
    /// A request that has just come from its client.
    pub(super) fn new(asked: Asked, bound_to: String, now: UnixMillis) -> Self {
        Self {
            asked,
            asked_at: now,
            bound_to,
            chosen: None,
        }
    }

    /// The flow as it goes on in this browser. One from another browser, or from long ago, begins anew:
    /// what it asked for is asked again, and nobody ends where they can only go back.
    pub(super) fn continued(self, browser: &str, now: UnixMillis) -> Self {
        if self.bound_to == browser && now.since(self.asked_at) <= FRESH_FOR {
            self
        } else {
            Self::new(self.asked, browser.to_owned(), now)
        }
    }

    /// The flow as text that fits into a URL and that nobody can read or change.
    pub(super) fn seal(&self, keyring: &Keyring) -> Result<String, CryptoError> {
        let sealed = Sealed {
            asked: self.asked.clone(),
            t: self.asked_at.as_i64(),
            b: self.bound_to.clone(),
            c: self.chosen.clone(),
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
            chosen: sealed.c,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::parameters::Parameters;

    const MINUTE: i64 = 60_000;

    #[test]
    fn a_flow_of_another_browser_or_another_day_begins_anew() {
        let at = |minutes: i64| UnixMillis::from_millis(minutes * MINUTE);
        let flow = Flow {
            chosen: Some("session".to_owned()),
            ..Flow::new(
                Asked {
                    parameters: Parameters::from_pairs(Vec::new()),
                    is_pushed: false,
                    is_signed: false,
                },
                "here".to_owned(),
                at(100),
            )
        };
        let same = flow.clone().continued("here", at(160));
        assert_eq!((same.asked_at, same.chosen.is_some()), (at(100), true));
        for (browser, now) in [("here", at(161)), ("there", at(101))] {
            let anew = flow.clone().continued(browser, now);
            assert_eq!((anew.asked_at, anew.chosen), (now, None), "{browser}");
            assert_eq!(anew.bound_to, browser);
        }
    }
}
