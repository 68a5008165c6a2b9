use assay_permissions::{Object, Subject, Tuple};
use serde_json::{Map, Value};

use crate::store::StoreError;

/// A tuple as it is stored.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(in crate::modules::zanzibar) struct TupleRow {
    #[sqlx(flatten)]
    pub(in crate::modules::zanzibar) key: Key,
    pub(super) caveat: Option<String>,
    pub(super) context: Option<String>,
    pub(super) expires_at: Option<i64>,
}

/// What tells one tuple from another, in the order of columns, and of the index.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, sqlx::FromRow)]
#[allow(missing_docs)]
pub struct Key {
    pub resource_type: String,
    pub resource_id: String,
    pub relation: String,
    pub subject_type: String,
    pub subject_id: String,
    pub subject_rel: String,
}

impl Key {
    pub(super) fn of(tuple: &Tuple) -> Self {
        Self {
            resource_type: tuple.resource.namespace.clone(),
            resource_id: tuple.resource.id.clone(),
            relation: tuple.relation.clone(),
            subject_type: tuple.subject.namespace.clone(),
            subject_id: tuple.subject.id.clone(),
            subject_rel: tuple.subject.relation.clone().unwrap_or_default(),
        }
    }

    /// Whether there can be such a row: PostgreSQL does not even compare with some texts.
    pub fn is_possible(&self) -> bool {
        let parts = [
            &self.resource_type,
            &self.resource_id,
            &self.relation,
            &self.subject_type,
            &self.subject_id,
            &self.subject_rel,
        ];
        parts.iter().all(|part| !part.contains('\0'))
    }
}

impl TupleRow {
    pub(super) fn of(tuple: &Tuple) -> Self {
        let caveat = tuple.caveat.as_ref();
        Self {
            key: Key::of(tuple),
            caveat: caveat.map(|(name, _)| name.clone()),
            context: caveat.map(|(_, context)| Value::from(context.clone()).to_string()),
            expires_at: tuple.expires_at,
        }
    }

    /// The tuple.
    ///
    /// # Errors
    /// A context that is no JSON object. Without it, whoever asks could say what the tuple said.
    pub(in crate::modules::zanzibar) fn tuple(self) -> Result<Tuple, StoreError> {
        let context = match &self.context {
            None => Map::new(),
            Some(text) => serde_json::from_str(text)
                .map_err(|error| StoreError::from(sqlx::Error::Decode(error.into())))?,
        };
        Ok(Tuple {
            resource: Object {
                namespace: self.key.resource_type,
                id: self.key.resource_id,
            },
            relation: self.key.relation,
            subject: Subject {
                namespace: self.key.subject_type,
                id: self.key.subject_id,
                relation: Some(self.key.subject_rel).filter(|relation| !relation.is_empty()),
            },
            caveat: self.caveat.map(|name| (name, context)),
            expires_at: self.expires_at,
        })
    }
}
