//! What is configured, for reading. Manifests say what it is to be, so whoever asks for a change here is
//! told whose manifest to change.

use assay_reconciler::{
    diff::{Conflict, Generation, PlanError},
    kind::Kind,
    object::ObjectKey,
};
use axum::{
    Router,
    extract::{Path, Query, rejection::QueryRejection},
    http::StatusCode,
    routing::{MethodRouter, get},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Administration, PATH, Refusal,
    credential::{ConfigApply, ConfigRead, Permitted},
    refusal::kind::CONFLICT,
};
use crate::{
    clock::UnixMillis,
    generation::{ApplyError, Listed},
    modules::{Context, Problem},
};

/// Objects of one page, unless asked for fewer.
const PAGE: u32 = 100;
/// Objects of one page, however many are asked for.
const MAX_PAGE: u32 = 1_000;
/// What stands in the place of a secret.
const MASK: &str = "***";

/// Which objects to list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfiguredQuery {
    /// How many at most.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Those after this name: `next` of the page before.
    #[serde(default)]
    pub after: Option<String>,
}

/// An object as it is live, without anything secret.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfiguredObject {
    /// Survives a rename.
    pub id: String,
    /// Whose it is: `set:NAME`, `boot` or `admin-api`.
    pub owner: String,
    /// The generation that changed it last.
    pub generation: Generation,
    /// When that was.
    pub updated_at: UnixMillis,
    /// The object, with `***` in the place of secrets.
    pub manifest: Value,
}

/// One page of objects.
#[derive(Clone, Debug, Serialize)]
pub struct Configured {
    /// By name.
    pub objects: Vec<ConfiguredObject>,
    /// What to give as `after` for the next page; none on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Administration {
    /// One page of the objects of a kind.
    pub async fn configured(
        &self,
        kind: Kind,
        query: &ConfiguredQuery,
    ) -> Result<Configured, Refusal> {
        let limit = query.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
        let after = query.after.as_deref().unwrap_or_default();
        let mut listed = self.engine.listed(kind, after, limit + 1).await?;
        let has_more = listed.len() > limit as usize;
        listed.truncate(limit as usize);
        let last = listed.last().filter(|_| has_more);
        let next = last.map(|last| last.object.name().to_owned());
        let objects = listed.into_iter().map(shown).collect::<Result<_, _>>()?;
        Ok(Configured { objects, next })
    }

    /// One object.
    pub async fn configured_object(&self, key: &ObjectKey) -> Result<ConfiguredObject, Refusal> {
        shown(self.live(key).await?)
    }

    /// Whose manifest is to be changed, as a refusal to change the object here.
    pub async fn refuse_by_hand(&self, key: ObjectKey) -> Refusal {
        match self.live(&key).await {
            Ok(Listed { owner, .. }) => {
                ApplyError::from(PlanError::Managed(vec![Conflict { key, owner }])).into()
            }
            Err(refusal) => refusal,
        }
    }

    async fn live(&self, key: &ObjectKey) -> Result<Listed, Refusal> {
        let live = self.engine.listed_one(key.kind, &key.name).await?;
        Ok(live.ok_or_else(|| ApplyError::NotFound(key.clone()))?)
    }
}

fn shown(listed: Listed) -> Result<ConfiguredObject, Refusal> {
    let mut manifest = listed.object.to_manifest()?;
    for pointer in listed.object.spec.sensitive_pointers() {
        if let Some(secret) = manifest["spec"].pointer_mut(pointer) {
            *secret = json!(MASK);
        }
    }
    Ok(ConfiguredObject {
        id: listed.id,
        owner: listed.owner.to_string(),
        generation: listed.generation,
        updated_at: listed.updated_at,
        manifest,
    })
}

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/admin/auth/oidc-clients", page(Kind::OidcClient))
        .route("/auth/admin/auth/oidc-clients/{id}", one(Kind::OidcClient))
        .route("/auth/admin/auth/scopes", page(Kind::Scope))
        .route("/auth/admin/auth/scopes/{id}", one(Kind::Scope))
        .route("/auth/admin/auth/themes", page(Kind::Theme))
        .route("/auth/admin/auth/themes/{id}", one(Kind::Theme))
        .route("/auth/admin/auth/mail-templates", page(Kind::MailTemplate))
        .route(
            "/auth/admin/auth/mail-templates/{id}",
            one(Kind::MailTemplate),
        )
        .route("/auth/admin/auth/webhooks", page(Kind::Webhook))
        .route("/auth/admin/auth/webhooks/{id}", one(Kind::Webhook))
        .route("/auth/admin/auth/upstream", page(Kind::UpstreamProvider))
        .route(
            "/auth/admin/auth/upstream/{id}",
            one(Kind::UpstreamProvider),
        )
}

fn page(kind: Kind) -> MethodRouter<Context> {
    get(move |permitted, query| list(kind, permitted, query))
        .post(async move |_: Permitted<ConfigApply>| refuse_new(kind))
}

fn one(kind: Kind) -> MethodRouter<Context> {
    let refuse = move |permitted, name| refuse(kind, permitted, name);
    get(move |permitted, name| show(kind, permitted, name))
        .put(refuse)
        .patch(refuse)
        .delete(refuse)
}

async fn list(
    kind: Kind,
    permitted: Permitted<ConfigRead>,
    query: Result<Query<ConfiguredQuery>, QueryRejection>,
) -> Result<axum::Json<Configured>, Problem> {
    let Query(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let page = permitted.administration.configured(kind, &query).await?;
    Ok(axum::Json(page))
}

async fn show(
    kind: Kind,
    permitted: Permitted<ConfigRead>,
    Path(name): Path<String>,
) -> Result<axum::Json<ConfiguredObject>, Problem> {
    let key = ObjectKey { kind, name };
    let object = permitted.administration.configured_object(&key).await?;
    Ok(axum::Json(object))
}

async fn refuse(
    kind: Kind,
    permitted: Permitted<ConfigApply>,
    Path(name): Path<String>,
) -> Problem {
    let key = ObjectKey { kind, name };
    permitted.administration.refuse_by_hand(key).await.into()
}

fn refuse_new(kind: Kind) -> Problem {
    Problem::new(StatusCode::CONFLICT, CONFLICT, "Conflict").detail(format!(
        "an {kind} is made by its manifest: apply one with `POST {PATH}/reconcile/apply`"
    ))
}
