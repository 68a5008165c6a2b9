//! Datalog as text, for people. Unlike the printers of the library, these neither fail on what a stranger
//! has put into a token nor let a text pass for Datalog.

use std::{borrow::Cow, fmt::Write as _};

use biscuit_auth::builder::{
    Binary, Check, CheckKind, Fact, MapKey, Op, Policy, PolicyKind, Predicate, Rule, Scope, Term,
    Unary,
};
use data_encoding::HEXLOWER;
use jiff::Timestamp;

/// Operations of an expression that is shown; each copies what stands on its left and right.
const MAX_OPERATIONS: usize = 200;

/// A fact.
pub(in crate::modules::biscuit) fn shown_fact(fact: &Fact) -> String {
    predicate(&fact.predicate)
}

/// A rule.
pub(in crate::modules::biscuit) fn shown_rule(rule: &Rule) -> String {
    format!("{} <- {}", predicate(&rule.head), body(rule))
}

/// A check.
pub(in crate::modules::biscuit) fn shown_check(check: &Check) -> String {
    let kind = match check.kind {
        CheckKind::One => "check if",
        CheckKind::All => "check all",
        CheckKind::Reject => "reject if",
    };
    format!("{kind} {}", bodies(&check.queries))
}

/// A policy.
pub(in crate::modules::biscuit) fn shown_policy(policy: &Policy) -> String {
    let kind = match policy.kind {
        PolicyKind::Allow => "allow if",
        PolicyKind::Deny => "deny if",
    };
    format!("{kind} {}", bodies(&policy.queries))
}

/// Whom a block or a rule trusts.
pub(in crate::modules::biscuit) fn shown_scopes(scopes: &[Scope]) -> String {
    let scopes = scopes.iter().map(|scope| match scope {
        Scope::Authority => Cow::Borrowed("authority"),
        Scope::Previous => Cow::Borrowed("previous"),
        Scope::PublicKey(key) => Cow::Owned(key.to_string()),
        Scope::Parameter(name) => Cow::Owned(format!("{{{name}}}")),
    });
    format!("trusting {}", scopes.collect::<Vec<_>>().join(", "))
}

fn bodies(queries: &[Rule]) -> String {
    let bodies: Vec<String> = queries.iter().map(body).collect();
    bodies.join(" or ")
}

fn body(rule: &Rule) -> String {
    let predicates = rule.body.iter().map(predicate);
    let expressions = rule.expressions.iter().map(|expression| {
        let shown = operations(&expression.ops);
        shown.unwrap_or_else(|| String::from("<an expression that is too long to show>"))
    });
    let mut text = predicates.chain(expressions).collect::<Vec<_>>().join(", ");
    if !rule.scopes.is_empty() {
        text.push(' ');
        text.push_str(&shown_scopes(&rule.scopes));
    }
    text
}

fn predicate(predicate: &Predicate) -> String {
    let terms: Vec<String> = predicate.terms.iter().map(term).collect();
    format!("{}({})", name(&predicate.name), terms.join(", "))
}

/// A name that Datalog could not be written with stands in quotes.
fn name(name: &str) -> Cow<'_, str> {
    let is_plain = name.starts_with(char::is_alphabetic)
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | ':'));
    if is_plain {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("\"{}\"", escaped(name)))
    }
}

/// Text as it stands between quotes.
pub(in crate::modules::biscuit) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => shown.push_str("\\\""),
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            c if c.is_control() => _ = write!(shown, "\\u{{{:x}}}", u32::from(c)),
            c => shown.push(c),
        }
    }
    shown
}

