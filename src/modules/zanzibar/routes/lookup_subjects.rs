//! `POST /auth/zanzibar/lookup-subjects`.

use assay_permissions::{Answer, CheckError, Page, Request, Snapshot, SubjectsQuestion, WILDCARD};
use axum::{Router, extract::State, http::HeaderMap, response::Response, routing::post};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    asked::{Answered, consistency, userset},
    body::Json,
    listing::{Listing, Paging, items, list, page},
};
use crate::modules::{
    Context, Problem,
    admin::credential::{Permitted, ZanzibarCheck},
    zanzibar::Consistency,
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

impl Listing for SubjectsRequest {
    fn paging(&self) -> Paging<'_> {
        Paging {
            consistency: &self.consistency,
            limit: self.limit,
            after: self.after.as_deref(),
            context: &self.context,
        }
    }

    fn find(
        &self,
        snapshot: &Snapshot,
        request: &Request<'_>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, CheckError> {
        snapshot.lookup_subjects(&self.question(after, limit), request)
    }

    /// Everyone is a line of its own, if they have it.
    fn first(page: &mut Page) -> Option<Value> {
        let everyone = std::mem::replace(&mut page.everyone, Answer::No);
        (everyone != Answer::No).then(|| Self::line(WILDCARD, everyone.into()))
    }

    fn line(name: &str, answer: Answered) -> Value {
        json!(Listed {
            subject_id: name,
            answer,
        })
    }

    fn page(page: Page, after: Option<&str>) -> Value {
        let subjects = items::<Self>(page.items);
        json!({ "everyone": Answered::from(page.everyone), "subjects": subjects, "after": after })
    }
}

/// The subjects of a type that have a relation or permission to an object. Where everyone has it, those
/// who do not are listed too, with a no.
async fn lookup_subjects(
    _: Permitted<ZanzibarCheck>,
    State(context): State<Context>,
    headers: HeaderMap,
    Json(body): Json<SubjectsRequest>,
) -> Result<Response, Problem> {
    list(context, &headers, body).await
}
