//! `POST /auth/zanzibar/expand`.

use assay_permissions::{Branch, Object, Subject, Tree, TupleLine};
use axum::{Json as Reply, Router, extract::State, routing::post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{asked::consistency, body::Json, evaluate};
use crate::modules::{
    Context, Problem,
    admin::credential::{Permitted, ZanzibarRead},
    zanzibar::Consistency,
};

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/auth/zanzibar/expand", post(expand))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpandRequest {
    object_type: String,
    object_id: String,
    pub(super) relation: String,
    #[serde(default, deserialize_with = "consistency")]
    consistency: Consistency,
}

impl ExpandRequest {
    pub(super) fn object(&self) -> Object {
        Object {
            namespace: self.object_type.clone(),
            id: self.object_id.clone(),
        }
    }
}

/// What a relation or permission of an object is made of, whoever asks.
async fn expand(
    _: Permitted<ZanzibarRead>,
    State(context): State<Context>,
    Json(body): Json<ExpandRequest>,
) -> Result<Reply<Value>, Problem> {
    let view = context.view(&body.consistency).await?;
    let object = body.object();
    let relation = body.relation;
    let taken_apart = evaluate::quickly(
        &context,
        &view,
        serde_json::Map::new(),
        move |snapshot, request| snapshot.expand(&object, &relation, request),
    )
    .await?;
    Ok(Reply(
        json!({ "tree": tree(taken_apart), "revision": view.token }),
    ))
}

pub(super) fn tree(tree: Tree) -> Value {
    json!({
        "object_type": tree.object.namespace,
        "object_id": tree.object.id,
        "relation": tree.relation,
        "is": branch(tree.branch),
    })
}

fn branch(part: Branch) -> Value {
    let all = |parts: Vec<Branch>| parts.into_iter().map(branch).collect::<Vec<_>>();
    match part {
        Branch::Nobody => json!("nobody"),
        Branch::Itself => json!("itself"),
        Branch::Tuples(tuples) => {
            let tuples = tuples.into_iter().map(TupleLine::from);
            json!({ "tuples": tuples.collect::<Vec<_>>() })
        }
        Branch::Computed(inner) => json!({ "computed": tree(*inner) }),
        Branch::Arrow { steps, all } => {
            let steps = steps.into_iter().map(
                |(tuple, at)| json!({ "tuple": TupleLine::from(tuple), "grants": at.as_ref().map(userset) }),
            );
            let kind = if all { "each_of" } else { "any_of" };
            json!({ kind: steps.collect::<Vec<_>>() })
        }
        Branch::Union(parts) => json!({ "union": all(parts) }),
        Branch::Intersection(parts) => json!({ "intersection": all(parts) }),
        Branch::Exclusion(base, excluded) => {
            json!({ "exclusion": { "base": branch(*base), "without": all(excluded) } })
        }
    }
}

fn userset(subject: &Subject) -> Value {
    json!({
        "object_type": subject.namespace,
        "object_id": subject.id,
        "relation": subject.relation,
    })
}