fn term(term: &Term) -> String {
    match term {
        Term::Variable(variable) => {
            let is_plain = variable
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | ':'));
            if is_plain {
                format!("${variable}")
            } else {
                format!("$\"{}\"", escaped(variable))
            }
        }
        Term::Integer(number) => number.to_string(),
        Term::Str(text) => format!("\"{}\"", escaped(text)),
        Term::Date(seconds) => i64::try_from(*seconds)
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .map_or_else(|| String::from("<no date>"), |date| date.to_string()),
        Term::Bytes(bytes) => format!("hex:{}", HEXLOWER.encode(bytes)),
        Term::Bool(is) => is.to_string(),
        Term::Null => String::from("null"),
        Term::Parameter(name) => format!("{{{name}}}"),
        Term::Set(members) if members.is_empty() => String::from("{,}"),
        Term::Set(members) => format!("{{{}}}", list(members.iter())),
        Term::Array(items) => format!("[{}]", list(items.iter())),
        Term::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| match key {
                MapKey::Integer(number) => format!("{number}: {}", term_of(value)),
                MapKey::Str(text) => format!("\"{}\": {}", escaped(text), term_of(value)),
                MapKey::Parameter(name) => format!("{{{name}}}: {}", term_of(value)),
            });
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

fn term_of(value: &Term) -> String {
    term(value)
}

fn list<'a>(terms: impl Iterator<Item = &'a Term>) -> String {
    terms.map(term).collect::<Vec<_>>().join(", ")
}

/// The expression as it is written; `None` if it is none, or too long.
fn operations(ops: &[Op]) -> Option<String> {
    if ops.len() > MAX_OPERATIONS {
        return None;
    }
    let mut stack: Vec<String> = Vec::new();
    for op in ops {
        let shown = match op {
            Op::Value(value) => term(value),
            Op::Unary(operator) => {
                let value = stack.pop()?;
                match operator {
                    Unary::Negate => format!("!{value}"),
                    Unary::Parens => format!("({value})"),
                    Unary::Length => format!("{value}.length()"),
                    Unary::TypeOf => format!("{value}.type()"),
                    Unary::Ffi(function) => format!("{value}.extern::{}()", name(function)),
                }
            }
            Op::Binary(operator) => {
                let (right, left) = (stack.pop()?, stack.pop()?);
                match written(operator) {
                    Written::Infix(symbol) => format!("{left} {symbol} {right}"),
                    Written::Method(method) => format!("{left}.{method}({right})"),
                }
            }
            Op::Closure(parameters, body) => {
                let body = operations(body)?;
                if parameters.is_empty() {
                    body
                } else {
                    let parameters: Vec<String> = parameters
                        .iter()
                        .map(|name| term(&Term::Variable(name.clone())))
                        .collect();
                    format!("{} -> {body}", parameters.join(", "))
                }
            }
        };
        stack.push(shown);
    }
    let shown = stack.pop()?;
    stack.is_empty().then_some(shown)
}

enum Written<'a> {
    Infix(&'static str),
    Method(Cow<'a, str>),
}

fn written(operator: &Binary) -> Written<'_> {
    let infix = Written::Infix;
    let method = |name: &'static str| Written::Method(Cow::Borrowed(name));
    match operator {
        Binary::LessThan => infix("<"),
        Binary::GreaterThan => infix(">"),
        Binary::LessOrEqual => infix("<="),
        Binary::GreaterOrEqual => infix(">="),
        Binary::Equal => infix("==="),
        Binary::HeterogeneousEqual => infix("=="),
        Binary::NotEqual => infix("!=="),
        Binary::HeterogeneousNotEqual => infix("!="),
        Binary::Add => infix("+"),
        Binary::Sub => infix("-"),
        Binary::Mul => infix("*"),
        Binary::Div => infix("/"),
        Binary::And => infix("&&!"),
        Binary::Or => infix("||!"),
        Binary::BitwiseAnd => infix("&"),
        Binary::BitwiseOr => infix("|"),
        Binary::BitwiseXor => infix("^"),
        Binary::LazyAnd => infix("&&"),
        Binary::LazyOr => infix("||"),
        Binary::Contains => method("contains"),
        Binary::Prefix => method("starts_with"),
        Binary::Suffix => method("ends_with"),
        Binary::Regex => method("matches"),
        Binary::Intersection => method("intersection"),
        Binary::Union => method("union"),
        Binary::All => method("all"),
        Binary::Any => method("any"),
        Binary::Get => method("get"),
        Binary::TryOr => method("try_or"),
        Binary::Ffi(function) => Written::Method(Cow::Owned(format!("extern::{}", name(function)))),
    }
}
