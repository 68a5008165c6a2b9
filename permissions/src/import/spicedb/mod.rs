//! SpiceDB: its schema language (`schema.zed`) and its text format of relationships.
//!
//! Permission expressions are the same language.

mod relationships;
mod schema;
mod validation;

pub use relationships::{relationship, relationships};
pub use schema::schema;
pub use validation::{Validation, validation};
