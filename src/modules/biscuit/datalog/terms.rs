//! Walks over terms as they are written.

use std::collections::BTreeMap;

use biscuit_auth::builder::{Check, Fact, MapKey, Op, Policy, Predicate, Rule, Term};

/// What is done to a parameter: its value, or `None` to leave it.
pub(super) type Bind<'a> = &'a mut dyn FnMut(&str) -> Option<Term>;

pub(super) fn bind_fact(fact: &mut Fact, bind: Bind<'_>) {
    bind_predicate(&mut fact.predicate, bind);
    fact.parameters = None;
}

pub(super) fn bind_check(check: &mut Check, bind: Bind<'_>) {
    for query in &mut check.queries {
        bind_rule(query, bind);
    }
}

pub(super) fn bind_policy(policy: &mut Policy, bind: Bind<'_>) {
    for query in &mut policy.queries {
        bind_rule(query, bind);
    }
}

pub(super) fn bind_rule(rule: &mut Rule, bind: Bind<'_>) {
    bind_predicate(&mut rule.head, bind);
    for predicate in &mut rule.body {
        bind_predicate(predicate, bind);
    }
    for expression in &mut rule.expressions {
        bind_operations(&mut expression.ops, bind);
    }
    rule.parameters = None;
    rule.scope_parameters = None;
}

fn bind_operations(operations: &mut [Op], bind: Bind<'_>) {
    for operation in operations {
        match operation {
            Op::Value(term) => bind_term(term, bind),
            Op::Closure(_, body) => bind_operations(body, bind),
            Op::Unary(_) | Op::Binary(_) => {}
        }
    }
}

fn bind_predicate(predicate: &mut Predicate, bind: Bind<'_>) {
    for term in &mut predicate.terms {
        bind_term(term, bind);
    }
}

fn bind_term(term: &mut Term, bind: Bind<'_>) {
    match term {
        Term::Parameter(name) => {
            if let Some(value) = bind(name) {
                *term = value;
            }
        }
        Term::Array(items) => items.iter_mut().for_each(|item| bind_term(item, bind)),
        Term::Set(members) => {
            *members = std::mem::take(members)
                .into_iter()
                .map(|mut member| {
                    bind_term(&mut member, bind);
                    member
                })
                .collect();
        }
        Term::Map(entries) => {
            *entries = std::mem::take(entries)
                .into_iter()
                .map(|(key, mut value)| {
                    bind_term(&mut value, bind);
                    (bound_key(key, bind), value)
                })
                .collect::<BTreeMap<_, _>>();
        }
        Term::Variable(_)
        | Term::Integer(_)
        | Term::Str(_)
        | Term::Date(_)
        | Term::Bytes(_)
        | Term::Bool(_)
        | Term::Null => {}
    }
}

fn bound_key(key: MapKey, bind: Bind<'_>) -> MapKey {
    match &key {
        MapKey::Parameter(name) => match bind(name) {
            Some(Term::Integer(number)) => MapKey::Integer(number),
            Some(Term::Str(text)) => MapKey::Str(text),
            _ => key,
        },
        MapKey::Integer(_) | MapKey::Str(_) => key,
    }
}
