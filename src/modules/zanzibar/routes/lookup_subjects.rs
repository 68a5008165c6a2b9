//! `POST /auth/zanzibar/lookup-subjects`.

use std::sync::Arc;

use assay_permissions::{Answer, Page, SubjectsQuestion};
use axum::{
    Json as Reply, Router,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    asked::{Answered, consistency, userset},
    body::Json,
    evaluate,
    lookup::{MAX_PAGE, cursor, from, lines, page, wants_lines},
    read::limit,
};
use crate::modules::{
    Context, Problem,
    admin::credential::{Permitted, ZanzibarCheck},
    zanzibar::{Consistency, View},
};

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/auth/zanzibar/lookup-subjects", post(lookup_subjects))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubjectsRequest {
    object_type: String,
    object_id: String,
    relation: String,
    subject_type: String,
    #[serde(default)]
    subject_rel: String,
    #[serde(default)]
    pub(super) context: Map<String, Value>,
    #[serde(default, deserialize_with = "consistency")]
    consistency: Consistency,
    #[serde(default = "page")]
    limit: u32,
    #[serde(default)]
    after: Option<String>,
}

impl SubjectsRequest {
    pub(super) fn question<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: usize,
    ) -> SubjectsQuestion<'a> {
        SubjectsQuestion {
            resource_type: &self.object_type,
            resource_id: &self.object_id,
            relation: &self.relation,
            subject_type: &self.subject_type,
            subject_relation: userset(&self.subject_rel),
            after,
            limit,
        }
    }
}

#[derive(Debug, Serialize)]
struct Listed<'a> {
    subject_id: &'a str,
    #[serde(flatten)]
    answer: Answered,
}

/// The subjects of a type that have a relation or permission to an object. Where everyone has it, those
/// who do not are listed too, with a no.
async fn lookup_subjects(
    _: Permitted<ZanzibarCheck>,
    State(context): State<Context>,
    headers: HeaderMap,
    Json(body): Json<SubjectsRequest>,
) -> Result<Response, Problem> {
    let limit = limit(body.limit, MAX_PAGE)?;
    let (view, after) = from(&context, &body.consistency, body.after.as_deref()).await?;
    let question = Arc::new(body);
    let ask = move |context: Context, view: Arc<View>, after: Option<String>, limit: usize| {
        let question = Arc::clone(&question);
        let given = question.context.clone();
        async move {
            evaluate::thoroughly(&context, &view, given, move |snapshot, request| {
                let question = question.question(after.as_deref(), limit);
                snapshot.lookup_subjects(&question, request)
            })
            .await
        }
    };
    if wants_lines(&headers) {
        // Everyone is a line of its own, if they have it.
        let everyone = move |page: &mut Page| {
            let everyone = std::mem::replace(&mut page.everyone, Answer::No);
            (everyone != Answer::No).then(|| line("*", everyone.into()))
        };
        return Ok(lines(&context, view, after, ask, line, everyone));
    }
    let page = ask(context, Arc::clone(&view), after, limit as usize).await?;
    let after = page.after.as_deref().map(|after| cursor(&view, after));
    let mut said = subjects(page, after.as_deref());
    said["revision"] = view.token.as_str().into();
    Ok(Reply(said).into_response())
}

fn line(name: &str, answer: Answered) -> Value {
    json!(Listed {
        subject_id: name,
        answer,
    })
}

/// A page in words.
pub(super) fn subjects(page: Page, after: Option<&str>) -> Value {
    let items = page.items.into_iter();
    let subjects: Vec<Value> = items
        .map(|(name, answer)| line(&name, answer.into()))
        .collect();
    json!({ "everyone": Answered::from(page.everyone), "subjects": subjects, "after": after })
}
