//! Filters (RFC 7644 3.4.2.2): read, tied to the attributes there are, and asked of a resource or of the
//! database.

mod evaluate;
mod narrow;
mod parse;
mod resolve;
#[cfg(test)]
mod tests;

use std::fmt;

pub(super) use self::{
    evaluate::holds,
    narrow::{Narrowed, narrow},
    parse::{parse, parse_path},
    resolve::{Comparable, Resolved, resolve, resolve_within},
};
use super::path::AttributePath;

/// What must hold. `P` is how an attribute is named, `V` what it is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter<P, V> {
    And(Box<Filter<P, V>>, Box<Filter<P, V>>),
    Or(Box<Filter<P, V>>, Box<Filter<P, V>>),
    Not(Box<Filter<P, V>>),
    Compare(P, Operator, V),
    Present(P),
    /// One of the values of the attribute is such that the filter holds.
    Values(P, Box<Filter<P, V>>),
}

/// A filter as it was written.
pub(super) type Written = Filter<AttributePath, Literal>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Operator {
    const ALL: [Self; 9] = [
        Self::Equal,
        Self::NotEqual,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Contains => "co",
            Self::StartsWith => "sw",
            Self::EndsWith => "ew",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operator| operator.name().eq_ignore_ascii_case(word))
    }
}

/// What an attribute is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Flag(bool),
    Number(serde_json::Number),
    Text(String),
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Flag(flag) => flag.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => serde_json::Value::from(text.as_str()).fmt(f),
        }
    }
}

/// As it can be read again; with no more parentheses than that needs.
impl<P: fmt::Display, V: fmt::Display> fmt::Display for Filter<P, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(left, right) => {
                left.within(matches!(**left, Self::Or(..)), f)?;
                f.write_str(" and ")?;
                right.within(matches!(**right, Self::Or(..) | Self::And(..)), f)
            }
            Self::Or(left, right) => {
                left.within(false, f)?;
                f.write_str(" or ")?;
                right.within(matches!(**right, Self::Or(..)), f)
            }
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Compare(path, operator, value) => write!(f, "{path} {} {value}", operator.name()),
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Values(path, inner) => write!(f, "{path}[{inner}]"),
        }
    }
}

impl<P: fmt::Display, V: fmt::Display> Filter<P, V> {
    fn within(&self, needs_parentheses: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if needs_parentheses {
            write!(f, "({self})")
        } else {
            write!(f, "{self}")
        }
    }
}
