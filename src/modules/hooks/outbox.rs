//! The rows of `webhook_deliveries`. One replica at a time has a delivery, because it moves the next
//! attempt on before it makes one.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Happening;
use crate::{
    clock::UnixMillis,
    crypto::token,
    modules::Context,
    store::{Store, StoreError, Tx, execute, fetch_all},
};

/// After this long a delivery is given up.
const TRIED_FOR: Duration = Duration::from_hours(24);
/// For how long a delivery is left to the process that took it: longer than one attempt can take. After
/// a crash it is due again.
const TAKEN_FOR: Duration = Duration::from_secs(30);
/// Deliveries that one webhook is told at once.
const AT_ONCE: i64 = 16;

/// Writes down what has happened for each webhook that wants to be told, in the transaction that does
/// it. Call [`super::committed`] once it has committed.
pub async fn after(
    tx: &mut Tx,
    context: &Context,
    happening: &Happening<'_>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let (_, event) = happening.events();
    let webhooks = context.snapshot.webhooks_of(event);
    if webhooks.is_empty() {
        return Ok(());
    }
    let payload = happening.payload(event, now);
    for webhook in webhooks {
        execute!(
            tx,
            "INSERT INTO webhook_deliveries (id, webhook_uid, event, payload, next_attempt_at, created_at, expires_at)
             SELECT $1, id, $3, $4, $5, $5, $6 FROM webhooks WHERE id = $2",
            token::uuid_v7(now)?.to_string(),
            &webhook.uid,
            event.name(),
            &payload,
            now,
            now + TRIED_FOR,
        )?;
    }
    Ok(())
}

/// A delivery that this process has taken.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Delivery {
    pub(super) id: String,
    pub(super) payload: String,
    /// How often it was tried, this time included.
    pub(super) attempts: i64,
    pub(super) expires_at: UnixMillis,
}

/// The webhooks for which something is due.
pub(super) async fn due(store: &Store, now: UnixMillis) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        store,
        (String,),
        "SELECT webhook_uid
           FROM webhook_deliveries
          WHERE next_attempt_at <= $1 AND expires_at > $1
          GROUP BY webhook_uid
          ORDER BY MIN(next_attempt_at)",
        now,
    )?;
    Ok(rows.into_iter().map(|(uid,)| uid).collect())
}

/// Takes what is due for the webhook, the longest due first.
pub(super) async fn take(
    store: &Store,
    webhook_uid: &str,
    now: UnixMillis,
) -> Result<Vec<Delivery>, StoreError> {
    let mut tx = store.begin().await?;
    // What is due is asked twice: a replica that waited for another one's update sees it only outside
    // the subselect.
    let taken = fetch_all!(
        &mut tx,
        Delivery,
        "UPDATE webhook_deliveries
            SET attempts = attempts + 1, next_attempt_at = $3
          WHERE id IN (SELECT id FROM webhook_deliveries
                        WHERE webhook_uid = $1 AND next_attempt_at <= $2 AND expires_at > $2
                        ORDER BY next_attempt_at LIMIT $4)
            AND next_attempt_at <= $2
      RETURNING id, payload, attempts, expires_at",
        webhook_uid,
        now,
        now + TAKEN_FOR,
        AT_ONCE,
    )?;
    tx.commit().await?;
    Ok(taken)
}

/// The webhook has been told.
pub(super) async fn delivered(store: &Store, id: &str) -> Result<(), StoreError> {
    execute!(store, "DELETE FROM webhook_deliveries WHERE id = $1", id).map(drop)
}

/// The webhook has not been told, and is told again at `next_attempt_at`.
pub(super) async fn failed(
    store: &Store,
    id: &str,
    error: &str,
    next_attempt_at: UnixMillis,
) -> Result<(), StoreError> {
    execute!(
        store,
        "UPDATE webhook_deliveries SET next_attempt_at = $2, last_error = $3 WHERE id = $1",
        id,
        next_attempt_at,
        error,
    )
    .map(drop)
}

/// Nothing is tried before `until`: the webhook does not answer.
pub(super) async fn rest(
    store: &Store,
    webhook_uid: &str,
    until: UnixMillis,
) -> Result<(), StoreError> {
    execute!(
        store,
        "UPDATE webhook_deliveries SET next_attempt_at = $2
          WHERE webhook_uid = $1 AND next_attempt_at < $2",
        webhook_uid,
        until,
    )
    .map(drop)
}

/// Whether a delivery is still tried.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is.
    #[default]
    Pending,
    /// It was given up.
    Failed,
}

/// A delivery as an operator sees it.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct WebhookDelivery {
    /// `webhook-id` of its requests.
    pub id: String,
    /// The webhook's name.
    pub webhook: String,
    /// What happened.
    pub event: String,
    /// How often it was tried.
    pub attempts: i64,
    /// What came of the last time.
    pub last_error: Option<String>,
    /// When it happened.
    pub created_at: UnixMillis,
    /// When it is tried again.
    pub next_attempt_at: UnixMillis,
    /// When it is, or was, given up.
    pub expires_at: UnixMillis,
}

/// What webhooks could not be told, the newest first.
pub async fn list(
    store: &Store,
    state: DeliveryState,
    limit: i64,
    now: UnixMillis,
) -> Result<Vec<WebhookDelivery>, StoreError> {
    fetch_all!(
        store,
        WebhookDelivery,
        "SELECT d.id, w.name AS webhook, d.event, d.attempts, d.last_error, d.created_at, d.next_attempt_at, d.expires_at
           FROM webhook_deliveries d
           JOIN webhooks w ON w.id = d.webhook_uid
          WHERE (d.expires_at > $1) = $2
          ORDER BY d.id DESC
          LIMIT $3",
        now,
        state == DeliveryState::Pending,
        limit,
    )
}
