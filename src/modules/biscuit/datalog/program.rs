use std::{collections::HashMap, sync::Arc};

use biscuit_auth::{
    PublicKey,
    builder::{self, Binary, CheckKind, PolicyKind, Scope, Unary},
};

use super::value::{Texts, Value};

/// Blocks of a token: their origins are bits of a number.
pub(in crate::modules::biscuit) const MAX_BLOCKS: usize = 100;
/// Predicates in the body of one rule, each of which is a loop within the one before.
const MAX_BODY: usize = 64;

/// What is written is no program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::modules::biscuit) enum NotAProgram {
    #[error("a variable stands where a value belongs")]
    Variable,
    #[error("a parameter was given no value")]
    Parameter,
    #[error("the head of a rule has a variable that its body has not: {0}")]
    Unbound(String),
    #[error("the body of a rule has more than {MAX_BODY} predicates")]
    TooLong,
    #[error("an expression is not well-formed")]
    Expression,
    #[error("it says more text than may be said")]
    TooMuchText,
}

/// Something that holds, and which blocks say so.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Fact {
    pub(super) name: Arc<str>,
    pub(super) terms: Box<[Value]>,
    pub(super) origin: u128,
}

/// What a token or its verifier says.
#[derive(Clone, Debug, Default)]
pub(in crate::modules::biscuit) struct Block {
    pub(super) facts: Vec<(Arc<str>, Box<[Value]>)>,
    pub(super) rules: Vec<Rule>,
    pub(super) checks: Vec<Check>,
    pub(super) scopes: Vec<Scope>,
    pub(super) external_key: Option<PublicKey>,
    /// Roughly the bytes it takes.
    pub(in crate::modules::biscuit) weight: usize,
}

/// What a verifier says.
#[derive(Clone, Debug, Default)]
pub(in crate::modules::biscuit) struct Policies {
    pub(super) block: Block,
    pub(super) policies: Vec<Policy>,
}

#[derive(Clone, Debug)]
pub(super) struct Check {
    pub(super) kind: CheckKind,
    pub(super) queries: Vec<Rule>,
    /// For those who are told that it failed.
    pub(super) written: builder::Check,
}

#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) kind: PolicyKind,
    pub(super) queries: Vec<Rule>,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) head: Predicate,
    pub(super) body: Vec<Predicate>,
    pub(super) expressions: Vec<Vec<Op>>,
    pub(super) scopes: Vec<Scope>,
    /// How many variables there are.
    pub(super) slots: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Predicate {
    pub(super) name: Arc<str>,
    pub(super) terms: Vec<Term>,
}

#[derive(Clone, Debug)]
pub(super) enum Term {
    Variable(usize),
    Value(Value),
}

#[derive(Clone, Debug)]
pub(super) enum Op {
    Value(Value),
    Variable(usize),
    Unary(Unary),
    Binary(Binary),
    Closure(Vec<usize>, Vec<Op>),
}

impl Block {
    /// Compiles what a block says.
    pub(in crate::modules::biscuit) fn compile(
        facts: &[builder::Fact],
        rules: &[builder::Rule],
        checks: &[builder::Check],
        scopes: &[Scope],
        external_key: Option<PublicKey>,
    ) -> Result<Self, NotAProgram> {
        let mut texts = Texts::default();
        let mut block = Self {
            scopes: known(scopes)?,
            external_key,
            ..Self::default()
        };
        for fact in facts {
            let name = texts.keep(&fact.predicate.name)?;
            let terms: Result<_, _> = fact
                .predicate
                .terms
                .iter()
                .map(|term| Value::of(term, &mut texts))
                .collect();
            block.facts.push((name, terms?));
        }
        for written in rules {
            block.rules.push(rule(written, &mut texts)?);
        }
        for written in checks {
            block.checks.push(Check {
                kind: written.kind.clone(),
                queries: queries(&written.queries, &mut texts)?,
                written: written.clone(),
            });
        }
        block.weight = texts.said() + 64 * (facts.len() + rules.len() + checks.len());
        Ok(block)
    }
}

impl Policies {
    /// Compiles what a verifier says.
    pub(in crate::modules::biscuit) fn compile(
        block: Block,
        policies: &[builder::Policy],
    ) -> Result<Self, NotAProgram> {
        let mut texts = Texts::default();
        let policy = |policy: &builder::Policy| {
            Ok(Policy {
                kind: policy.kind.clone(),
                queries: queries(&policy.queries, &mut texts)?,
            })
        };
        let policies = policies.iter().map(policy).collect::<Result<_, _>>()?;
        Ok(Self { block, policies })
    }
}

