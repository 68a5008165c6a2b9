//! Plan, apply, history, export and rollback.

use std::time::Duration;

use assay_reconciler::{
    Problems,
    diff::{DesiredState, Generation, Guard, Ownership, PlanDocument, SetName},
    from_documents,
    object::{Object, Spec},
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Query, State},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Administration, MAX_BODY, Refusal,
    credential::{ConfigApply, ConfigRead, Permitted},
    json::Json,
};
use crate::{
    generation::{self, Applied, ApplyOptions, GenerationRecord, Source},
    modules::{Context, Problem, check_on_this_machine},
};

/// How long the server that made a generation may take to serve it.
const SERVING: Duration = Duration::from_secs(30);
/// Generations of one page.
const PAGE: u32 = 100;

/// What would change if these manifests were applied?
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanRequest<M = Object> {
    /// The set that they are.
    #[serde(default)]
    pub set: SetName,
    /// All manifests of the set. A secret may be given as `value`.
    pub manifests: Vec<M>,
    /// Delete what the set owns and does not name.
    #[serde(default)]
    pub prune: bool,
    /// Adopt what belongs to others.
    #[serde(default)]
    pub take_over: bool,
    /// Give a plan that can be applied later.
    #[serde(default)]
    pub save: bool,
}

/// Make these manifests, or a saved plan, the configuration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "these are switches")]
pub struct ApplyRequest<M = Object> {
    /// The set that the manifests are.
    #[serde(default)]
    pub set: SetName,
    /// All manifests of the set.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub manifests: Option<Vec<M>>,
    /// A saved plan, in place of `set`, `manifests`, `prune` and `takeOver`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanDocument>,
    /// Delete what the set owns and does not name.
    #[serde(default)]
    pub prune: bool,
    /// Adopt what belongs to others.
    #[serde(default)]
    pub take_over: bool,
    /// Do it all, and undo it.
    #[serde(default)]
    pub dry_run: bool,
    /// Do what is rarely meant, too.
    #[serde(default)]
    pub yes: bool,
    /// Where the manifests come from.
    #[serde(default)]
    pub source: Source,
}

fn none<M>() -> Option<Vec<M>> {
    None
}

/// Whether anything was done.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// There is a new generation.
    Applied,
    /// There was nothing to do.
    Unchanged,
    /// There would be a new generation.
    DryRun,
}

/// What came of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplyReply {
    /// Whether anything was done.
    pub outcome: Outcome,
    /// The generation that holds now, or would hold.
    pub generation: Generation,
    /// What changed, or would.
    pub plan: PlanDocument,
    /// Why the server that made the generation does not serve it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_serving: Option<String>,
}

/// Go back to what there was.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RollbackRequest {
    /// The generation whose content the new one has.
    pub generation: Generation,
    /// Do what is rarely meant, too.
    #[serde(default)]
    pub yes: bool,
    /// Do it all, and undo it.
    #[serde(default)]
    pub dry_run: bool,
}

/// Which generations to list.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HistoryQuery {
    /// How many at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Only those before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Generation>,
}

/// Generations, newest first.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Generations {
    /// One page of them.
    pub generations: Vec<GenerationRecord>,
    /// What to give as `before` for the next page; none on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Generation>,
}

/// Which objects to export.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    set: Option<SetName>,
}

/// The configuration as manifests.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Export {
    /// By kind and name.
    pub objects: Vec<Exported>,
}

/// One object.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Exported {
    /// Whose it is: `set:NAME`, `boot` or `admin-api`.
    pub owner: String,
    /// The manifest; secrets are in their stored form.
    pub manifest: Value,
}

/// The objects of manifests that came as JSON.
///
/// # Errors
/// Everything that is wrong with them.
pub fn validated(manifests: &[Value]) -> Result<Vec<Object>, Problems> {
    // An empty set is meant: what it does is for the guards to ask about.
    if manifests.is_empty() {
        return Ok(Vec::new());
    }
    let loaded = from_documents(manifests)?;
    Ok(loaded
        .manifests
        .into_iter()
        .map(|manifest| manifest.object)
        .collect())
}

/// What only a server can tell: whether the files that settings name are there.
fn check_here(objects: &[Object]) -> Result<(), Refusal> {
    for object in objects {
        if let Spec::Module(module) = &object.spec {
            check_on_this_machine(&module.settings)?;
        }
    }
    Ok(())
}

impl Administration {
    /// What [`Administration::apply`] would do.
    pub async fn plan(&self, request: PlanRequest) -> Result<PlanDocument, Refusal> {
        let desired = self.engine.desired(request.set, request.manifests)?;
        let ownership = Ownership {
            prune: request.prune,
            take_over: request.take_over,
        };
        let (plan, guards) = self
            .engine
            .plan_with_guards(&desired, ownership, self.acting_key.as_ref())
            .await?;
        document(&plan, &guards, request.save.then_some(&desired))
    }

    /// Makes manifests, or a saved plan, the configuration.
    pub async fn apply(&self, request: ApplyRequest) -> Result<ApplyReply, Refusal> {
        let mut options = self.options(request.yes, request.dry_run);
        options.source = request.source;
        let desired = match (request.manifests, request.plan) {
            (Some(manifests), None) => {
                check_here(&manifests)?;
                options.ownership = Ownership {
                    prune: request.prune,
                    take_over: request.take_over,
                };
                self.engine.desired(request.set, manifests)?
            }
            (None, Some(plan)) => {
                options.ownership = plan.ownership;
                options.expected_base = Some(plan.base_generation);
                let desired = plan.desired_state()?;
                // The digest is no signature: what is in the file is checked like any other manifest.
                validated(plan.desired.as_deref().unwrap_or_default())?;
                desired
            }
            _ => {
                let message = "either `manifests` or `plan` is needed";
                return Err(Refusal::BadRequest(message.to_owned()));
            }
        };
        reply(&self.engine.apply(desired, options).await?)
    }

