//! OpenID AuthZEN: the Authorization API 1.0 over the same answers, for products that speak it.
//!
//! A subject's and a resource's `type` are namespaces, an action's `name` is a relation or permission.
//! `context`, and the `properties` of all three, are parameters of caveats. A decision is true only if the
//! answer is a yes without conditions.

mod evaluation;
mod search;

use axum::{Json, Router, extract::State, routing::get};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::routes::asked::Asked;
use crate::modules::{Context, Problem};

/// Where its routes are.
pub(super) const PATH: &str = "/access/v1";
/// Where it is described.
pub(super) const CONFIGURATION_PATH: &str = "/.well-known/authzen-configuration";

pub(super) fn router() -> Router<Context> {
    Router::new()
        .route(CONFIGURATION_PATH, get(configuration))
        .merge(evaluation::routes())
        .merge(search::routes())
}

/// Anybody may know where it is.
async fn configuration(State(context): State<Context>) -> Json<Value> {
    let url = context.site.public_url.as_str().trim_end_matches('/');
    let at = |path: &str| format!("{url}{PATH}/{path}");
    Json(json!({
        "policy_decision_point": url,
        "access_evaluation_endpoint": at("evaluation"),
        "access_evaluations_endpoint": at("evaluations"),
        "search_subject_endpoint": at("search/subject"),
        "search_resource_endpoint": at("search/resource"),
        "search_action_endpoint": at("search/action"),
    }))
}

/// A subject or a resource. What else is said of it is for others.
#[derive(Clone, Debug, Deserialize)]
struct Entity {
    r#type: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    properties: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize)]
struct Action {
    name: String,
    #[serde(default)]
    properties: Map<String, Value>,
}

/// Who does what to what; in a search, one of them is looked for.
#[derive(Clone, Debug, Default, Deserialize)]
struct Tried {
    #[serde(default)]
    subject: Option<Entity>,
    #[serde(default)]
    resource: Option<Entity>,
    #[serde(default)]
    action: Option<Action>,
    #[serde(default)]
    context: Option<Map<String, Value>>,
}

impl Tried {
    /// The parts that are missing are as in `defaults`.
    fn or(self, defaults: &Self) -> Self {
        Self {
            subject: self.subject.or_else(|| defaults.subject.clone()),
            resource: self.resource.or_else(|| defaults.resource.clone()),
            action: self.action.or_else(|| defaults.action.clone()),
            context: self.context.or_else(|| defaults.context.clone()),
        }
    }

    /// Parameters of caveats. The context goes before what is said of the resource, the subject, and the
    /// action.
    fn given(&self) -> Map<String, Value> {
        let mut given = Map::new();
        let action = self.action.as_ref().map(|action| &action.properties);
        let entities = [&self.subject, &self.resource];
        let entities = entities.map(|entity| entity.as_ref().map(|entity| &entity.properties));
        let all = [action, entities[0], entities[1], self.context.as_ref()];
        for parameters in all.into_iter().flatten() {
            given.extend(parameters.clone());
        }
        given
    }

    fn subject(&self) -> Result<&Entity, Problem> {
        self.subject.as_ref().ok_or_else(|| missing("subject"))
    }

    fn resource(&self) -> Result<&Entity, Problem> {
        self.resource.as_ref().ok_or_else(|| missing("resource"))
    }

    fn action(&self) -> Result<&Action, Problem> {
        self.action.as_ref().ok_or_else(|| missing("action"))
    }

    /// The question, of which nothing is missing.
    fn asked(&self) -> Result<Asked, Problem> {
        let (subject, resource) = (self.subject()?, self.resource()?);
        Ok(Asked {
            object_type: resource.r#type.clone(),
            object_id: resource.id.clone().ok_or_else(|| missing("resource.id"))?,
            relation: self.action()?.name.clone(),
            subject_type: subject.r#type.clone(),
            subject_id: subject.id.clone().ok_or_else(|| missing("subject.id"))?,
            subject_rel: String::new(),
        })
    }
}

fn missing(what: &str) -> Problem {
    Problem::bad_request(format!("`{what}` is missing"))
}
