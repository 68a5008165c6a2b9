//! `POST /auth/biscuit/revoke` and `GET /auth/biscuit/revocations`.

use axum::extract::{Query, State, rejection::QueryRejection};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    problem::Refused,
    request::Json,
    revoked::{self, Revocation, RevocationId},
};
use crate::{
    clock::UnixMillis,
    modules::{
        Context, Problem,
        admin::credential::{BiscuitRead, BiscuitRevoke, Permitted},
        audit::{self, AuditEvent},
    },
    store::Store,
};

/// Ids of one request.
const MAX_IDS: usize = 1_000;
/// Ids of one page, unless asked for fewer.
const PAGE: u32 = 100;
/// Ids of one page, however many are asked for.
const MAX_PAGE: u32 = 10_000;

/// Which blocks are to be good for nothing any more, and with them every token that has one of them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeRequest {
    /// In hex, as they were told when the token was made.
    pub revocation_ids: Vec<String>,
}

/// What was revoked.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RevokeReply {
    /// How many were not revoked before.
    pub revoked: u64,
}

/// Which revocations to list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RevocationsQuery {
    #[serde(default)]
    limit: Option<u32>,
    /// Those after this: `next` of the page before.
    #[serde(default)]
    after: Option<String>,
}

/// One page of revocations.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Revocations {
    revocations: Vec<Revocation>,
    /// What to give as `after` for what comes later, also on the last page: more may be revoked.
    next: String,
}

/// Revokes them, in the name of `actor`.
pub(in crate::modules) async fn revoke_ids(
    store: &Store,
    request: &RevokeRequest,
    actor: &str,
    now: UnixMillis,
) -> Result<RevokeReply, Refused> {
    let ids = &request.revocation_ids;
    if ids.is_empty() || ids.len() > MAX_IDS {
        let what = format!("revocation_ids: 1 to {MAX_IDS} of them");
        return Err(Refused::Request(what.into()));
    }
    let ids: Option<Vec<_>> = ids.iter().map(|id| RevocationId::parse(id)).collect();
    let ids = ids.ok_or(Refused::Request(
        "revocation_ids: each is the signature of a block in hex".into(),
    ))?;
    let mut tx = store.begin().await?;
    let revoked = revoked::revoke(&mut tx, &ids, actor, now).await?;
    let event = AuditEvent {
        actor,
        action: "biscuit.revoke",
        subject: None,
        detail: json!({ "revocationIds": ids.iter().map(RevocationId::as_str).collect::<Vec<_>>() }),
        ip: None,
    };
    audit::record(&mut tx, event, now).await?;
    tx.notify_change().await?;
    tx.commit().await?;
    Ok(RevokeReply { revoked })
}

pub(super) async fn revoke(
    permitted: Permitted<BiscuitRevoke>,
    State(context): State<Context>,
    Json(request): Json<RevokeRequest>,
) -> Result<axum::Json<RevokeReply>, Problem> {
    let actor = permitted.administration.actor().as_str();
    let now = context.clock.now();
    let reply = revoke_ids(&context.store, &request, actor, now).await?;
    // When it is answered, it holds here; elsewhere as soon as the others hear of it.
    context.biscuits.catch_up(&context.store).await?;
    Ok(axum::Json(reply))
}

pub(super) async fn list(
    _: Permitted<BiscuitRead>,
    State(context): State<Context>,
    query: Result<Query<RevocationsQuery>, QueryRejection>,
) -> Result<axum::Json<Revocations>, Problem> {
    let Query(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let after = match query.after.as_deref() {
        None | Some("") => 0,
        Some(text) => text
            .parse()
            .map_err(|_| Problem::bad_request("after: `next` of the page before is expected"))?,
    };
    let limit = query.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
    let revocations = revoked::list(&context.store, after, limit).await?;
    let next = revocations.last().map_or(after, |last| last.position);
    Ok(axum::Json(Revocations {
        revocations,
        next: next.to_string(),
    }))
}
