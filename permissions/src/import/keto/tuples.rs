//! Reads relation tuples in JSON.

use serde::{Deserialize, de::IgnoredAny};

use super::{Model, Tuples};
use crate::{
    import::{ImportError, Placed, Source, json},
    tuple::{Object, Subject, Tuple},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    namespace: String,
    object: String,
    relation: String,
    subject_id: Option<String>,
    subject_set: Option<SubjectSet>,
    #[serde(rename = "$schema")]
    _schema: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubjectSet {
    namespace: String,
    object: String,
    #[serde(default)]
    relation: String,
}

pub(super) fn tuples(
    model: &Model,
    source: Source<'_>,
    subject_type: &str,
) -> Result<Tuples, ImportError> {
    let mut read = Tuples::default();
    for (at, item) in json::list::<Item>(source)? {
        read.bare += usize::from(item.subject_id.is_some());
        let tuple = item.tuple(model, subject_type);
        let tuple = tuple.map_err(|message| source.error(at, message))?;
        read.tuples.push(Placed { at, tuple });
    }
    Ok(read)
}

impl Item {
    fn tuple(self, model: &Model, subject_type: &str) -> Result<Tuple, String> {
        let subject = match (self.subject_id, self.subject_set) {
            (Some(id), None) => {
                if let Some(target) = model.follows(&self.namespace, &self.relation, subject_type) {
                    return Err(format!(
                        "`traverse` passes over a `subject_id` in Keto, and would go on to \
                         `{target}` of `{subject_type}:{id}` in assay: write it as a `subject_set`, if \
                         that is meant"
                    ));
                }
                Subject {
                    namespace: subject_type.to_owned(),
                    id,
                    relation: None,
                }
            }
            (None, Some(set)) => Subject {
                namespace: set.namespace,
                id: set.object,
                // Keto writes an object by itself either way.
                relation: Some(set.relation).filter(|it| !matches!(it.as_str(), "" | "...")),
            },
            _ => return Err("a tuple has a `subject_id` or a `subject_set`".to_owned()),
        };
        Ok(Tuple {
            resource: Object {
                namespace: self.namespace,
                id: self.object,
            },
            relation: self.relation,
            subject,
            caveat: None,
            expires_at: None,
        })
    }
}

impl Model {
    /// What `traverse` would ask of a subject of a type, if it followed a relation to it.
    fn follows(&self, class: &str, relation: &str, subject_type: &str) -> Option<&str> {
        let spec = self.schema.namespaces.get(subject_type)?;
        let mut followed = self.followed.iter();
        let step = followed.find(|(of, through, target)| {
            let is_there =
                spec.relations.contains_key(target) || spec.permissions.contains_key(target);
            of == class && through == relation && is_there
        });
        step.map(|(_, _, target)| target.as_str())
    }
}
