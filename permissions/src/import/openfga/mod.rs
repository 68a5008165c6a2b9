//! OpenFGA: its modelling language (`model.fga`, in one file or in modules) and its tuples.
//!
//! What OpenFGA defines both by tuples and by an expression is two things here: the relation
//! `direct_NAME`, which tuples are written to, and the permission `NAME`, which is asked for. A hyphen in
//! the name of a relation or condition, which would be an exclusion here, becomes an underscore. Both
//! are said in [`Schema::notes`].

mod csv;
mod model;
mod store;
mod tuples;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{ImportError, Placed, Schema, Source};
use crate::tuple::{Object, Subject, Tuple};

pub use model::model;
pub use store::{Modules, Store, modules, store};

/// A model, as namespaces.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The namespaces.
    pub schema: Schema,
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
        let key = (namespace.to_owned(), here(relation));
        let relation = self.written_to.get(&key).cloned().unwrap_or(key.1);
        Ok(Tuple {
            resource: Object {
                namespace: key.0,
                id: id.to_owned(),
            },
            relation,
            subject: subject(user)?,
            caveat: condition.map(|(name, context)| (here(&name), context)),
            expires_at: None,
        })
    }

    /// Reads a file of tuples, in the format that its name ends in: `.yaml`, `.json`, `.jsonl` or `.csv`.
    pub fn tuples(&self, source: Source<'_>) -> Result<Vec<Placed>, ImportError> {
        tuples::tuples(self, source)
    }

    /// Reads the tuples that are in a store's own file.
    pub fn tuples_of_store(&self, source: Source<'_>) -> Result<Vec<Placed>, ImportError> {
        tuples::of_store(self, source)
    }
}

/// What a relation or condition is called here.
fn here(name: &str) -> String {
    name.replace('-', "_")
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
        Some((id, relation)) => (id, Some(here(relation))),
        None => (rest, None),
    };
    Ok(Subject {
        namespace: namespace.to_owned(),
        id: id.to_owned(),
        relation,
    })
}
