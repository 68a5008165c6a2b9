//! SpiceDB: its schema language (`schema.zed`) and its text format of relationships.
//!
//! Permission expressions are the same language.

mod lexer;
mod relationships;
mod schema;

pub use relationships::{relationship, relationships};
pub use schema::schema;
