use biscuit_auth::{
    PublicKey,
    builder::{Check, Fact, Policy, Rule, Scope, Term},
    parser::{Error, SourceResult, parse_block_source, parse_source},
};
use biscuit_parser::builder as written;
use serde_json::{Map, Value};

use super::terms::{bind_check, bind_fact, bind_policy, bind_rule};

/// Bytes of Datalog in one request.
pub(in crate::modules::biscuit) const MAX_SOURCE: usize = 16 * 1024;
/// Parentheses, brackets and braces within each other: the parser calls itself for each, and tries some of
/// them more than once.
const MAX_DEPTH: usize = 8;

/// Values for `{name}`, by name.
pub(in crate::modules::biscuit) type Parameters = Map<String, Value>;

/// What a text says.
#[derive(Clone, Debug, Default)]
pub(in crate::modules::biscuit) struct Parsed {
    pub(in crate::modules::biscuit) facts: Vec<Fact>,
    pub(in crate::modules::biscuit) rules: Vec<Rule>,
    pub(in crate::modules::biscuit) checks: Vec<Check>,
    pub(in crate::modules::biscuit) policies: Vec<Policy>,
    pub(in crate::modules::biscuit) scopes: Vec<Scope>,
}

/// The text is no Datalog.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::modules::biscuit) enum NotDatalog {
    #[error("Datalog may have {MAX_SOURCE} bytes")]
    TooLong,
    #[error("parentheses, brackets and braces may stand {MAX_DEPTH} deep within each other")]
    TooDeep,
    #[error("line {line}, column {column} cannot be read as Datalog")]
    Syntax { line: usize, column: usize },
    #[error("a public key after `trusting` is none")]
    Key,
    #[error("the parameter {{{0}}} was given no value")]
    Unbound(String),
    #[error("the parameter {{{0}}} is used nowhere")]
    Unused(String),
    #[error("the parameter {{{name}}} is not a value of Datalog: {why}")]
    Parameter { name: String, why: &'static str },
}

/// What a block says: facts, rules, checks, and `trusting ...;` at the beginning.
pub(in crate::modules::biscuit) fn parse_block(
    text: &str,
    parameters: &Parameters,
) -> Result<Parsed, NotDatalog> {
    parse(text, parse_block_source, parameters)
}

/// What a verifier says: facts, rules, checks and policies.
pub(in crate::modules::biscuit) fn parse_authorizer(
    text: &str,
    parameters: &Parameters,
) -> Result<Parsed, NotDatalog> {
    parse(text, parse_source, parameters)
}

fn parse(
    text: &str,
    read: for<'a> fn(&'a str) -> Result<SourceResult<'a>, Vec<Error<'a>>>,
    parameters: &Parameters,
) -> Result<Parsed, NotDatalog> {
    check_shape(text)?;
    let source = read(text).map_err(|errors| syntax(text, &errors))?;
    let rules = source.rules.iter().map(|(_, rule)| rule);
    let of_checks = source.checks.iter().flat_map(|(_, check)| &check.queries);
    let policies = source.policies.iter();
    let of_policies = policies.flat_map(|(_, policy)| &policy.queries);
    let all = rules.chain(of_checks).chain(of_policies);
    check_keys(all.flat_map(|rule| &rule.scopes).chain(&source.scopes))?;
    let parsed = Parsed {
        facts: of_library(source.facts),
        rules: of_library(source.rules),
        checks: of_library(source.checks),
        policies: of_library(source.policies),
        scopes: source.scopes.into_iter().map(Into::into).collect(),
    };
    bound(parsed, parameters)
}

/// What was written, without its text, as the library goes on with it.
fn of_library<W: Into<T>, T>(written: Vec<(&str, W)>) -> Vec<T> {
    written
        .into_iter()
        .map(|(_, written)| written.into())
        .collect()
}

/// Refuses what would keep the parser busy, or take all of its stack.
fn check_shape(text: &str) -> Result<(), NotDatalog> {
    if text.len() > MAX_SOURCE {
        return Err(NotDatalog::TooLong);
    }
    let mut depth = 0_usize;
    let mut negations = 0_usize;
    let mut in_text = false;
    let mut is_escaped = false;
    for byte in text.bytes() {
        if in_text {
            in_text = is_escaped || byte != b'"';
            is_escaped = !is_escaped && byte == b'\\';
            continue;
        }
        negations = match byte {
            b'!' => negations + 1,
            b' ' | b'\t' | b'\n' | b'\r' => negations,
            _ => 0,
        };
        match byte {
            b'"' => in_text = true,
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth + negations > MAX_DEPTH {
            return Err(NotDatalog::TooDeep);
        }
    }
    Ok(())
}

/// Where the first thing is that cannot be read. What stands there is not repeated.
fn syntax(text: &str, errors: &[Error<'_>]) -> NotDatalog {
    let offset = errors.first().map_or(0, |error| {
        let begin = error.input.as_ptr() as usize;
        begin.saturating_sub(text.as_ptr() as usize)
    });
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    NotDatalog::Syntax { line, column }
}

/// The library takes a key that is none for a reason to panic.
fn check_keys<'a>(scopes: impl Iterator<Item = &'a written::Scope>) -> Result<(), NotDatalog> {
    for scope in scopes {
        if let written::Scope::PublicKey(key) = scope {
            let algorithm = match key.algorithm {
                written::Algorithm::Ed25519 => biscuit_auth::Algorithm::Ed25519,
                written::Algorithm::Secp256r1 => biscuit_auth::Algorithm::Secp256r1,
            };
            PublicKey::from_bytes(&key.key, algorithm).map_err(|_| NotDatalog::Key)?;
        }
        if let written::Scope::Parameter(name) = scope {
            return Err(NotDatalog::Unbound(name.clone()));
        }
    }
    Ok(())
}

/// The same with values in the place of parameters.
fn bound(mut parsed: Parsed, parameters: &Parameters) -> Result<Parsed, NotDatalog> {
    let mut values = std::collections::HashMap::new();
    for (name, value) in parameters {
        let term = Term::try_from(value.clone()).map_err(|why| NotDatalog::Parameter {
            name: name.clone(),
            why,
        })?;
        values.insert(name.as_str(), (term, false));
    }
    let mut unbound = None;
    let mut bind = |name: &str| {
        let Some((term, is_used)) = values.get_mut(name) else {
            unbound.get_or_insert_with(|| name.to_owned());
            return None;
        };
        *is_used = true;
        Some(term.clone())
    };
    parsed
        .facts
        .iter_mut()
        .for_each(|fact| bind_fact(fact, &mut bind));
    parsed
        .rules
        .iter_mut()
        .for_each(|rule| bind_rule(rule, &mut bind));
    parsed
        .checks
        .iter_mut()
        .for_each(|check| bind_check(check, &mut bind));
    parsed
        .policies
        .iter_mut()
        .for_each(|policy| bind_policy(policy, &mut bind));
    if let Some(name) = unbound {
        return Err(NotDatalog::Unbound(name));
    }
    if let Some((name, _)) = values.iter().find(|(_, (_, is_used))| !is_used) {
        return Err(NotDatalog::Unused((*name).to_owned()));
    }
    Ok(parsed)
}
