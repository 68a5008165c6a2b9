use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use regex::{Regex, RegexBuilder};

use super::value::Value;

/// What one evaluation may cost.
#[derive(Clone, Copy, Debug)]
pub(in crate::modules::biscuit) struct Limits {
    /// Facts, given and derived.
    pub(in crate::modules::biscuit) facts: usize,
    /// How often all rules are applied.
    pub(in crate::modules::biscuit) iterations: u32,
    /// How long it takes.
    pub(in crate::modules::biscuit) time: Duration,
}

/// Bytes of all that an evaluation makes.
const MEMORY: usize = 4 * 1024 * 1024;
/// Steps between two looks at the clock: a few microseconds.
const LOOK_EVERY: usize = 128;
/// Regular expressions of one evaluation.
const REGEXES: usize = 32;
/// Bytes of one, as it is written.
const REGEX_SOURCE: usize = 1_024;
/// Bytes of one, compiled.
const REGEX_SIZE: usize = 64 * 1024;
/// Bytes of a text that one is matched with: the product of both is what a hostile pair costs.
const REGEX_TEXT: usize = 2_048;

/// Which limit was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::modules::biscuit) enum Limit {
    #[error("there are more facts than `maxFacts` of module `biscuit`")]
    Facts,
    #[error("rules go on deriving facts after `maxIterations` of module `biscuit`")]
    Iterations,
    #[error("the evaluation takes longer than `maxMilliseconds` of module `biscuit`")]
    Time,
    #[error("the evaluation needs more than {MEMORY} bytes")]
    Memory,
    #[error(
        "a regular expression is too much: {REGEXES} of {REGEX_SOURCE} bytes may be matched with texts of \
         {REGEX_TEXT} bytes"
    )]
    Regex,
}

/// An expression that has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::modules::biscuit) enum ExpressionError {
    #[error("an expression uses a variable that has no value")]
    UnknownVariable,
    #[error("an expression has operands of the wrong type")]
    InvalidType,
    #[error("an integer overflows")]
    Overflow,
    #[error("something is divided by zero")]
    DivideByZero,
    #[error("an expression is not well-formed")]
    InvalidStack,
    #[error("a closure gives its parameter the name of a variable that is in use")]
    ShadowedVariable,
    #[error("an external function is called, and there are none")]
    UndefinedExtern,
}

/// Why there is no decision: nothing is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::modules::biscuit) enum Failure {
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    #[error(transparent)]
    Limit(#[from] Limit),
}

/// Functions that expressions can call (`extern::name`).
pub(in crate::modules::biscuit) type Externs =
    HashMap<String, fn(Value, Option<Value>) -> Option<Value>>;

/// One evaluation, and what it has cost so far.
pub(super) struct Run<'a> {
    pub(super) limits: Limits,
    pub(super) externs: &'a Externs,
    deadline: Instant,
    steps: usize,
    look_at: usize,
    memory: usize,
    /// `None` is one that is none.
    regexes: HashMap<Arc<str>, Option<Regex>>,
}

impl<'a> Run<'a> {
    pub(super) fn new(limits: Limits, externs: &'a Externs) -> Self {
        Self {
            limits,
            externs,
            deadline: Instant::now() + limits.time,
            steps: 0,
            look_at: LOOK_EVERY,
            memory: 0,
            regexes: HashMap::new(),
        }
    }

    /// Counts work.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Limit> {
        self.steps += steps;
        if self.steps < self.look_at {
            return Ok(());
        }
        self.look_at = self.steps + LOOK_EVERY;
        if Instant::now() < self.deadline {
            Ok(())
        } else {
            Err(Limit::Time)
        }
    }

    /// Counts what is about to be made.
    pub(super) fn make(&mut self, bytes: usize) -> Result<(), Limit> {
        self.memory = self.memory.saturating_add(bytes);
        if self.memory <= MEMORY {
            Ok(())
        } else {
            Err(Limit::Memory)
        }
    }

    /// Whether the text matches. What is no regular expression matches nothing.
    pub(super) fn matches(&mut self, text: &str, pattern: &Arc<str>) -> Result<bool, Limit> {
        if text.len() > REGEX_TEXT || pattern.len() > REGEX_SOURCE {
            return Err(Limit::Regex);
        }
        self.spend(LOOK_EVERY)?;
        if !self.regexes.contains_key(pattern) {
            if self.regexes.len() >= REGEXES {
                return Err(Limit::Regex);
            }
            let compiled = RegexBuilder::new(pattern)
                .size_limit(REGEX_SIZE)
                .dfa_size_limit(REGEX_SIZE)
                .nest_limit(32)
                .build();
            let regex = match compiled {
                Ok(regex) => Some(regex),
                Err(regex::Error::CompiledTooBig(_)) => return Err(Limit::Regex),
                Err(_) => None,
            };
            self.regexes.insert(Arc::clone(pattern), regex);
        }
        let regex = self.regexes.get(pattern).and_then(Option::as_ref);
        Ok(regex.is_some_and(|regex| regex.is_match(text)))
    }
}
