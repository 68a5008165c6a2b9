//! What all questions have in common.

use assay_permissions::{Answer, Question};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};

use crate::modules::zanzibar::Consistency;

/// Whether a subject has a relation or permission.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::modules::zanzibar) struct Asked {
    pub(in crate::modules::zanzibar) object_type: String,
    pub(in crate::modules::zanzibar) object_id: String,
    pub(in crate::modules::zanzibar) relation: String,
    pub(in crate::modules::zanzibar) subject_type: String,
    pub(in crate::modules::zanzibar) subject_id: String,
    #[serde(default)]
    pub(in crate::modules::zanzibar) subject_rel: String,
}

/// The same with what it is asked with: a check, or why it says so.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedOnce {
    object_type: String,
    object_id: String,
    relation: String,
    subject_type: String,
    subject_id: String,
    #[serde(default)]
    subject_rel: String,
    #[serde(default)]
    context: Map<String, Value>,
    #[serde(default, deserialize_with = "consistency")]
    consistency: Consistency,
}

impl AskedOnce {
    pub(super) fn split(self) -> (Asked, Map<String, Value>, Consistency) {
        let asked = Asked {
            object_type: self.object_type,
            object_id: self.object_id,
            relation: self.relation,
            subject_type: self.subject_type,
            subject_id: self.subject_id,
            subject_rel: self.subject_rel,
        };
        (asked, self.context, self.consistency)
    }
}

impl Asked {
    pub(in crate::modules::zanzibar) fn question(&self) -> Question<'_> {
        Question {
            resource_type: &self.object_type,
            resource_id: &self.object_id,
            relation: &self.relation,
            subject_type: &self.subject_type,
            subject_id: &self.subject_id,
            subject_relation: userset(&self.subject_rel),
        }
    }
}

/// The relation of a userset; an empty one says that it is none.
pub(super) fn userset(relation: &str) -> Option<&str> {
    Some(relation).filter(|relation| !relation.is_empty())
}

/// At most one of these.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ConsistencyText {
    minimize_latency: bool,
    at_least_as_fresh: Option<String>,
    at_exact_snapshot: Option<String>,
    fully_consistent: bool,
}

/// Reads how new the tuples must be.
pub(super) fn consistency<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Consistency, D::Error> {
    let Some(text) = Option::<ConsistencyText>::deserialize(deserializer)? else {
        return Ok(Consistency::default());
    };
    let one = match text {
        ConsistencyText {
            minimize_latency: _,
            at_least_as_fresh: None,
            at_exact_snapshot: None,
            fully_consistent: false,
        } => Consistency::MinimizeLatency,
        ConsistencyText {
            minimize_latency: false,
            at_least_as_fresh: Some(token),
            at_exact_snapshot: None,
            fully_consistent: false,
        } => Consistency::AtLeastAsFresh(token),
        ConsistencyText {
            minimize_latency: false,
            at_least_as_fresh: None,
            at_exact_snapshot: Some(token),
            fully_consistent: false,
        } => Consistency::AtExactSnapshot(token),
        ConsistencyText {
            minimize_latency: false,
            at_least_as_fresh: None,
            at_exact_snapshot: None,
            fully_consistent: true,
        } => Consistency::FullyConsistent,
        _ => return Err(D::Error::custom("`consistency` is one thing only")),
    };
    Ok(one)
}

/// An answer in words.
#[derive(Debug, Serialize)]
pub(super) struct Answered {
    pub(super) result: &'static str,
    /// Parameters of caveats that it depends on.
    pub(super) missing: Vec<String>,
}

impl From<Answer> for Answered {
    fn from(answer: Answer) -> Self {
        let (result, missing) = match answer {
            Answer::Has => ("HAS", Vec::new()),
            Answer::No => ("NO", Vec::new()),
            Answer::Conditional(missing) => ("CONDITIONAL", missing.into_iter().collect()),
        };
        Self { result, missing }
    }
}
