//! Ory Keto: the Ory Permission Language (`namespaces.ts`) and relation tuples in JSON.
//!
//! Keto's tuples may name a subject by its id alone. Here every subject has a type, so such a subject
//! becomes an object of one that is chosen.

mod classes;
mod expression;
mod tuples;

use std::collections::BTreeSet;

use super::{ImportError, Placed, Schema, Source};

pub use classes::model;

/// What subjects are of that have nothing but an id, where nobody says otherwise and no class is called so
/// with a capital.
const SUBJECT_TYPE: &str = "user";

/// A model, as namespaces.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The namespaces.
    pub schema: Schema,
    /// By class, relation and what is asked at its end: what `traverse` follows.
    followed: BTreeSet<(String, String, String)>,
}

/// What was read of a file of tuples.
#[derive(Clone, Debug, Default)]
pub struct Tuples {
    /// The tuples.
    pub tuples: Vec<Placed>,
    /// How many of them had nothing but an id for a subject.
    pub bare: usize,
}

impl Model {
    /// The type of subjects that have nothing but an id: the class `User` or `user`.
    pub fn subject_type(&self) -> &str {
        let mut classes = self.schema.namespaces.keys();
        let class = classes.find(|class| class.eq_ignore_ascii_case(SUBJECT_TYPE));
        class.map_or(SUBJECT_TYPE, String::as_str)
    }

    /// Reads tuples in JSON: an array, an answer of Keto's API, or one a line. Subjects that have nothing but
    /// an id are taken for objects of `subject_type`.
    pub fn tuples(&self, source: Source<'_>, subject_type: &str) -> Result<Tuples, ImportError> {
        tuples::tuples(self, source, subject_type)
    }
}
