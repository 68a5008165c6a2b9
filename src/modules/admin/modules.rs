//! The switch of modules by hand.

use assay_reconciler::{
    diff::Owner,
    kind::Kind,
    object::{Metadata, Object, Spec},
    spec::{ModuleName, ModuleSpec, module::UnknownModule},
};
use axum::{Router, extract::State, routing::get};
use serde::{Deserialize, Serialize};

use super::{
    Administration, ApplyReply, Refusal,
    credential::{ConfigApply, ConfigRead, Permitted},
    json::Json,
    reconcile::{reply, served},
};
use crate::modules::{Context, MODULES, Problem};

/// The name of the group of all modules that sign people in.
const AUTH: &str = "auth";

/// A module, and whether it is on.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModuleState {
    /// Its name.
    pub name: ModuleName,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Whether this build has it. One that it has not can be configured, and serves nothing.
    pub in_build: bool,
    /// Whether it cannot be switched off.
    pub always_on: bool,
    /// What must be on for it to be on.
    pub requires: Vec<ModuleName>,
    /// Whose decision it is: `set:NAME`, `boot` or `admin-api`; nobody's if nobody has said anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// Switch modules on or off, all in one generation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SwitchRequest {
    /// Names of modules, or `auth` for all that sign people in.
    pub modules: Vec<String>,
    /// Whether they are to be on.
    pub enabled: bool,
}

/// The modules that `name` stands for: one, or the group `auth`.
///
/// # Errors
/// It stands for none.
pub fn group(name: &str) -> Result<Vec<ModuleName>, UnknownModule> {
    if name != AUTH {
        return name.parse().map(|module| vec![module]);
    }
    Ok(ModuleName::ALL.to_vec())
}

impl Administration {
    /// Every module.
    pub async fn modules(&self) -> Result<Vec<ModuleState>, Refusal> {
        let stored = self.stored_modules().await?;
        Ok(ModuleName::ALL
            .into_iter()
            .map(|name| {
                let found = stored.iter().find(|(module, ..)| *module == name);
                ModuleState {
                    name,
                    enabled: name.is_always_on() || found.is_some_and(|(_, spec, _)| spec.enabled),
                    in_build: MODULES.iter().any(|module| module.name == name),
                    always_on: name.is_always_on(),
                    requires: name.requires().to_vec(),
                    owner: found.map(|(.., owner)| owner.to_string()),
                }
            })
            .collect())
    }

    /// Switches modules, all in one generation. Their settings stay. A module whose manifest somebody
    /// keeps is not switched by hand.
    pub async fn switch(&self, request: &SwitchRequest) -> Result<ApplyReply, Refusal> {
        let bad = |error: UnknownModule| Refusal::BadRequest(error.to_string());
        let mut names = Vec::new();
        for name in &request.modules {
            let modules = group(name).map_err(bad)?;
            let is_group = modules.len() > 1;
            // `auth` off leaves what cannot be switched off.
            names.extend(
                modules
                    .into_iter()
                    .filter(|module| request.enabled || !is_group || !module.is_always_on()),
            );
        }
        let stored = self.stored_modules().await?;
        let mut upserts = Vec::new();
        for name in names {
            let found = stored.iter().find(|(module, ..)| *module == name);
            let is_on = found.map_or(name.is_always_on(), |(_, spec, _)| spec.enabled);
            // Whose a module is does not change because it is switched to what it is.
            if is_on == request.enabled {
                continue;
            }
            upserts.push(Object {
                metadata: Metadata {
                    name: name.name().to_owned(),
                    labels: std::collections::BTreeMap::new(),
                    annotations: std::collections::BTreeMap::new(),
                },
                spec: Spec::Module(ModuleSpec {
                    enabled: request.enabled,
                    settings: found.map_or_else(
                        || name.default_settings(),
                        |(_, spec, _)| spec.settings.clone(),
                    ),
                }),
            });
        }
        let options = self.options(false, false);
        let applied = self
            .engine
            .apply_as(Owner::AdminApi, upserts, Vec::new(), options)
            .await?;
        reply(&applied)
    }

    async fn stored_modules(&self) -> Result<Vec<(ModuleName, ModuleSpec, Owner)>, Refusal> {
        let objects = self.engine.objects_of(Kind::Module).await?;
        Ok(objects
            .into_iter()
            .filter_map(|(object, owner)| {
                let name = object.name().parse().ok()?;
                match object.spec {
                    Spec::Module(spec) => Some((name, spec, owner)),
                    _ => None,
                }
            })
            .collect())
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new().route("/auth/admin/auth/modules", get(list).patch(switch))
}

async fn list(permitted: Permitted<ConfigRead>) -> Result<axum::Json<Vec<ModuleState>>, Problem> {
    Ok(axum::Json(permitted.administration.modules().await?))
}

async fn switch(
    permitted: Permitted<ConfigApply>,
    State(context): State<Context>,
    Json(request): Json<SwitchRequest>,
) -> Result<axum::Json<ApplyReply>, Problem> {
    let reply = permitted.administration.switch(&request).await?;
    Ok(axum::Json(served(&context, reply).await))
}
