//! `POST /auth/zanzibar/check` and `/bulk-check`.

use assay_permissions::{Answer, CheckError, Question};
use axum::{Json as Reply, Router, extract::State, routing::post};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    asked::{Answered, Asked, AskedOnce, consistency},
    body::Json,
    evaluate, problem,
};
use crate::modules::{
    Context, Problem,
    admin::credential::{Permitted, ZanzibarCheck},
    zanzibar::Consistency,
};

/// Questions in one request.
const MAX_QUESTIONS: usize = 10_000;
/// Questions that are answered where the request is served.
const FEW: usize = 50;

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/zanzibar/check", post(check))
        .route("/auth/zanzibar/bulk-check", post(bulk_check))
}

#[derive(Debug, Serialize)]
struct Checked {
    #[serde(flatten)]
    answer: Answered,
    revision: String,
}

/// Whether a subject has a relation or permission.
async fn check(
    _: Permitted<ZanzibarCheck>,
    State(context): State<Context>,
    Json(body): Json<AskedOnce>,
) -> Result<Reply<Checked>, Problem> {
    let (asked, given, consistency) = body.split();
    let view = context.view(&consistency).await?;
    let answer = evaluate::quickly(&context, &view, given, move |snapshot, request| {
        snapshot.check(&asked.question(), request)
    })
    .await?;
    Ok(Reply(Checked {
        answer: answer.into(),
        revision: view.token.clone(),
    }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedMany {
    checks: Vec<Asked>,
    #[serde(default)]
    context: Map<String, Value>,
    #[serde(default, deserialize_with = "consistency")]
    consistency: Consistency,
}

#[derive(Debug, Serialize)]
struct CheckedMany {
    /// In the order of the questions.
    results: Vec<OneOfMany>,
    revision: String,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum OneOfMany {
    Answered(Answered),
    Failed { error: Value },
}

impl From<Result<Answer, CheckError>> for OneOfMany {
    fn from(outcome: Result<Answer, CheckError>) -> Self {
        match outcome {
            Ok(answer) => Self::Answered(answer.into()),
            Err(error) => Self::Failed {
                error: problem::of_check(&error).document(),
            },
        }
    }
}

/// Many checks, all of one revision. One that has no answer does not keep the others from theirs.
async fn bulk_check(
    _: Permitted<ZanzibarCheck>,
    State(context): State<Context>,
    Json(body): Json<AskedMany>,
) -> Result<Reply<CheckedMany>, Problem> {
    let AskedMany {
        checks,
        context: given,
        consistency,
    } = body;
    if checks.len() > MAX_QUESTIONS {
        let detail = format!("{} checks; {MAX_QUESTIONS} at most", checks.len());
        return Err(Problem::bad_request(detail).with("limit", MAX_QUESTIONS));
    }
    let view = context.view(&consistency).await?;
    let is_few = checks.len() <= FEW;
    let ask = move |snapshot: &assay_permissions::Snapshot,
                    request: &assay_permissions::Request<'_>| {
        let questions: Vec<Question<'_>> = checks.iter().map(Asked::question).collect();
        let answers = snapshot.check_all(&questions, request);
        let over =
            |answer: &Result<Answer, CheckError>| matches!(answer, Err(CheckError::Budget(_)));
        // Few that take long are asked once more, with more steps.
        if is_few && request.budget < assay_permissions::DEFAULT_BUDGET && answers.iter().any(over)
        {
            return Err(CheckError::Budget(request.budget));
        }
        Ok(answers)
    };
    let answers = if is_few {
        evaluate::quickly(&context, &view, given, ask).await?
    } else {
        evaluate::thoroughly(&context, &view, given, ask).await?
    };
    Ok(Reply(CheckedMany {
        results: answers.into_iter().map(OneOfMany::from).collect(),
        revision: view.token.clone(),
    }))
}
