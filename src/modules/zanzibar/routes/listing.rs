//! What both lists have in common.
//!
//! A list is in the order of names. As pages it is cut by name, and the pages are of one revision as long
//! as the server keeps that; afterwards they are of a newer one, and say so. As lines it comes whole, of one
//! revision.

use std::sync::Arc;

use assay_permissions::{Answer, CheckError, Page, Request, Snapshot};
use axum::{
    Json as Reply,
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::stream;
use serde_json::{Map, Value, json};

use super::{LINES, REVISION_HEADER, asked::Answered, evaluate, read::limit};
use crate::modules::{
    Context, Problem,
    zanzibar::{Consistency, PinError, View},
};

/// Names in a page.
pub(in crate::modules::zanzibar) const MAX_PAGE: u32 = 10_000;
/// Names that are found at once, where the list comes as lines.
const LINES_AT_ONCE: usize = 50_000;

pub(super) fn page() -> u32 {
    1_000
}

/// A request for a list of names.
pub(super) trait Listing: Send + Sync + 'static {
    /// Which part of the list, of which view.
    fn paging(&self) -> Paging<'_>;

    /// Finds some of the names.
    fn find(
        &self,
        snapshot: &Snapshot,
        request: &Request<'_>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, CheckError>;

    /// What the first page says of nobody in particular, taken out of it, as a line of its own.
    fn first(_: &mut Page) -> Option<Value> {
        None
    }

    /// A name in words.
    fn line(name: &str, answer: Answered) -> Value;

    /// A page in words.
    fn page(page: Page, after: Option<&str>) -> Value;
}

/// Which part of a list is asked for, of which view, and what is known of the request.
pub(super) struct Paging<'a> {
    pub(super) consistency: &'a Consistency,
    pub(super) limit: u32,
    pub(super) after: Option<&'a str>,
    pub(super) context: &'a Map<String, Value>,
}

/// Answers a request for a list, as a page or as lines.
pub(super) async fn list<L: Listing>(
    context: Context,
    headers: &HeaderMap,
    asked: L,
) -> Result<Response, Problem> {
    let paging = asked.paging();
    let limit = limit(paging.limit, MAX_PAGE)?;
    let (view, after) = from(&context, paging.consistency, paging.after).await?;
    let asked = Arc::new(asked);
    if wants_lines(headers) {
        return Ok(lines(context, view, after, asked));
    }
    let page = some(&context, &view, &asked, after, limit as usize).await?;
    let after = page.after.as_deref().map(|after| cursor(&view, after));
    let mut said = L::page(page, after.as_deref());
    said["revision"] = view.token.as_str().into();
    Ok(Reply(said).into_response())
}

/// Some of the names of a list, from the one after `after` on.
async fn some<L: Listing>(
    context: &Context,
    view: &Arc<View>,
    asked: &Arc<L>,
    after: Option<String>,
    limit: usize,
) -> Result<Page, Problem> {
    let given = asked.paging().context.clone();
    let asked = Arc::clone(asked);
    evaluate::thoroughly(context, view, given, move |snapshot, request| {
        asked.find(snapshot, request, after.as_deref(), limit)
    })
    .await
}

/// Names in words.
pub(super) fn items<L: Listing>(items: Vec<(String, Answer)>) -> Vec<Value> {
    let items = items.into_iter();
    items
        .map(|(name, answer)| L::line(&name, answer.into()))
        .collect()
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
fn wants_lines(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let mut accepted = accepted.filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.contains(LINES))
}

/// The whole list, one name a line, of one view.
fn lines<L: Listing>(
    context: Context,
    view: Arc<View>,
    after: Option<String>,
    asked: Arc<L>,
) -> Response {
    let revision = view.token.clone();
    let begin = Some((after, true));
    let body = stream::try_unfold(begin, move |state| {
        let (context, view, asked) = (context.clone(), Arc::clone(&view), Arc::clone(&asked));
        async move {
            let Some((after, is_first)) = state else {
                return Ok(None);
            };
            let mut page = match some(&context, &view, &asked, after, LINES_AT_ONCE).await {
                Ok(page) => page,
                // Too late for a problem document: the last line says what is wrong, and it is no name.
                Err(problem) => {
                    let last = json!({ "error": problem.document() });
                    return Ok(Some((Bytes::from(format!("{last}\n")), None)));
                }
            };
            let mut text = String::new();
            if let Some(first) = is_first.then(|| L::first(&mut page)).flatten() {
                text.push_str(&first.to_string());
                text.push('\n');
            }
            for (name, answer) in page.items {
                text.push_str(&L::line(&name, answer.into()).to_string());
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