    /// Makes a new generation with the content of an earlier one.
    pub async fn rollback(&self, request: RollbackRequest) -> Result<ApplyReply, Refusal> {
        let options = self.options(request.yes, request.dry_run);
        reply(&self.engine.rollback(request.generation, options).await?)
    }

    /// The generations there were, newest first.
    pub async fn history(&self, query: HistoryQuery) -> Result<Generations, Refusal> {
        let limit = query
            .limit
            .unwrap_or(PAGE)
            .clamp(1, generation::MAX_RECORDS);
        let generations = self.engine.history(limit, query.before).await?;
        let next = generations
            .last()
            .map(|record| record.generation)
            .filter(|last| last.0 > 1 && generations.len() == limit as usize);
        Ok(Generations { generations, next })
    }

    /// The configuration as manifests; only what `set` owns, if given.
    pub async fn export(&self, set: Option<&SetName>) -> Result<Export, Refusal> {
        let mut objects = Vec::new();
        for (object, owner) in self.engine.export(set).await? {
            objects.push(Exported {
                owner: owner.to_string(),
                manifest: assay_reconciler::export::shortest(&object)?,
            });
        }
        Ok(Export { objects })
    }

    pub(super) fn options(&self, yes: bool, dry_run: bool) -> ApplyOptions {
        ApplyOptions {
            yes,
            dry_run,
            acting_key: self.acting_key.clone(),
            ..ApplyOptions::new(self.actor.clone())
        }
    }
}

fn document(
    plan: &assay_reconciler::diff::Plan,
    guards: &[Guard],
    desired: Option<&DesiredState>,
) -> Result<PlanDocument, Refusal> {
    let document = PlanDocument::new(plan, guards)?;
    Ok(match desired {
        Some(desired) => document.with_manifests(desired)?,
        None => document,
    })
}

/// What is told of a change that went through.
pub(super) fn reply(applied: &Applied) -> Result<ApplyReply, Refusal> {
    Ok(ApplyReply {
        outcome: match applied.outcome {
            generation::Outcome::Applied => Outcome::Applied,
            generation::Outcome::Unchanged => Outcome::Unchanged,
            generation::Outcome::DryRun => Outcome::DryRun,
        },
        generation: applied.generation,
        plan: document(&applied.plan, &[], None)?,
        not_serving: None,
    })
}

/// Waits until this server serves what it has just stored, so that the next request is answered by it.
pub(super) async fn served(context: &Context, mut reply: ApplyReply) -> ApplyReply {
    if reply.outcome == Outcome::Applied
        && let Err(error) = context.publisher.serving(reply.generation, SERVING).await
    {
        reply.not_serving = Some(error.to_string());
    }
    reply
}

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/admin/reconcile/plan", post(plan))
        .route("/auth/admin/reconcile/apply", post(apply))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .route("/auth/admin/reconcile/rollback", post(rollback))
        .route("/auth/admin/reconcile/generations", get(history))
        .route("/auth/admin/reconcile/export", get(export))
}

async fn plan(
    permitted: Permitted<ConfigRead>,
    Json(request): Json<PlanRequest<Value>>,
) -> Result<axum::Json<PlanDocument>, Problem> {
    let request = PlanRequest {
        manifests: validated(&request.manifests).map_err(Refusal::from)?,
        set: request.set,
        prune: request.prune,
        take_over: request.take_over,
        save: request.save,
    };
    let document = permitted.administration.plan(request).await?;
    Ok(axum::Json(document))
}

async fn apply(
    permitted: Permitted<ConfigApply>,
    State(context): State<Context>,
    Json(request): Json<ApplyRequest<Value>>,
) -> Result<axum::Json<ApplyReply>, Problem> {
    let manifests = request.manifests.as_deref().map(validated).transpose();
    let request = ApplyRequest {
        manifests: manifests.map_err(Refusal::from)?,
        set: request.set,
        plan: request.plan,
        prune: request.prune,
        take_over: request.take_over,
        dry_run: request.dry_run,
        yes: request.yes,
        source: request.source,
    };
    let reply = permitted.administration.apply(request).await?;
    Ok(axum::Json(served(&context, reply).await))
}

async fn rollback(
    permitted: Permitted<ConfigApply>,
    State(context): State<Context>,
    Json(request): Json<RollbackRequest>,
) -> Result<axum::Json<ApplyReply>, Problem> {
    let reply = permitted.administration.rollback(request).await?;
    Ok(axum::Json(served(&context, reply).await))
}

async fn history(
    permitted: Permitted<ConfigRead>,
    query: Result<Query<HistoryQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<axum::Json<Generations>, Problem> {
    let Query(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    Ok(axum::Json(permitted.administration.history(query).await?))
}

async fn export(
    permitted: Permitted<ConfigRead>,
    query: Result<Query<ExportQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<axum::Json<Export>, Problem> {
    let Query(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let export = permitted.administration.export(query.set.as_ref()).await?;
    Ok(axum::Json(export))
}
