//! `GET /auth/zanzibar/watch`: what changes, as server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use assay_permissions::{Change, TupleLine};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{sync::watch::Receiver, time::timeout};

use super::problem;
use crate::modules::{
    Context, Problem,
    admin::credential::{Permitted, ZanzibarRead},
    zanzibar::{
        Consistency, View,
        tuples::{self, Logged},
    },
};

/// How long nothing may be said, so that whoever listens, and what is between, sees that somebody is there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Changes that are read at once.
const READ_AT_ONCE: i64 = 1_000;

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/auth/zanzibar/watch", get(watch))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WatchQuery {
    /// The revision after which to begin; now, if it is left out.
    since: Option<String>,
    /// Changes of objects of these namespaces alone, with commas between them.
    object_types: Option<String>,
}

struct Watching {
    context: Context,
    view: Arc<View>,
    moves: Receiver<u64>,
    /// Everything up to this one has been said.
    revision: i64,
    object_types: Vec<String>,
    is_new: bool,
}

/// Every change after a revision, in order and without gaps. `Last-Event-ID` goes before `since`, so that a
/// browser that comes back goes on where it was.
async fn watch(
    _: Permitted<ZanzibarRead>,
    State(context): State<Context>,
    headers: HeaderMap,
    query: Result<Query<WatchQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let last = headers.get("last-event-id").map(|id| id.to_str());
    let since = match last {
        Some(Ok(id)) => Some(id.to_owned()),
        Some(Err(_)) => return Err(Problem::bad_request("`Last-Event-ID` is no revision")),
        None => query.since,
    };
    // Before the view is taken, so that no move of it is missed.
    let moves = context.tuples.moves();
    let (view, revision) = match since {
        None => {
            let view = context.view(&Consistency::FullyConsistent).await?;
            let revision = view.revision;
            (view, revision)
        }
        Some(token) => {
            let consistency = Consistency::AtLeastAsFresh(token.clone());
            let view = context.view(&consistency).await?;
            let revision = context
                .tuples
                .verified(&token)
                .map_err(|error| Problem::from(crate::modules::zanzibar::PinError::from(error)))?;
            (view, revision.number)
        }
    };
    if revision < tuples::position(&context.store).await?.trimmed {
        let detail = "the changes since this revision are not kept any more; read everything, and watch from there";
        return Err(problem::gone(detail.to_owned(), None));
    }
    let types = query.object_types.unwrap_or_default();
    let types = types.split(',').filter(|name| !name.is_empty());
    let watching = Watching {
        object_types: types.map(str::to_owned).collect(),
        context,
        view,
        moves,
        revision,
        is_new: true,
    };
    let events = stream::unfold(watching, async |mut watching| {
        let text = watching.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), watching))
    });
    let mut response = Body::from_stream(events).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would keep events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

impl Watching {
    /// What is to be said next; `None` ends it.
    async fn next(&mut self) -> Option<String> {
        if std::mem::take(&mut self.is_new) {
            return Some(self.event("start", &json!({ "revision": self.token(self.revision) })));
        }
        loop {
            self.moves.mark_unchanged();
            // None: the module is switched off, or the server ends.
            self.view = self.context.tuples.newest()?;
            if self.view.revision > self.revision {
                let store = &self.context.store;
                let logged = match tuples::logged_after(store, self.revision, READ_AT_ONCE).await {
                    Ok(Some(logged)) => logged,
                    // Whoever listens comes back, and is told.
                    Ok(None) => return None,
                    Err(error) => {
                        tracing::warn!(%error, "a watch was broken off");
                        return None;
                    }
                };
                let text = self.events(logged);
                if !text.is_empty() {
                    return Some(text);
                }
                continue;
            }
            match timeout(HEARTBEAT, self.moves.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                // With an id, so that who filters need not go through everything again.
                Err(_) => return Some(self.event("heartbeat", &json!({}))),
            }
        }
    }

    /// An event a revision.
    fn events(&mut self, logged: Vec<Logged>) -> String {
        let mut text = String::new();
        let mut logged = logged.into_iter().peekable();
        while let Some(first) = logged.next() {
            self.revision = first.revision;
            let mut changes = vec![first.change];
            while let Some(next) = logged.next_if(|next| next.revision == self.revision) {
                changes.push(next.change);
            }
            let changes: Vec<Value> = changes
                .into_iter()
                .filter(|change| self.is_of_interest(change))
                .map(described)
                .collect();
            if !changes.is_empty() {
                let revision = self.token(self.revision);
                let data = json!({ "revision": revision, "changes": changes });
                text.push_str(&self.event("changes", &data));
            }
        }
        text
    }

    fn is_of_interest(&self, change: &Change) -> bool {
        let (Change::Touch(tuple) | Change::Delete(tuple)) = change;
        self.object_types.is_empty() || self.object_types.contains(&tuple.resource.namespace)
    }

    fn token(&self, revision: i64) -> String {
        self.view.token_of(revision, &self.context.keyring)
    }

    fn event(&self, name: &str, data: &Value) -> String {
        let id = self.token(self.revision);
        format!("id: {id}\nevent: {name}\ndata: {data}\n\n")
    }
}

fn described(change: Change) -> Value {
    let (operation, tuple) = match change {
        Change::Touch(tuple) => ("touch", tuple),
        Change::Delete(tuple) => ("delete", tuple),
    };
    json!({ "operation": operation, "tuple": TupleLine::from(tuple) })
}
