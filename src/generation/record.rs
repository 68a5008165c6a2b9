//! What is written down about a generation: who made it, from what, and what it changed.

use std::fmt;

use assay_reconciler::diff::{
    Action, Change, Generation, Plan, PlanDocument,
    document::{ChangeDocument, FORMAT_VERSION},
    render,
};
use serde::{Deserialize, Serialize};

use super::errors::ApplyError;
use crate::{
    clock::UnixMillis,
    crypto::token,
    store::{StoreError, Tx, execute, fetch_optional},
};

/// What [`Actor::registration`] is called.
const REGISTRATION: &str = "registration";

/// Who changes the configuration, as in `cli:root@host`, `admin-key:ci` or `boot`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Actor(String);

impl Actor {
    /// Whoever `name` says.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The first start of a server.
    pub fn boot() -> Self {
        Self::new("boot")
    }

    /// A client that registers itself, or what tidies up after it.
    pub fn registration() -> Self {
        Self::new(REGISTRATION)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Where the manifests were found, when their folder is in git.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Source {
    /// The commit that is checked out.
    pub commit: Option<String>,
    /// Whether the folder differs from that commit.
    pub dirty: Option<bool>,
    /// Where the repository comes from, without any password.
    pub url: Option<String>,
}

/// The plan in the documented format, without what the objects say before and after: that is in
/// `object_revisions` already, and would be most of a large generation. The fields that differ stay.
fn recorded(plan: &Plan) -> Result<String, serde_json::Error> {
    let mut changes = Vec::with_capacity(plan.changes.len());
    for change in &plan.changes {
        changes.push(recorded_change(change)?);
    }
    serde_json::to_string(&PlanDocument {
        format_version: String::from(FORMAT_VERSION),
        base_generation: plan.base,
        set: plan.set.clone(),
        ownership: plan.ownership,
        manifests_digest: plan.digest.clone(),
        summary: plan.summary(),
        guards: Vec::new(),
        changes,
        unnamed: plan.unnamed.clone(),
        desired: None,
    })
}

fn recorded_change(change: &Change) -> Result<ChangeDocument, serde_json::Error> {
    let fields = match change.action {
        Action::Update => ChangeDocument::new(change)?.fields,
        Action::Create | Action::Delete => Vec::new(),
    };
    Ok(ChangeDocument {
        action: change.action,
        kind: change.key.kind,
        name: change.key.name.clone(),
        renamed_from: change.renamed_from.clone(),
        owner_before: change.owner_before.clone(),
        owner_after: change.owner_after.clone(),
        reasons: change.reasons.clone(),
        ends: change.ends,
        before: None,
        after: None,
        fields,
    })
}

pub(super) async fn generation(
    tx: &mut Tx,
    plan: &Plan,
    number: Generation,
    actor: &Actor,
    source: &Source,
    now: UnixMillis,
) -> Result<(), ApplyError> {
    let set = plan.set.as_ref().map(ToString::to_string);
    execute!(
        tx,
        "INSERT INTO generations (number, created_at, actor, set_name, source_commit, source_dirty,
                                  source_url, digest, summary, plan)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        number.0,
        now,
        actor.as_str(),
        set.as_deref(),
        source.commit.as_deref(),
        source.dirty,
        source.url.as_deref(),
        &plan.digest,
        render::summary(&plan.summary()),
        recorded(plan)?
    )?;
    Ok(())
}

pub(super) async fn audit(
    tx: &mut Tx,
    action: &str,
    plan: &Plan,
    number: Generation,
    actor: &Actor,
    source: &Source,
    now: UnixMillis,
) -> Result<(), ApplyError> {
    let detail = serde_json::json!({
        "generation": number,
        "summary": render::summary(&plan.summary()),
        "set": plan.set,
        "source": source,
    });
    let subject = format!("generation/{number}");
    Ok(event(tx, actor, action, &subject, &detail, now).await?)
}

/// Writes down who did what to what.
pub(super) async fn event(
    tx: &mut Tx,
    actor: &Actor,
    action: &str,
    subject: &str,
    detail: &serde_json::Value,
    now: UnixMillis,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO audit (id, occurred_at, actor, action, subject, detail)
         VALUES ($1, $2, $3, $4, $5, $6)",
        token::uuid_v7(now)?.to_string(),
        now,
        actor.as_str(),
        action,
        subject,
        detail.to_string()
    )
    .map(drop)
}

/// Whether anything but the registrations of clients changed since `generation`. They are not
/// configuration, and a plan is right whatever they are.
pub(super) async fn is_configuration_newer_than(
    tx: &mut Tx,
    generation: Generation,
) -> Result<bool, StoreError> {
    let newer = fetch_optional!(
        tx,
        (i64,),
        "SELECT number FROM generations WHERE number > $1 AND actor <> $2 ORDER BY number LIMIT 1",
        generation.0,
        REGISTRATION,
    )?;
    Ok(newer.is_some())
}
