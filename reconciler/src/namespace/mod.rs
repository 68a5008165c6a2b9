//! The language of permissions: names, subject types, permission expressions, and the checks over
//! a whole set of namespaces.
//!
//! The language is that of SpiceDB's schemas (<https://authzed.com/docs/spicedb/concepts/schema>).
//! [`check`](check()) sees all namespaces at once, because a relation or an arrow may lead to another
//! one, and a caveat that one declares is there for all.

mod caveat;
mod check;
mod check_caveats;
mod cycles;
mod expression;
mod grantees;
mod grantees_reason;
mod grantees_shape;
mod lexer;
mod listed;
mod name;
mod parameter_type;
mod parser;
mod permission;
mod problem;
mod subject_type;
mod syntax;
mod syntax_error;

pub use caveat::{CaveatError, MAX_CAVEAT_LENGTH, caveat_parameters, compile_caveat};
pub use check::check;
pub use expression::{Expression, Identifier, Operation, Quantifier, TextRange};
pub use name::{
    MAX_NAME_LENGTH, MAX_NAMES, MAX_NAMESPACE_NAME_LENGTH, NameError, caveat_name, name,
    namespace_name, parameter_name,
};
pub use parameter_type::{ParameterType, ParameterTypeError};
pub use parser::{MAX_EXPRESSION_LENGTH, MAX_NESTING};
pub use permission::PermissionExpression;
pub use problem::{NamespaceProblem, Place, Severity};
pub use subject_type::{SubjectForm, SubjectType, SubjectTypeError};
pub use syntax::check_syntax;
pub use syntax_error::SyntaxError;
