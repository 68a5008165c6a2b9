//! What happened, who did it, to what: the rows of `audit`.

use serde_json::Value;

use crate::{
    clock::UnixMillis,
    crypto::token,
    store::{StoreError, Tx, execute},
};

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct AuditEvent<'a> {
    /// Who did it: `user:<id>`, `client:<client_id>`, `anonymous`.
    pub actor: &'a str,
    /// What was done, as `session.sign_in`.
    pub action: &'static str,
    /// To whom or what: `user:<id>`, `client:<client_id>`.
    pub subject: Option<&'a str>,
    /// More about it. Never a secret.
    pub detail: Value,
    /// Where the request came from.
    pub ip: Option<&'a str>,
}

/// Records the event in the transaction that does what it tells of.
pub async fn record(tx: &mut Tx, event: AuditEvent<'_>, now: UnixMillis) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO audit (id, occurred_at, actor, action, subject, detail, ip)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        token::uuid_v7(now)?.to_string(),
        now,
        event.actor,
        event.action,
        event.subject,
        event.detail.to_string(),
        event.ip,
    )
    .map(drop)
}
