use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    expression::{Bindings, evaluate},
    program::{Fact, Predicate, Rule, Term},
    run::{ExpressionError, Failure, Limit, Run},
    value::Value,
};

/// The bytes that a fact takes, beside its terms.
const FACT: usize = 96;

/// All that is known to hold.
#[derive(Default)]
pub(super) struct World {
    facts: HashSet<Arc<Fact>>,
    by_name: HashMap<Arc<str>, Vec<Arc<Fact>>>,
}

/// A rule and where it stands.
pub(super) struct Placed<'a> {
    pub(super) rule: &'a Rule,
    /// The block that says it.
    pub(super) block: u128,
    /// The blocks whose facts it takes.
    pub(super) trusted: u128,
}

impl World {
    /// Adds a fact that was given.
    pub(super) fn add(&mut self, fact: Fact, run: &Run<'_>) -> Result<(), Limit> {
        self.insert(Arc::new(fact));
        if self.facts.len() > run.limits.facts {
            return Err(Limit::Facts);
        }
        Ok(())
    }

    fn insert(&mut self, fact: Arc<Fact>) {
        if self.facts.insert(Arc::clone(&fact)) {
            let same_name = self.by_name.entry(Arc::clone(&fact.name)).or_default();
            same_name.push(fact);
        }
    }

    /// Applies rules until they derive nothing new.
    pub(super) fn saturate(
        &mut self,
        rules: &[Placed<'_>],
        run: &mut Run<'_>,
    ) -> Result<(), Failure> {
        let mut iterations = 0;
        loop {
            let mut fresh: HashSet<Arc<Fact>> = HashSet::new();
            for placed in rules {
                self.apply(placed, &mut fresh, run)?;
            }
            if fresh.is_empty() {
                return Ok(());
            }
            for fact in fresh {
                self.insert(fact);
            }
            iterations += 1;
            if iterations >= run.limits.iterations {
                return Err(Limit::Iterations.into());
            }
        }
    }

    fn apply(
        &self,
        placed: &Placed<'_>,
        fresh: &mut HashSet<Arc<Fact>>,
        run: &mut Run<'_>,
    ) -> Result<(), Failure> {
        let rule = placed.rule;
        self.solve(rule, placed.trusted, run, &mut |bindings, origin, run| {
            if !holds(rule, bindings, run)? {
                return Ok(true);
            }
            let derived = Fact {
                name: Arc::clone(&rule.head.name),
                terms: derived(&rule.head, bindings)?,
                origin: origin | placed.block,
            };
            if !self.facts.contains(&derived) && !fresh.contains(&derived) {
                run.make(FACT + derived.terms.len() * size_of::<Value>())?;
                fresh.insert(Arc::new(derived));
                if self.facts.len() + fresh.len() > run.limits.facts {
                    return Err(Limit::Facts.into());
                }
            }
            Ok(true)
        })
        .map(drop)
    }

    /// Whether anything answers the question.
    pub(super) fn any(
        &self,
        query: &Rule,
        trusted: u128,
        run: &mut Run<'_>,
    ) -> Result<bool, Failure> {
        let mut is_found = false;
        self.solve(query, trusted, run, &mut |bindings, _, run| {
            is_found = holds(query, bindings, run)?;
            Ok(!is_found)
        })?;
        Ok(is_found)
    }

    /// Whether something fits the predicates of the question, and all that does fits its expressions.
    pub(super) fn all(
        &self,
        query: &Rule,
        trusted: u128,
        run: &mut Run<'_>,
    ) -> Result<bool, Failure> {
        let mut is_found = false;
        let mut all_hold = true;
        self.solve(query, trusted, run, &mut |bindings, _, run| {
            is_found = true;
            all_hold = holds(query, bindings, run)?;
            Ok(all_hold)
        })?;
        Ok(is_found && all_hold)
    }

    /// Calls `found` with what fits the body, and where it comes from, until it has enough.
    fn solve(
        &self,
        rule: &Rule,
        trusted: u128,
        run: &mut Run<'_>,
        found: &mut dyn FnMut(&mut Bindings, u128, &mut Run<'_>) -> Result<bool, Failure>,
    ) -> Result<bool, Failure> {
        run.spend(1 + rule.body.len())?;
        let mut candidates = Vec::with_capacity(rule.body.len());
        for predicate in &rule.body {
            match self.by_name.get(&predicate.name) {
                Some(facts) => candidates.push(facts.as_slice()),
                None => return Ok(true),
            }
        }
        let mut bindings = vec![None; rule.slots];
        let search = Search {
            body: &rule.body,
            candidates: &candidates,
            trusted,
        };
        search.descend(0, 0, &mut bindings, run, found)
    }
}

struct Search<'a> {
    body: &'a [Predicate],
    candidates: &'a [&'a [Arc<Fact>]],
    trusted: u128,
}

impl Search<'_> {
    fn descend(
        &self,
        level: usize,
        origin: u128,
        bindings: &mut Bindings,
        run: &mut Run<'_>,
        found: &mut dyn FnMut(&mut Bindings, u128, &mut Run<'_>) -> Result<bool, Failure>,
    ) -> Result<bool, Failure> {
        let Some(predicate) = self.body.get(level) else {
            return found(bindings, origin, run);
        };
        let mut bound: Vec<usize> = Vec::with_capacity(predicate.terms.len());
        for fact in self.candidates[level] {
            run.spend(1)?;
            if fact.origin & !self.trusted != 0 || fact.terms.len() != predicate.terms.len() {
                continue;
            }
            run.spend(fact.terms.len())?;
            let mut goes_on = true;
            if unify(predicate, fact, bindings, &mut bound) {
                goes_on = self.descend(level + 1, origin | fact.origin, bindings, run, found)?;
            }
            for slot in bound.drain(..) {
                bindings[slot] = None;
            }
            if !goes_on {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Gives variables what they stand for if this fact is the predicate's; notes which.
fn unify(
    predicate: &Predicate,
    fact: &Fact,
    bindings: &mut Bindings,
    bound: &mut Vec<usize>,
) -> bool {
    predicate
        .terms
        .iter()
        .zip(&fact.terms)
        .all(|(term, value)| match term {
            Term::Value(wanted) => wanted == value,
            Term::Variable(slot) => {
                if let Some(known) = &bindings[*slot] {
                    return known == value;
                }
                bindings[*slot] = Some(value.clone());
                bound.push(*slot);
                true
            }
        })
}

/// Whether every expression is true.
fn holds(rule: &Rule, bindings: &mut Bindings, run: &mut Run<'_>) -> Result<bool, Failure> {
    for expression in &rule.expressions {
        match evaluate(expression, bindings, run)? {
            Value::Bool(true) => {}
            Value::Bool(false) => return Ok(false),
            _ => return Err(ExpressionError::InvalidType.into()),
        }
    }
    Ok(true)
}

fn derived(head: &Predicate, bindings: &Bindings) -> Result<Box<[Value]>, ExpressionError> {
    let values = head.terms.iter().map(|term| match term {
        Term::Value(value) => Ok(value.clone()),
        Term::Variable(slot) => bindings[*slot]
            .clone()
            .ok_or(ExpressionError::UnknownVariable),
    });
    values.collect()
}
