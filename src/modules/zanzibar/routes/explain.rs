//! `POST /auth/zanzibar/explain`.

use assay_permissions::{Explanation, Reason, Tuple, TupleLine};
use axum::{Json as Reply, Router, extract::State, routing::post};
use serde_json::{Value, json};

use super::{
    asked::{Answered, AskedOnce},
    body::Json,
    evaluate,
};
use crate::modules::{
    Context, Problem,
    admin::credential::{Permitted, ZanzibarRead},
};

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/auth/zanzibar/explain", post(explain))
}

/// A check, and why it says what it says.
async fn explain(
    _: Permitted<ZanzibarRead>,
    State(context): State<Context>,
    Json(body): Json<AskedOnce>,
) -> Result<Reply<Value>, Problem> {
    let (asked, given, consistency) = body.split();
    let view = context.view(&consistency).await?;
    let explanation = evaluate::thoroughly(&context, &view, given, move |snapshot, request| {
        snapshot.explain(&asked.question(), request)
    })
    .await?;
    let mut said = explained(explanation);
    said["revision"] = view.token.as_str().into();
    Ok(Reply(said))
}

/// Reasons name findings by their places in the list, the first of which is what was asked.
pub(super) fn explained(explanation: Explanation) -> Value {
    let answer = Answered::from(explanation.answer);
    let findings = explanation.findings.into_iter().map(|finding| {
        json!({
            "object_type": finding.object.namespace,
            "object_id": finding.object.id,
            "relation": finding.relation,
            "because": reason(finding.reason),
        })
    });
    json!({
        "result": answer.result,
        "missing": answer.missing,
        "findings": findings.collect::<Vec<_>>(),
        "is_cut": explanation.is_cut,
    })
}

fn reason(because: Reason) -> Value {
    let all = |reasons: Vec<Reason>| reasons.into_iter().map(reason).collect::<Vec<_>>();
    match because {
        Reason::Itself => json!("itself"),
        Reason::Tuple { tuple, then } => {
            json!({ "tuple": TupleLine::from(*tuple), "then": then })
        }
        Reason::Computed(place) => json!({ "computed": place }),
        Reason::Each(reasons) => json!({ "each": all(reasons) }),
        Reason::Without(granted, excluded) => {
            json!({ "granted": reason(*granted), "without": all(excluded) })
        }
        Reason::NoneOf(reasons) => json!({ "none_of": all(reasons) }),
        Reason::NoTuple { relation, void } => {
            json!({ "no_tuple_of": relation, "void": lines(void) })
        }
        Reason::Excluded(by) => json!({ "excluded_by": reason(*by) }),
        Reason::Never => json!("never"),
    }
}

fn lines(tuples: Vec<Tuple>) -> Vec<TupleLine> {
    tuples.into_iter().map(TupleLine::from).collect()
}
