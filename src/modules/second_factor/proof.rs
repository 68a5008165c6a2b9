//! A code that somebody shows, and how often they may be wrong.

use std::time::Duration;

use serde_json::json;

use super::{authenticator, recovery_codes};
use crate::{
    modules::{
        Context,
        attempts::Limit,
        audit::{self, AuditEvent},
        mail::{self, Letter, Recipient},
        parameters::Parameters,
        session::ClientAddress,
    },
    store::{StoreError, Tx},
};

/// Wrong codes for one account. Whoever guesses has the password already; three codes of a million are
/// right at a time.
const SHORTLY: Limit = Limit {
    domain: "second_factor.account",
    tries: 5,
    window: Duration::from_mins(15),
};
/// The same over a day, in which a guesser gets no further than one chance in ten thousand.
const DAILY: Limit = Limit {
    domain: "second_factor.account_day",
    tries: 30,
    window: Duration::from_hours(24),
};
/// Wrong recovery codes for one account. Nobody guesses one; a limit of their own leaves them to the
/// person when somebody else has used up the tries with codes.
const RECOVERY: Limit = Limit {
    domain: "second_factor.recovery",
    tries: 20,
    window: Duration::from_mins(15),
};
/// When somebody who was wrong too often may come again.
pub(super) const COME_AGAIN: Duration = SHORTLY.window;

/// What somebody shows.
#[derive(Clone, Copy)]
pub(super) enum Shown<'a> {
    /// By their authenticator app.
    Code(&'a str),
    /// From their list.
    RecoveryCode(&'a str),
}

impl<'a> Shown<'a> {
    /// What the form brings.
    pub(super) fn in_form(form: &'a Parameters) -> Option<Self> {
        let filled = |name| form.get(name).filter(|text| !text.trim().is_empty());
        filled("code")
            .map(Shown::Code)
            .or_else(|| filled("recovery_code").map(Shown::RecoveryCode))
    }
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It counts, once the transaction is committed.
    Right,
    /// It does not; commit, so that the try is counted.
    Wrong,
    /// There were too many wrong ones.
    TooMany,
}

/// Takes what the person shows. The try is counted before it is looked at, and taken back if it was
/// right, so that many at once are no way around the limits. The letter about a recovery code goes to `to`.
pub(super) async fn take(
    tx: &mut Tx,
    context: &Context,
    to: &Recipient<'_>,
    user_id: &str,
    shown: Shown<'_>,
    address: &ClientAddress,
) -> Result<Verdict, StoreError> {
    let now = context.clock.now();
    let limits: &[Limit] = match shown {
        Shown::Code(_) => &[SHORTLY, DAILY],
        Shown::RecoveryCode(_) => &[RECOVERY],
    };
    for limit in limits {
        let tries = limit.count(tx, &context.keyring, user_id, now).await?;
        if tries.is_none() {
            return Ok(Verdict::TooMany);
        }
    }
    let is_right = match shown {
        Shown::Code(code) => {
            authenticator::take_code(tx, &context.keyring, user_id, code, now).await?
        }
        Shown::RecoveryCode(code) => {
            recovery_codes::take(tx, &context.keyring, user_id, code, now).await?
        }
    };
    let method = match shown {
        Shown::Code(_) => "otp",
        Shown::RecoveryCode(_) => "recovery_code",
    };
    let subject = format!("user:{user_id}");
    if !is_right {
        let event = AuditEvent {
            actor: "anonymous",
            action: "second_factor.failed",
            subject: Some(&subject),
            detail: json!({ "method": method }),
            ip: address.text(),
        };
        audit::record(tx, event, now).await?;
        return Ok(Verdict::Wrong);
    }
    for limit in limits {
        limit.take_back(tx, &context.keyring, user_id).await?;
    }
    if matches!(shown, Shown::RecoveryCode(_)) {
        let event = AuditEvent {
            actor: &subject,
            action: "second_factor.recovery_code_used",
            subject: Some(&subject),
            detail: json!({}),
            ip: address.text(),
        };
        audit::record(tx, event, now).await?;
        let left = recovery_codes::left(tx, user_id).await?;
        mail::queue(tx, context, to, Letter::RecoveryCodeUsed { left }, now).await?;
    }
    Ok(Verdict::Right)
}
