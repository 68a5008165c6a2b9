//! The plan as a document: what `-o json` prints, what `--out` saves, and what the text and
//! Markdown renderings are made from. See `docs/plan-format.md`.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Action, Change, DesiredState, Ended, Generation, Guard, Owner, Ownership, Plan, Reason,
    SetName, Summary, fields,
};
use crate::{
    kind::Kind,
    object::{ManifestError, Object, ObjectKey},
};

/// The version of the format that this version writes.
pub const FORMAT_VERSION: &str = "1.1";

/// What stands for a secret.
pub const MASK: &str = "***";

/// What stands for a secret that is another one afterwards.
pub const MASK_CHANGED: &str = "*** (changed)";

/// A plan, without any secret or hash of one. Only `desired`, which `--out` adds, holds secrets,
/// in the form in which the database keeps them.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Plan")]
pub struct PlanDocument {
    /// `1.1`. The second number grows when something is added, the first when something that was
    /// there means something else or goes.
    pub format_version: String,
    /// The generation the plan was made against, and the only one it may be applied to.
    #[schemars(with = "u64")]
    pub base_generation: Generation,
    /// The set of manifests it is for; none for a rollback and for changes by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub set: Option<SetName>,
    /// What it may do to what is not the set's own.
    pub ownership: Ownership,
    /// SHA-256 over the manifests with secrets in their stored form: the same content, the same
    /// digest, whatever the order of files.
    pub manifests_digest: String,
    /// The counts.
    pub summary: Summary,
    /// Why it is applied only with `--yes`; empty if it needs none.
    #[serde(default)]
    pub guards: Vec<GuardDocument>,
    /// What changes, in the order in which it is written.
    pub changes: Vec<ChangeDocument>,
    /// What the set owns and no longer names, and keeps without `--prune`.
    #[serde(default)]
    pub unnamed: Vec<ObjectKey>,
    /// All manifests, in a saved plan only. Secrets are in the form in which the database keeps
    /// them, and of use to nobody without its master key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<Vec<Value>>,
}

/// Something that needs `--yes`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct GuardDocument {
    /// What.
    #[serde(flatten)]
    pub guard: Guard,
    /// The same for people.
    pub message: String,
}

/// One object that changes.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeDocument {
    /// What happens.
    pub action: Action,
    /// The kind.
    pub kind: Kind,
    /// The (new) name.
    pub name: String,
    /// The name it had, when it is renamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
    /// Who owned it: `set:NAME`, `boot` or `admin-api`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub owner_before: Option<Owner>,
    /// Who will own it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub owner_after: Option<Owner>,
    /// Why, at least one reason.
    pub reasons: Vec<Reason>,
    /// What people lose with a client that goes or is switched off, at the time of planning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Ended>,
    /// `metadata` and `spec` as they are, all defaults written out, `***` for secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// `metadata` and `spec` as they will be, `*** (changed)` for a secret that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// The fields that differ, if the object is there before and after.
    #[serde(default)]
    pub fields: Vec<FieldDocument>,
}

/// One field that differs.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct FieldDocument {
    /// Where in `before` and `after`, as a JSON pointer (RFC 6901).
    pub path: String,
    /// What is there; left out if nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What will be there; left out if nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// Members of a list that come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<Value>,
    /// Members of a list that go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<Value>,
    /// Whether it is or holds a secret, which is masked.
    pub sensitive: bool,
}

/// What keeps a saved plan from being applied.
#[derive(Debug, thiserror::Error)]
pub enum SavedPlanError {
    /// It is not a plan.
    #[error("not a saved plan: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Written by a version to come.
    #[error("the plan has format {0}, and this version of assay reads formats 1.x")]
    Version(String),
    /// The output of `assay diff -o json`, which holds no manifests.
    #[error("this plan is only for reading; `assay diff --out FILE` saves one that can be applied")]
    ForReading,
    /// A manifest in it cannot be read.
    #[error("{0}")]
    Manifest(#[from] ManifestError),
    /// A manifest holds a secret in a form that no saved plan has.
    #[error("{0} holds a secret that is not in its stored form; the plan was altered")]
    Secret(ObjectKey),
    /// The manifests in it are not those it was made for.
    #[error("the manifests in the plan do not have the digest it names; the plan was altered")]
    Altered,
}

/// The JSON Schema of [`PlanDocument`] (draft-07, as of the manifests).
pub fn schema() -> Value {
    schemars::generate::SchemaSettings::draft07()
        .into_generator()
        .into_root_schema_for::<PlanDocument>()
        .to_value()
}

impl PlanDocument {
    /// The document of `plan`, for reading.
    ///
    /// # Errors
    /// As [`Object::canonical`].
    pub fn new(plan: &Plan, guards: &[Guard]) -> Result<Self, serde_json::Error> {
        Ok(Self {
            format_version: String::from(FORMAT_VERSION),
            base_generation: plan.base,
            set: plan.set.clone(),
            ownership: plan.ownership,
            manifests_digest: plan.digest.clone(),
            summary: plan.summary(),
            guards: guards
                .iter()
                .map(|guard| GuardDocument {
                    guard: guard.clone(),
                    message: guard.to_string(),
                })
                .collect(),
            changes: plan
                .changes
                .iter()
                .map(ChangeDocument::new)
                .collect::<Result<_, _>>()?,
            unnamed: plan.unnamed.clone(),
            desired: None,
        })
    }

