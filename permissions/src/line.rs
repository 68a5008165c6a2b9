//! Tuples as JSON: a line of `tuples.ndjson`, and the same in requests.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::tuple::{Object, Subject, Tuple};

/// A tuple, with the field names of a check. What importers write and what is imported and exported is one
/// of these a line.
///
/// Whether it fits the namespaces is for [`Snapshot`](crate::Snapshot) to say.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TupleLine {
    /// The namespace of the object.
    pub object_type: String,
    /// The object.
    pub object_id: String,
    /// The relation.
    pub relation: String,
    /// The namespace of the subject.
    pub subject_type: String,
    /// The subject; `*` for every object of its namespace.
    pub subject_id: String,
    /// The relation or permission of a userset; nothing, or left out, for others.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject_rel: String,
    /// What the tuple depends on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caveat: Option<CaveatLine>,
    /// From when on it counts no more (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// The caveat of a tuple, and what the tuple says of its parameters.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CaveatLine {
    /// The caveat.
    pub name: String,
    /// By parameter, its value.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub context: Map<String, Value>,
}

impl From<TupleLine> for Tuple {
    fn from(line: TupleLine) -> Self {
        Self {
            resource: Object {
                namespace: line.object_type,
                id: line.object_id,
            },
            relation: line.relation,
            subject: Subject {
                namespace: line.subject_type,
                id: line.subject_id,
                relation: Some(line.subject_rel).filter(|relation| !relation.is_empty()),
            },
            caveat: line.caveat.map(|caveat| (caveat.name, caveat.context)),
            expires_at: line.expires_at.map(Timestamp::as_millisecond),
        }
    }
}

impl From<Tuple> for TupleLine {
    fn from(tuple: Tuple) -> Self {
        let moment = |millis: i64| {
            // Beyond the years that can be written, it never ends or has long ended.
            let furthest = if millis < 0 {
                Timestamp::MIN
            } else {
                Timestamp::MAX
            };
            Timestamp::from_millisecond(millis).unwrap_or(furthest)
        };
        Self {
            object_type: tuple.resource.namespace,
            object_id: tuple.resource.id,
            relation: tuple.relation,
            subject_type: tuple.subject.namespace,
            subject_id: tuple.subject.id,
            subject_rel: tuple.subject.relation.unwrap_or_default(),
            caveat: tuple
                .caveat
                .map(|(name, context)| CaveatLine { name, context }),
            expires_at: tuple.expires_at.map(moment),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn again(line: &str) -> String {
        let read: TupleLine = serde_json::from_str(line).unwrap();
        serde_json::to_string(&TupleLine::from(Tuple::from(read))).unwrap()
    }

    #[test]
    fn a_line_is_written_as_it_was_read() {
        let plain = r#"{"object_type":"document","object_id":"1","relation":"viewer","subject_type":"user","subject_id":"*"}"#;
        assert_eq!(again(plain), plain);
        let full = r#"{"object_type":"document","object_id":"1","relation":"viewer","subject_type":"group","subject_id":"staff","subject_rel":"member","caveat":{"name":"office_hours","context":{"hours":[9,17]}},"expires_at":"2027-01-01T00:00:00.5Z"}"#;
        assert_eq!(again(full), full);
    }

    #[test]
    fn what_is_empty_can_be_left_out() {
        let written = r#"{"object_type":"document","object_id":"1","relation":"viewer","subject_type":"user","subject_id":"ada","subject_rel":"","caveat":null,"expires_at":null}"#;
        let short = r#"{"object_type":"document","object_id":"1","relation":"viewer","subject_type":"user","subject_id":"ada"}"#;
        assert_eq!(again(written), short);
    }

    #[test]
    fn a_field_that_nobody_knows_is_an_error() {
        let line = r#"{"object_type":"a","object_id":"1","relation":"b","subject_type":"c","subject_id":"2","subject_relation":"d"}"#;
        let error = serde_json::from_str::<TupleLine>(line).unwrap_err();
        assert!(error.to_string().contains("subject_relation"), "{error}");
    }
}
