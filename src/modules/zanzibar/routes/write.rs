//! `POST /auth/zanzibar/write` and `DELETE /auth/zanzibar/tuples`.

use assay_permissions::TupleLine;
use axum::{
    Json as Reply, Router,
    extract::{Query, State, rejection::QueryRejection},
    routing::{delete, post},
};
use serde::{Deserialize, Serialize};

use super::{body::Json, read::refuse_impossible};
use crate::modules::{
    Context, Problem,
    admin::credential::{Permitted, ZanzibarWrite},
    zanzibar::{
        Consistency, View,
        tuples::{self, Filter, Operation, Precondition, Update, Writer, Written},
    },
};

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/zanzibar/write", post(write))
        .route("/auth/zanzibar/tuples", delete(delete_tuples))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WriteRequest {
    updates: Vec<UpdateLine>,
    #[serde(default)]
    preconditions: Vec<Precondition>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateLine {
    operation: Operation,
    tuple: TupleLine,
}

/// What has come of it.
#[derive(Debug, Serialize)]
pub(super) struct WrittenReply {
    /// From here on it is seen.
    revision: String,
    /// How many tuples are other than before.
    changed: u64,
}

impl WrittenReply {
    pub(super) fn new(context: &Context, view: &View, written: &Written) -> Self {
        Self {
            revision: view.token_of(written.revision, &context.keyring),
            changed: written.changed,
        }
    }
}

/// All of the updates, or nothing.
async fn write(
    _: Permitted<ZanzibarWrite>,
    State(context): State<Context>,
    Json(body): Json<WriteRequest>,
) -> Result<Reply<WrittenReply>, Problem> {
    let updates: Vec<Update> = body
        .updates
        .into_iter()
        .map(|update| Update {
            operation: update.operation,
            tuple: update.tuple.into(),
        })
        .collect();
    let view = context.view(&Consistency::MinimizeLatency).await?;
    let written = Writer {
        store: &context.store,
        plan: &view.namespaces.plan,
        generation: view.generation,
        now: context.clock.now(),
    }
    .write(&updates, &body.preconditions)
    .await?;
    context.tuples.take_over(&written);
    Ok(Reply(WrittenReply::new(&context, &view, &written)))
}

/// Which tuples to delete: as [`Filter`], by the query.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DeleteQuery {
    object_type: Option<String>,
    object_id: Option<String>,
    relation: Option<String>,
    subject_type: Option<String>,
    subject_id: Option<String>,
    subject_rel: Option<String>,
    /// That a filter without a word is meant.
    all: bool,
}

/// All that is like that, however much it is, in one revision.
async fn delete_tuples(
    _: Permitted<ZanzibarWrite>,
    State(context): State<Context>,
    query: Result<Query<DeleteQuery>, QueryRejection>,
) -> Result<Reply<WrittenReply>, Problem> {
    let Query(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let filter = Filter {
        object_type: query.object_type,
        object_id: query.object_id,
        relation: query.relation,
        subject_type: query.subject_type,
        subject_id: query.subject_id,
        subject_rel: query.subject_rel,
    };
    if filter.is_everything() != query.all {
        return Err(Problem::bad_request(
            "say which tuples, by `object_type`, `object_id`, `relation`, `subject_type`, `subject_id` or \
             `subject_rel`; or `all=true` and nothing else for all there are",
        ));
    }
    refuse_impossible(&filter)?;
    let view = context.view(&Consistency::MinimizeLatency).await?;
    let written = tuples::delete(&context.store, &filter, context.clock.now()).await?;
    context.tuples.take_over(&written);
    Ok(Reply(WrittenReply::new(&context, &view, &written)))
}
