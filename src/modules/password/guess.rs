//! Limits on guessing passwords, shared by every server on the database.
//!
//! What an owner does at a browser that knows them is counted by itself. Everything else is counted by
//! account, by address and as a whole, and an account that does not exist is counted like one that does.

use std::time::Duration;

use serde_json::json;

use crate::{
    modules::{
        Context,
        attempts::{Counted, Slowing, Try},
        audit::{self, AuditEvent},
        session::familiar_browser,
        sign_in::Arrival,
        user::{Email, User},
    },
    store::StoreError,
};

/// A password that somebody entered. It counts as wrong, also while it is looked at, until it is said to
/// be none: of many at once no more are looked at than of many in a row.
#[must_use = "what was right counts as wrong until that is said"]
#[derive(Debug)]
pub(super) struct Guess {
    /// For the account, or for it at the browser that knows it.
    own: Counter,
    /// Shared with others.
    shared: Vec<Counter>,
}

#[derive(Debug)]
struct Counter {
    by: &'static str,
    counted: Try,
}

/// Nothing was looked at: there were too many wrong ones. The next is taken after that time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait(pub(super) Duration);

impl Guess {
    /// Counts a password that was entered for this address, which may be that of `user`.
    pub(super) async fn count(
        context: &Context,
        arrival: &Arrival,
        entered: &str,
        user: Option<&User>,
    ) -> Result<Result<Self, Wait>, StoreError> {
        let now = context.clock.now();
        let limits = context.snapshot.password_settings().sign_in_limits;
        let browser = user.and_then(|user| familiar_browser(context, &arrival.headers, &user.id));
        let parties = match (user, browser) {
            (Some(user), Some(browser)) => vec![(
                "browser",
                "sign_in.browser",
                limits.account,
                format!("{browser}{}", user.id),
            )],
            _ => vec![
                (
                    "account",
                    "sign_in.account",
                    limits.account,
                    account(entered),
                ),
                (
                    "address",
                    "sign_in.address",
                    limits.address,
                    arrival.address.network(),
                ),
                // Last, because all wait for it.
                ("whole", "sign_in.whole", limits.whole, String::new()),
            ],
        };
        let mut tx = context.store.begin().await?;
        let mut counters = Vec::with_capacity(parties.len());
        for (by, domain, limit, who) in parties {
            let slowing = Slowing { domain, limit };
            match slowing.count(&mut tx, &context.keyring, &who, now).await? {
                Counted::Try(counted) => counters.push(Counter { by, counted }),
                Counted::Wait(wait) => {
                    tx.rollback().await?;
                    return Ok(Err(Wait(wait)));
                }
            }
        }
        tx.commit().await?;
        let shared = counters.split_off(1);
        match counters.pop() {
            Some(own) => Ok(Ok(Self { own, shared })),
            None => Ok(Err(Wait(Duration::ZERO))),
        }
    }

    /// It was the password. Whoever knows it may mistype it as often again as at first, here; one who
    /// has an account does not get more guesses at those of others by it.
    pub(super) async fn was_right(self, context: &Context) -> Result<(), StoreError> {
        let mut tx = context.store.begin().await?;
        self.own.counted.forget_all(&mut tx).await?;
        for counter in self.shared {
            let now = context.clock.now();
            counter.counted.take_back(&mut tx, now).await?;
        }
        tx.commit().await
    }

    /// It was not looked at.
    pub(super) async fn was_none(self, context: &Context) -> Result<(), StoreError> {
        let now = context.clock.now();
        let mut tx = context.store.begin().await?;
        self.own.counted.take_back(&mut tx, now).await?;
        for counter in self.shared {
            counter.counted.take_back(&mut tx, now).await?;
        }
        tx.commit().await
    }

    /// It was wrong.
    pub(super) async fn was_wrong(
        self,
        context: &Context,
        entered: &str,
        arrival: &Arrival,
    ) -> Result<(), StoreError> {
        let now = context.clock.now();
        // Not the text itself: people type their password into the wrong field.
        let email = entered.parse::<Email>().ok();
        let failed = AuditEvent {
            actor: "anonymous",
            action: "session.sign_in_failed",
            subject: email.as_ref().map(Email::as_str),
            detail: json!({ "method": "password" }),
            ip: arrival.address.text(),
        };
        let mut tx = context.store.begin().await?;
        audit::record(&mut tx, failed.clone(), now).await?;
        for counter in std::iter::once(self.own).chain(self.shared) {
            if !counter.counted.is_last {
                continue;
            }
            let slowed = AuditEvent {
                action: "session.sign_in_slowed",
                detail: json!({ "method": "password", "by": counter.by }),
                ..failed.clone()
            };
            audit::record(&mut tx, slowed, now).await?;
            tracing::warn!(
                by = counter.by,
                "too many wrong passwords; the next ones have to wait"
            );
        }
        tx.commit().await
    }
}

/// What was entered, in the form that identifies an account; or as it stands, if it cannot be one.
fn account(entered: &str) -> String {
    match entered.parse::<Email>() {
        Ok(email) => email.to_string(),
        Err(_) => entered.chars().take(254).collect(),
    }
}
