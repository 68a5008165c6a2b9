//! `POST /access/v1/search/subject`, `/resource` and `/action`.

use assay_permissions::{Answer, Question, ResourcesQuestion, SubjectsQuestion, WILDCARD};
use axum::{Json as Reply, Router, extract::State, routing::post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Tried, missing};
use crate::modules::{
    Context, Problem,
    admin::credential::{Permitted, ZanzibarCheck},
    zanzibar::{
        Consistency, View,
        routes::{
            body::Json,
            evaluate,
            listing::{MAX_PAGE, cursor, from},
            read::limit,
        },
    },
};

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/access/v1/search/subject", post(subjects))
        .route("/access/v1/search/resource", post(resources))
        .route("/access/v1/search/action", post(actions))
}

#[derive(Debug, Deserialize)]
struct Search {
    #[serde(flatten)]
    tried: Tried,
    #[serde(default)]
    page: Page,
}

#[derive(Debug, Default, Deserialize)]
struct Page {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
}

impl Page {
    fn limit(&self) -> Result<usize, Problem> {
        Ok(limit(self.limit.unwrap_or(1_000), MAX_PAGE)? as usize)
    }

    /// An empty one is of the first page.
    fn token(&self) -> Option<&str> {
        self.token.as_deref().filter(|token| !token.is_empty())
    }
}

/// One page of results. An empty token says that it is the last.
fn page(view: &View, results: &[Value], after: Option<&str>) -> Value {
    let next = after.map(|after| cursor(view, after)).unwrap_or_default();
    json!({
        "page": { "next_token": next, "count": results.len() },
        "results": results,
    })
}

/// Who may do something to a resource. An id `*` stands for everyone of the type.
async fn subjects(
    _: Permitted<ZanzibarCheck>,
    State(context): State<Context>,
    Json(search): Json<Search>,
) -> Result<Reply<Value>, Problem> {
    let tried = search.tried;
    let of = tried.subject()?.r#type.clone();
    let resource = tried.resource()?.clone();
    let id = resource.id.ok_or_else(|| missing("resource.id"))?;
    let action = tried.action()?.name.clone();
    let limit = search.page.limit()?;
    let (view, after) = from(&context, &Consistency::MinimizeLatency, search.page.token()).await?;
    let is_first = after.is_none();
    let subject_type = of.clone();
    let found = evaluate::thoroughly(&context, &view, tried.given(), move |snapshot, request| {
        let question = SubjectsQuestion {
            resource_type: &resource.r#type,
            resource_id: &id,
            relation: &action,
            subject_type: &subject_type,
            subject_relation: None,
            after: after.as_deref(),
            limit,
        };
        snapshot.lookup_subjects(&question, request)
    })
    .await?;
    let named = |id: &str| json!({ "type": of, "id": id });
    let mut results = Vec::new();
    if is_first && found.everyone == Answer::Has {
        results.push(named(WILDCARD));
    }
    let items = found.items.iter();
    results.extend(
        items
            .filter(|(_, answer)| *answer == Answer::Has)
            .map(|(id, _)| named(id)),
    );
    Ok(Reply(page(&view, &results, found.after.as_deref())))
}

/// What a subject may do something to.
async fn resources(
    _: Permitted<ZanzibarCheck>,
    State(context): State<Context>,
    Json(search): Json<Search>,
) -> Result<Reply<Value>, Problem> {
    let tried = search.tried;
    let of = tried.resource()?.r#type.clone();
    let subject = tried.subject()?.clone();
    let id = subject.id.ok_or_else(|| missing("subject.id"))?;
    let action = tried.action()?.name.clone();
    let limit = search.page.limit()?;
    let (view, after) = from(&context, &Consistency::MinimizeLatency, search.page.token()).await?;
    let resource_type = of.clone();
    let found = evaluate::thoroughly(&context, &view, tried.given(), move |snapshot, request| {
        let question = ResourcesQuestion {
            resource_type: &resource_type,
            relation: &action,
            subject_type: &subject.r#type,
            subject_id: &id,
            subject_relation: None,
            after: after.as_deref(),
            limit,
        };
        snapshot.lookup_resources(&question, request)
    })
    .await?;
    let items = found.items.iter();
    let results: Vec<Value> = items
        .filter(|(_, answer)| *answer == Answer::Has)
        .map(|(id, _)| json!({ "type": of, "id": id }))
        .collect();
    Ok(Reply(page(&view, &results, found.after.as_deref())))
}

/// What a subject may do to a resource: relations and permissions, by name.
async fn actions(
    _: Permitted<ZanzibarCheck>,
    State(context): State<Context>,
    Json(search): Json<Search>,
) -> Result<Reply<Value>, Problem> {
    let tried = search.tried;
    let subject = tried.subject()?.clone();
    let resource = tried.resource()?.clone();
    let subject_id = subject.id.ok_or_else(|| missing("subject.id"))?;
    let resource_id = resource.id.ok_or_else(|| missing("resource.id"))?;
    let namespace = context.snapshot.namespace(&resource.r#type);
    let mut names: Vec<String> = namespace.map_or_else(Vec::new, |namespace| {
        let spec = &namespace.spec;
        let all = spec.relations.keys().chain(spec.permissions.keys());
        all.cloned().collect()
    });
    names.sort();
    let view = context.view(&Consistency::MinimizeLatency).await?;
    let asked = names.clone();
    let answers = evaluate::thoroughly(&context, &view, tried.given(), move |snapshot, request| {
        let question = |relation| Question {
            resource_type: &resource.r#type,
            resource_id: &resource_id,
            relation,
            subject_type: &subject.r#type,
            subject_id: &subject_id,
            subject_relation: None,
        };
        let questions: Vec<_> = asked.iter().map(|name| question(name)).collect();
        snapshot
            .check_all(&questions, request)
            .into_iter()
            .collect::<Result<Vec<_>, _>>()
    })
    .await?;
    let results: Vec<Value> = names
        .iter()
        .zip(answers)
        .filter(|(_, answer)| *answer == Answer::Has)
        .map(|(name, _)| json!({ "name": name }))
        .collect();
    Ok(Reply(page(&view, &results, None)))
}
