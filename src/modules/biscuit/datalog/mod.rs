//! Datalog as biscuits speak it, evaluated within limits that hold.
//!
//! The reference implementation looks at its clock between rules, and so a single rule that joins a hundred
//! facts eight times, a regular expression of megabytes, or a text that doubles itself costs what its
//! author likes. Whoever holds a token can write such a rule into it. Here every fact that is looked at,
//! every operation and every byte that is made is counted.

mod authorize;
mod expression;
mod operation;
mod program;
mod run;
mod shown;
mod source;
mod terms;
mod value;
mod world;

pub(super) use self::{
    authorize::{Decision, authorize},
    program::{Block, MAX_BLOCKS, NotAProgram, Policies},
    run::{Failure, Limit, Limits},
    shown::{escaped, shown_check, shown_fact, shown_policy, shown_rule, shown_scopes},
    source::{MAX_SOURCE, Parameters, Parsed, parse_authorizer, parse_block},
};
#[cfg(test)]
pub(super) use self::{
    run::{ExpressionError, Externs},
    source::NotDatalog,
    value::Value,
};
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::format_collect)]
mod tests;
