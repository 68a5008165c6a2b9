//! Module `admin`: what operators and the command line do to a running installation.
//!
//! [`Administration`] is what they do, without HTTP: the command line does the same on a database it
//! has opened itself, so that both ways give the same answer. The routes below put a key and JSON
//! around it. `/auth/admin/openapi.json` describes them.

mod administration;
mod audit_log;
mod biscuits;
pub mod bulk;
mod configured;
mod consents;
pub(in crate::modules) mod credential;
mod groups;
mod invitations;
mod json;
mod logout_notices;
mod mails;
mod modules;
mod openapi;
mod passkeys;
mod people;
mod reconcile;
mod refusal;
mod registration_tokens;
mod root_keys;
pub mod scim;
mod search;
mod second_factors;
mod sessions;
mod signing_keys;
mod status;
mod upstream_tokens;
mod webhook_deliveries;

use axum::Router;

pub use self::{
    administration::Administration,
    audit_log::{AuditQuery, RecordedEvent, RecordedEvents},
    configured::{Configured, ConfiguredObject, ConfiguredQuery},
    modules::{ModuleState, SwitchRequest, group},
    people::{CreateUser, NewState, Person, UpdateUser},
    reconcile::{
        ApplyReply, ApplyRequest, Export, Exported, Generations, HistoryQuery, Outcome,
        PlanRequest, RollbackRequest, validated,
    },
    refusal::{Refusal, kind},
    search::{People, UsersQuery},
    signing_keys::Rotated,
    status::Status,
};
use super::Context;

/// Where the routes of this module begin.
pub const PATH: &str = "/auth/admin";

/// Bytes of a body; ten thousand manifests fit.
pub const MAX_BODY: usize = 64 * 1024 * 1024;

/// The module's routes.
pub fn routes(context: &Context) -> Router {
    Router::new()
        .merge(reconcile::routes())
        .merge(modules::routes())
        .merge(people::routes())
        .merge(bulk::routes())
        .merge(groups::routes())
        .merge(consents::routes())
        .merge(passkeys::routes())
        .merge(upstream_tokens::routes())
        .merge(second_factors::routes())
        .merge(sessions::routes())
        .merge(audit_log::routes())
        .merge(configured::routes())
        .merge(logout_notices::routes())
        .merge(webhook_deliveries::routes())
        .merge(mails::routes())
        .merge(invitations::routes())
        .merge(registration_tokens::routes())
        .merge(signing_keys::routes())
        .merge(root_keys::routes())
        .merge(scim::routes())
        .merge(status::routes())
        .merge(openapi::routes())
        .with_state(context.clone())
}
