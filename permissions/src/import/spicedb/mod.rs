//! SpiceDB: its schema language (`schema.zed`) and its text format of relationships.
//!
//! Permission expressions are the same language. A caveat of SpiceDB belongs to no definition, and
//! one of assay to a namespace: it goes to the first namespace, in the order of names, that uses it.

mod lexer;
mod relationships;
mod schema;

pub use relationships::{relationship, relationships};
pub use schema::schema;
