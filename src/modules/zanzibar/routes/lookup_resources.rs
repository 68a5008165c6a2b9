//! `POST /auth/zanzibar/lookup-resources`.

use assay_permissions::{CheckError, Page, Request, ResourcesQuestion, Snapshot};
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
    Router::new().route("/auth/zanzibar/lookup-resources", post(lookup_resources))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResourcesRequest {
    object_type: String,
    relation: String,
    subject_type: String,
    subject_id: String,
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

impl ResourcesRequest {
    pub(super) fn question<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: usize,
    ) -> ResourcesQuestion<'a> {
        ResourcesQuestion {
            resource_type: &self.object_type,
            relation: &self.relation,
            subject_type: &self.subject_type,
            subject_id: &self.subject_id,
            subject_relation: userset(&self.subject_rel),
            after,
            limit,
        }
    }
}

#[derive(Debug, Serialize)]
struct Resource<'a> {
    object_id: &'a str,
    #[serde(flatten)]
    answer: Answered,
}

impl Listing for ResourcesRequest {
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
        snapshot.lookup_resources(&self.question(after, limit), request)
    }

    fn line(name: &str, answer: Answered) -> Value {
        json!(Resource {
            object_id: name,
            answer,
        })
    }

    fn page(page: Page, after: Option<&str>) -> Value {
        json!({ "objects": items::<Self>(page.items), "after": after })
    }
}

/// The objects that a subject has a relation or permission to.
async fn lookup_resources(
    _: Permitted<ZanzibarCheck>,
    State(context): State<Context>,
    headers: HeaderMap,
    Json(body): Json<ResourcesRequest>,
) -> Result<Response, Problem> {
    list(context, &headers, body).await
}
