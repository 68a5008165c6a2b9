//! `POST /auth/zanzibar/read`.

use assay_permissions::TupleLine;
use axum::{Json as Reply, Router, extract::State, routing::post};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::body::Json;
use crate::modules::{
    Context, Problem,
    admin::credential::{Permitted, ZanzibarRead},
    zanzibar::{
        Consistency,
        tuples::{self, Cursor, Filter},
    },
};

/// Tuples of one page.
const MAX_PAGE: u32 = 10_000;

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/auth/zanzibar/read", post(read))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadRequest {
    #[serde(default)]
    filter: Filter,
    #[serde(default = "page")]
    limit: u32,
    #[serde(default)]
    after: Option<String>,
}

fn page() -> u32 {
    1_000
}

#[derive(Debug, Serialize)]
struct ReadReply {
    tuples: Vec<TupleLine>,
    after: Option<String>,
    revision: String,
}

/// The tuples as the database has them, in their order, without those that have expired.
async fn read(
    _: Permitted<ZanzibarRead>,
    State(context): State<Context>,
    Json(body): Json<ReadRequest>,
) -> Result<Reply<ReadReply>, Problem> {
    let limit = limit(body.limit, MAX_PAGE)?;
    refuse_impossible(&body.filter)?;
    let after = body.after.as_deref().map(cursor).transpose()?;
    let view = context.view(&Consistency::MinimizeLatency).await?;
    let selected = tuples::select(
        &context.store,
        &body.filter,
        after.as_ref(),
        limit,
        context.clock.now(),
    )
    .await?;
    Ok(Reply(ReadReply {
        tuples: selected.tuples.into_iter().map(TupleLine::from).collect(),
        after: selected.after.as_ref().map(text),
        revision: view.token_of(selected.revision, &context.keyring),
    }))
}

/// A name with a NUL is nobody's, and no database is asked for it.
pub(super) fn refuse_impossible(filter: &Filter) -> Result<(), Problem> {
    if filter.is_impossible() {
        return Err(Problem::bad_request("no name has a NUL"));
    }
    Ok(())
}

/// A limit, if it is one.
pub(in crate::modules::zanzibar) fn limit(asked: u32, most: u32) -> Result<u32, Problem> {
    if (1..=most).contains(&asked) {
        return Ok(asked);
    }
    Err(Problem::bad_request(format!("`limit` is from 1 to {most}")).with("limit", most))
}

fn text(cursor: &Cursor) -> String {
    let parts = [
        &cursor.resource_type,
        &cursor.resource_id,
        &cursor.relation,
        &cursor.subject_type,
        &cursor.subject_id,
        &cursor.subject_rel,
    ];
    // No name has a line break.
    URL_SAFE_NO_PAD.encode(parts.map(String::as_str).join("\n"))
}

fn cursor(text: &str) -> Result<Cursor, Problem> {
    let wrong = || Problem::bad_request("`after` is taken from an answer as it is");
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
    let text = String::from_utf8(bytes).map_err(|_| wrong())?;
    let parts: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let parts: [String; 6] = parts.try_into().map_err(|_| wrong())?;
    let [
        resource_type,
        resource_id,
        relation,
        subject_type,
        subject_id,
        subject_rel,
    ] = parts;
    let cursor = Cursor {
        resource_type,
        resource_id,
        relation,
        subject_type,
        subject_id,
        subject_rel,
    };
    Some(cursor).filter(Cursor::is_possible).ok_or_else(wrong)
}
