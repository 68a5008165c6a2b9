//! `POST /access/v1/evaluation` and `/access/v1/evaluations`.

use std::sync::Arc;

use assay_permissions::Answer;
use axum::{Json as Reply, Router, extract::State, routing::post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Tried;
use crate::modules::{
    Context, Problem,
    admin::credential::{Permitted, ZanzibarCheck},
    zanzibar::{
        Consistency, View,
        routes::{body::Json, evaluate},
    },
};

/// Evaluations in one request.
const MAX_EVALUATIONS: usize = 1_000;

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/access/v1/evaluation", post(evaluation))
        .route("/access/v1/evaluations", post(evaluations))
}

/// Whether a subject may do something to a resource.
async fn evaluation(
    _: Permitted<ZanzibarCheck>,
    State(context): State<Context>,
    Json(tried): Json<Tried>,
) -> Result<Reply<Value>, Problem> {
    let view = context.view(&Consistency::MinimizeLatency).await?;
    let answer = decide(&context, &view, &tried).await?;
    Ok(Reply(decision(answer)))
}

async fn decide(context: &Context, view: &Arc<View>, tried: &Tried) -> Result<Answer, Problem> {
    let asked = tried.asked()?;
    let given = tried.given();
    evaluate::quickly(context, view, given, move |snapshot, request| {
        snapshot.check(&asked.question(), request)
    })
    .await
}

fn decision(answer: Answer) -> Value {
    match answer {
        Answer::Has => json!({ "decision": true }),
        Answer::No => json!({ "decision": false }),
        // What depends on something is not granted; who asks may say it, and ask once more.
        Answer::Conditional(missing) => {
            json!({ "decision": false, "context": { "missing": missing } })
        }
    }
}

/// What is the same for all stands beside the list.
#[derive(Debug, Deserialize)]
struct Evaluations {
    #[serde(flatten)]
    defaults: Tried,
    #[serde(default, rename = "evaluations")]
    list: Vec<Tried>,
    #[serde(default)]
    options: Options,
}

#[derive(Debug, Default, Deserialize)]
struct Options {
    #[serde(default)]
    evaluations_semantic: Semantic,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Semantic {
    #[default]
    ExecuteAll,
    DenyOnFirstDeny,
    PermitOnFirstPermit,
}

/// Several of them, of one revision. What cannot be decided is not granted, and says why.
async fn evaluations(
    _: Permitted<ZanzibarCheck>,
    State(context): State<Context>,
    Json(body): Json<Evaluations>,
) -> Result<Reply<Value>, Problem> {
    let Evaluations {
        defaults,
        list: evaluations,
        options,
    } = body;
    let view = context.view(&Consistency::MinimizeLatency).await?;
    if evaluations.is_empty() {
        let answer = decide(&context, &view, &defaults).await?;
        return Ok(Reply(decision(answer)));
    }
    if evaluations.len() > MAX_EVALUATIONS {
        let detail = format!(
            "{} evaluations; {MAX_EVALUATIONS} at most",
            evaluations.len()
        );
        return Err(Problem::bad_request(detail).with("limit", MAX_EVALUATIONS));
    }
    let mut decisions = Vec::with_capacity(evaluations.len());
    for tried in evaluations {
        let said = match decide(&context, &view, &tried.or(&defaults)).await {
            Ok(answer) => decision(answer),
            // Worth asking again, all of it.
            Err(problem) if problem.status().is_server_error() => return Err(problem),
            Err(problem) => json!({
                "decision": false,
                "context": { "error": problem.document() },
            }),
        };
        let is_granted = said["decision"] == true;
        decisions.push(said);
        match options.evaluations_semantic {
            Semantic::DenyOnFirstDeny if !is_granted => break,
            Semantic::PermitOnFirstPermit if is_granted => break,
            _ => {}
        }
    }
    Ok(Reply(json!({ "evaluations": decisions })))
}
