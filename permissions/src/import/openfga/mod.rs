//! OpenFGA: its modelling language (`model.fga`, in one file or in modules) and its tuples.
//!
//! What OpenFGA defines both by tuples and by an expression is two things here: the relation
//! `direct_NAME`, which tuples are written to, and the permission `NAME`, which is asked for.

mod lexer;
mod model;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Namespaces;
use crate::tuple::{Object, Subject, Tuple};

pub use model::model;

/// A model, as namespaces.
#[derive(Clone, Debug)]
pub struct Model {
    /// The namespaces.
    pub namespaces: Namespaces,
    /// By type and name: what its tuples are written to, where that is called otherwise.
    written_to: BTreeMap<(String, String), String>,
}

impl Model {
    /// A tuple of OpenFGA (`user`, `relation`, `object` and the condition), as one of assay.
    pub fn tuple(
        &self,
        user: &str,
        relation: &str,
        object: &str,
        condition: Option<(String, Map<String, Value>)>,
    ) -> Result<Tuple, String> {
        let (namespace, id) = object
            .split_once(':')
            .ok_or_else(|| format!("`{}` is not `type:id`", object.escape_debug()))?;
        let key = (namespace.to_owned(), relation.to_owned());
        let relation = self.written_to.get(&key).cloned().unwrap_or(key.1);
        Ok(Tuple {
            resource: Object {
                namespace: key.0,
                id: id.to_owned(),
            },
            relation,
            subject: subject(user)?,
            caveat: condition,
            expires_at: None,
        })
    }
}

/// A user of OpenFGA: `user:ada`, `user:*` or `group:staff#member`.
pub fn subject(user: &str) -> Result<Subject, String> {
    let wrong = || {
        format!(
            "`{}` is not `type:id` or `type:id#relation`",
            user.escape_debug()
        )
    };
    let (namespace, rest) = user.split_once(':').ok_or_else(wrong)?;
    let (id, relation) = match rest.split_once('#') {
        Some((id, relation)) => (id, Some(relation.to_owned())),
        None => (rest, None),
    };
    Ok(Subject {
        namespace: namespace.to_owned(),
        id: id.to_owned(),
        relation,
    })
}