fn known(scopes: &[Scope]) -> Result<Vec<Scope>, NotAProgram> {
    if scopes
        .iter()
        .any(|scope| matches!(scope, Scope::Parameter(_)))
    {
        return Err(NotAProgram::Parameter);
    }
    Ok(scopes.to_vec())
}

/// A rule that derives facts: its head says only what its body does.
fn rule(written: &builder::Rule, texts: &mut Texts) -> Result<Rule, NotAProgram> {
    let compiled = compile(written, true, texts)?;
    let is_bound = |slot: usize| {
        let mut terms = compiled.body.iter().flat_map(|predicate| &predicate.terms);
        terms.any(|term| matches!(term, Term::Variable(bound) if *bound == slot))
    };
    let mut head = compiled.head.terms.iter();
    if head.any(|term| matches!(term, Term::Variable(slot) if !is_bound(*slot))) {
        return Err(NotAProgram::Unbound(super::shown_rule(written)));
    }
    Ok(compiled)
}

/// Questions, whose heads say nothing.
fn queries(written: &[builder::Rule], texts: &mut Texts) -> Result<Vec<Rule>, NotAProgram> {
    let queries = written.iter().map(|query| compile(query, false, texts));
    queries.collect()
}

fn compile(
    written: &builder::Rule,
    has_head: bool,
    texts: &mut Texts,
) -> Result<Rule, NotAProgram> {
    if written.body.len() > MAX_BODY {
        return Err(NotAProgram::TooLong);
    }
    let mut slots = Slots {
        numbers: HashMap::new(),
        texts,
    };
    let body = written
        .body
        .iter()
        .map(|predicate| slots.predicate(predicate))
        .collect::<Result<_, _>>()?;
    let head = if has_head {
        slots.predicate(&written.head)?
    } else {
        Predicate {
            name: "query".into(),
            terms: Vec::new(),
        }
    };
    let expressions = written
        .expressions
        .iter()
        .map(|expression| slots.expression(&expression.ops))
        .collect::<Result<_, _>>()?;
    Ok(Rule {
        head,
        body,
        expressions,
        scopes: known(&written.scopes)?,
        slots: slots.numbers.len(),
    })
}

/// Numbers for variables.
struct Slots<'a, 't> {
    numbers: HashMap<&'a str, usize>,
    texts: &'t mut Texts,
}

impl<'a> Slots<'a, '_> {
    fn of(&mut self, name: &'a str) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(name).or_insert(next)
    }

    fn predicate(&mut self, written: &'a builder::Predicate) -> Result<Predicate, NotAProgram> {
        let terms = written.terms.iter().map(|term| {
            Ok(match term {
                builder::Term::Variable(name) => Term::Variable(self.of(name)),
                term => Term::Value(Value::of(term, self.texts)?),
            })
        });
        let terms = terms.collect::<Result<_, _>>()?;
        let name = self.texts.keep(&written.name)?;
        Ok(Predicate { name, terms })
    }

    /// The operations in the order of a stack machine, which must leave one value.
    fn expression(&mut self, written: &'a [builder::Op]) -> Result<Vec<Op>, NotAProgram> {
        // Whether each thing on the stack is a closure.
        let mut stack: Vec<bool> = Vec::new();
        let mut compiled = Vec::with_capacity(written.len());
        for operation in written {
            compiled.push(match operation {
                builder::Op::Value(builder::Term::Variable(name)) => {
                    stack.push(false);
                    Op::Variable(self.of(name))
                }
                builder::Op::Value(term) => {
                    stack.push(false);
                    Op::Value(Value::of(term, self.texts)?)
                }
                builder::Op::Unary(unary) => match stack.last() {
                    Some(false) => Op::Unary(unary.clone()),
                    _ => return Err(NotAProgram::Expression),
                },
                builder::Op::Binary(binary) => match (stack.pop(), stack.pop()) {
                    (Some(right), Some(left)) if !(left && right) => {
                        stack.push(false);
                        Op::Binary(binary.clone())
                    }
                    _ => return Err(NotAProgram::Expression),
                },
                builder::Op::Closure(parameters, body) => {
                    stack.push(true);
                    let parameters = parameters.iter().map(|name| self.of(name)).collect();
                    Op::Closure(parameters, self.expression(body)?)
                }
            });
        }
        if stack == [false] {
            Ok(compiled)
        } else {
            Err(NotAProgram::Expression)
        }
    }
}