    /// The document to save, with the manifests that the plan was made for. Their secrets must be
    /// in stored form, as planning demands.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_manifests(mut self, desired: &DesiredState) -> Result<Self, serde_json::Error> {
        let manifests = desired.objects.values().map(|(o, _)| o.to_manifest());
        self.desired = Some(manifests.collect::<Result<_, _>>()?);
        Ok(self)
    }

    /// Reads a document.
    ///
    /// # Errors
    /// It is none, or of a format to come.
    pub fn parse(text: &str) -> Result<Self, SavedPlanError> {
        let value: Value = serde_json::from_str(text)?;
        // Before the rest, which may look different in another version.
        if let Some(version) = value.get("formatVersion").and_then(Value::as_str)
            && !version.starts_with("1.")
        {
            return Err(SavedPlanError::Version(version.to_owned()));
        }
        Ok(serde_json::from_value(value)?)
    }

    /// The manifests of a saved plan, as they were planned for. To apply them, plan anew with
    /// [`Self::ownership`] and demand [`Self::base_generation`].
    ///
    /// # Errors
    /// The document holds none, or was altered.
    pub fn desired_state(&self) -> Result<DesiredState, SavedPlanError> {
        let (Some(manifests), Some(set)) = (&self.desired, &self.set) else {
            return Err(SavedPlanError::ForReading);
        };
        let mut objects = Vec::with_capacity(manifests.len());
        for manifest in manifests {
            let mut object = Object::from_manifest(manifest.clone())?;
            let mut secrets = object.spec.secrets_mut().into_iter();
            if secrets.any(|(_, secret)| !secret.is_stored_form()) {
                return Err(SavedPlanError::Secret(object.key()));
            }
            objects.push(object);
        }
        let desired = DesiredState::new(set.clone(), objects)?;
        if desired.digest != self.manifests_digest {
            return Err(SavedPlanError::Altered);
        }
        Ok(desired)
    }
}

impl ChangeDocument {
    /// The document of one change.
    ///
    /// # Errors
    /// As [`Object::canonical`].
    pub fn new(change: &Change) -> Result<Self, serde_json::Error> {
        let mut before = change.before.as_ref().map(view).transpose()?;
        let mut after = change.after.as_ref().map(|(o, _)| view(o)).transpose()?;
        let sensitive: BTreeSet<String> = change
            .before
            .iter()
            .chain(change.after.iter().map(|(object, _)| &**object))
            .flat_map(|object| object.spec.sensitive_pointers())
            .map(|pointer| format!("/spec{pointer}"))
            .collect();
        for pointer in &sensitive {
            mask(before.as_mut(), after.as_mut(), pointer);
        }
        let touches_secret = |path: &str| {
            let is_within = |a: &str, b: &str| a.strip_prefix(b).is_some_and(starts_new_step);
            sensitive
                .iter()
                .any(|secret| is_within(path, secret) || is_within(secret, path))
        };
        let fields = match (&before, &after) {
            (Some(before), Some(after)) => fields::between(before, after)
                .into_iter()
                .map(|field| FieldDocument {
                    sensitive: touches_secret(&field.pointer),
                    path: field.pointer,
                    before: field.before,
                    after: field.after,
                    added: field.added,
                    removed: field.removed,
                })
                .collect(),
            _ => Vec::new(),
        };
        Ok(Self {
            action: change.action,
            kind: change.key.kind,
            name: change.key.name.clone(),
            renamed_from: change.renamed_from.clone(),
            owner_before: change.owner_before.clone(),
            owner_after: change.owner_after.clone(),
            reasons: change.reasons.clone(),
            ends: change.ends,
            before,
            after,
            fields,
        })
    }
}

fn view(object: &Object) -> Result<Value, serde_json::Error> {
    Ok(json!({
        "metadata": serde_json::to_value(&object.metadata)?,
        "spec": serde_json::to_value(&object.spec)?,
    }))
}

/// Puts masks where the secret was, on both sides.
fn mask(before: Option<&mut Value>, after: Option<&mut Value>, pointer: &str) {
    let before = before.and_then(|side| side.pointer_mut(pointer));
    let after = after.and_then(|side| side.pointer_mut(pointer));
    match (before, after) {
        (Some(before), Some(after)) => {
            let is_same = *before == *after;
            *before = Value::from(MASK);
            *after = Value::from(if is_same { MASK } else { MASK_CHANGED });
        }
        (Some(only), None) | (None, Some(only)) => *only = Value::from(MASK),
        (None, None) => {}
    }
}

fn starts_new_step(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}
