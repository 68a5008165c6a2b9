//! `POST /auth/zanzibar/lookup-resources`, and what it shares with the other list.
//!
//! A list is in the order of names. As pages it is cut by name, and the pages are of one revision as long
//! as the server keeps that; afterwards they are of a newer one, and say so. As lines it comes whole, of one
//! revision.

use std::{future::Future, sync::Arc};

use assay_permissions::{Page, ResourcesQuestion};
use axum::{
    Json as Reply, Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    LINES, REVISION_HEADER,
    asked::{Answered, consistency, userset},
    body::Json,
    evaluate,
    read::limit,
};
use crate::modules::{
    Context, Problem,
    admin::credential::{Permitted, ZanzibarCheck},
    zanzibar::{Consistency, PinError, View},
};

/// Names in a page.
pub(in crate::modules::zanzibar) const MAX_PAGE: u32 = 10_000;
/// Names that are found at once, where the list comes as lines.
const LINES_AT_ONCE: usize = 50_000;

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/auth/zanzibar/lookup-resources", post(lookup_resources))
}

pub(super) fn page() -> u32 {
    1_000
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

/// The objects that a subject has a relation or permission to.
async fn lookup_resources(
    _: Permitted<ZanzibarCheck>,
    State(context): State<Context>,
    headers: HeaderMap,
    Json(body): Json<ResourcesRequest>,
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
                snapshot.lookup_resources(&question, request)
            })
            .await
        }
    };
    if wants_lines(&headers) {
        return Ok(lines(&context, view, after, ask, line, |_| None));
    }
    let page = ask(context, Arc::clone(&view), after, limit as usize).await?;
    let after = page.after.as_deref().map(|after| cursor(&view, after));
    let mut said = resources(page, after.as_deref());
    said["revision"] = view.token.as_str().into();
    Ok(Reply(said).into_response())
}

fn line(name: &str, answer: Answered) -> Value {
    json!(Resource {
        object_id: name,
        answer,
    })
}

/// A page in words.
pub(super) fn resources(page: Page, after: Option<&str>) -> Value {
    let items = page.items.into_iter();
    let objects: Vec<Value> = items
        .map(|(name, answer)| line(&name, answer.into()))
        .collect();
    json!({ "objects": objects, "after": after })
}

/// Where a list goes on: in which view, and after which name.
pub(in crate::modules::zanzibar) async fn from(
    context: &Context,
    consistency: &Consistency,
    after: Option<&str>,
) -> Result<(Arc<View>, Option<String>), Problem> {
    let Some(after) = after else {
        return Ok((context.view(consistency).await?, None));
    };
    let wrong = || Problem::bad_request("`after` is taken from an answer as it is");
    let (token, name) = after.split_once('.').ok_or_else(wrong)?;
    let name = URL_SAFE_NO_PAD.decode(name).map_err(|_| wrong())?;
    let name = String::from_utf8(name).map_err(|_| wrong())?;
    let exact = Consistency::AtExactSnapshot(token.to_owned());
    let view = match context.view(&exact).await {
        Ok(view) => view,
        Err(PinError::Revision(_)) => return Err(wrong()),
        Err(PinError::Gone { .. }) => {
            let newer = Consistency::AtLeastAsFresh(token.to_owned());
            context.view(&newer).await?
        }
        Err(error) => return Err(error.into()),
    };
    Ok((view, Some(name)))
}

pub(in crate::modules::zanzibar) fn cursor(view: &View, after: &str) -> String {
    format!("{}.{}", view.token, URL_SAFE_NO_PAD.encode(after))
}

/// Whether the list is to come as lines.
pub(super) fn wants_lines(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let mut accepted = accepted.filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.contains(LINES))
}

/// The whole list, one name a line, of one view; what `first` says of the first page comes before.
pub(super) fn lines<F: Future<Output = Result<Page, Problem>> + Send + 'static>(
    context: &Context,
    view: Arc<View>,
    after: Option<String>,
    ask: impl Fn(Context, Arc<View>, Option<String>, usize) -> F + Clone + Send + 'static,
    line: impl Fn(&str, Answered) -> Value + Clone + Send + 'static,
    first: impl Fn(&mut Page) -> Option<Value> + Clone + Send + 'static,
) -> Response {
    let revision = view.token.clone();
    let context = context.clone();
    let begin = Some((after, true));
    let body = stream::try_unfold(begin, move |state| {
        let (context, view) = (context.clone(), Arc::clone(&view));
        let (ask, line, first) = (ask.clone(), line.clone(), first.clone());
        async move {
            let Some((after, is_first)) = state else {
                return Ok(None);
            };
            let mut page = match ask(context, view, after, LINES_AT_ONCE).await {
                Ok(page) => page,
                // Too late for a problem document: the last line says what is wrong, and it is no name.
                Err(problem) => {
                    let last = json!({ "error": problem.document() });
                    return Ok(Some((Bytes::from(format!("{last}\n")), None)));
                }
            };
            let mut text = String::new();
            if let Some(first) = is_first.then(|| first(&mut page)).flatten() {
                text.push_str(&first.to_string());
                text.push('\n');
            }
            for (name, answer) in page.items {
                text.push_str(&line(&name, answer.into()).to_string());
                text.push('\n');
            }
            let next = page.after.map(|after| (Some(after), false));
            Ok::<_, std::convert::Infallible>(Some((Bytes::from(text), next)))
        }
    });
    streamed(Body::from_stream(body), &revision)
}

/// Lines of JSON of one revision.
pub(super) fn streamed(body: Body, revision: &str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(LINES));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(revision) = HeaderValue::from_str(revision) {
        headers.insert(REVISION_HEADER, revision);
    }
    response
}
