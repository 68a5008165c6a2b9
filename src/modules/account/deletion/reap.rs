//! Deletes accounts whose owners did not change their mind.

use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::record;
use crate::{
    modules::{
        Context,
        audit::{self, AuditEvent},
        mail::{self, Letter, Recipient},
        pages::Language,
        user::{self, User},
    },
    store::{StoreError, Tx},
};

/// The longest and the shortest pause between two looks.
const PAUSE: (Duration, Duration) = (Duration::from_mins(1), Duration::from_secs(1));

/// Looks now and then until it is told to stop.
pub(super) async fn run(context: Context, stop: CancellationToken) {
    let (longest, shortest) = PAUSE;
    let grace = context.snapshot.account_settings().deletion.grace_period;
    let pause = grace.duration().clamp(shortest, longest);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        if let Err(error) = delete_due(&context).await {
            tracing::warn!("accounts that were to be deleted were not: {error}");
        }
    }
}

/// One account after the other, each in a transaction: of several servers, one has the row.
async fn delete_due(context: &Context) -> Result<(), StoreError> {
    loop {
        let now = context.clock.now();
        let mut tx = context.store.begin().await?;
        let Some(user_id) = record::take_due(&mut tx, now).await? else {
            return tx.rollback().await;
        };
        if let Some(user) = user::by_id(&context.store, &user_id).await? {
            delete(&mut tx, context, &user, "system", None).await?;
        }
        tx.commit().await?;
        context.mails.wake();
        context.logout_notices.wake();
    }
}

/// Deletes the account and all that hangs on it, and tells its owner.
pub(super) async fn delete(
    tx: &mut Tx,
    context: &Context,
    user: &User,
    actor: &str,
    ip: Option<&str>,
) -> Result<(), StoreError> {
    let now = context.clock.now();
    user::delete(tx, &user.id, now).await?;
    let event = AuditEvent {
        actor,
        action: "user.delete",
        subject: Some(&format!("user:{}", user.id)),
        detail: json!({ "askedBy": "owner" }),
        ip,
    };
    audit::record(tx, event, now).await?;
    let to = Recipient {
        // The letter would go with the account.
        user_id: None,
        ..Recipient::of(user, Language::fallback())
    };
    mail::queue(tx, context, &to, Letter::AccountDeleted, now).await
}
