//! Random tokens and policies: the reference implementation decides the same.

use std::time::Duration;

use biscuit_auth::{
    AuthorizerBuilder, AuthorizerLimits, Biscuit, KeyPair, PublicKey,
    builder::BlockBuilder,
    error::{FailedCheck, Logic, MatchedPolicy, Token},
};

use super::{
    datalog::{self, Block, Externs, Limits, Parameters, Policies},
    token,
};

/// Tokens that are tried.
const CASES: u64 = 3_000;

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    fn value(&mut self) -> &'static str {
        self.one_of(&[
            "0",
            "1",
            "2",
            "\"a\"",
            "\"ab\"",
            "true",
            "null",
            "{0, 1}",
            "[0, \"a\"]",
            "{\"a\": 1}",
            "hex:00",
        ])
    }

    fn predicate(&mut self, is_fact: bool) -> String {
        let name = self.one_of(&["p", "q", "r"]);
        let terms: Vec<&str> = (0..=self.below(2))
            .map(|_| {
                if is_fact || self.below(3) == 0 {
                    self.value()
                } else {
                    self.one_of(&["$x", "$y"])
                }
            })
            .collect();
        format!("{name}({})", terms.join(", "))
    }

    fn expression(&mut self, variables: &[&'static str]) -> String {
        let operand = |dice: &mut Self| {
            if variables.is_empty() || dice.below(2) == 0 {
                dice.value()
            } else {
                dice.one_of(variables)
            }
        };
        let (left, right) = (operand(self), operand(self));
        match self.below(9) {
            0..3 => format!(
                "{left} {} {right}",
                self.one_of(&["==", "!=", "===", "!==", "<", ">=", "+", "&", "|"])
            ),
            3 => format!(
                "{left}.{}({right})",
                self.one_of(&[
                    "contains",
                    "starts_with",
                    "ends_with",
                    "union",
                    "get",
                    "matches",
                    "intersection"
                ])
            ),
            4 => format!(
                "({left} === {right}).try_or({})",
                self.one_of(&["true", "false"])
            ),
            5 => format!(
                "{left}.{}($z -> $z == {right})",
                self.one_of(&["all", "any"])
            ),
            6 => format!(
                "{left}.type() == \"integer\" {} {left} > {right}",
                self.one_of(&["&&", "||"])
            ),
            7 => format!("!({left} == {right})"),
            _ => format!("{left}.length() {} {right}", self.one_of(&["==", ">", "+"])),
        }
    }

    fn body(&mut self, keys: &[PublicKey]) -> String {
        let mut parts: Vec<String> = (0..=self.below(2)).map(|_| self.predicate(false)).collect();
        let text = parts.join(" ");
        let variables: Vec<&str> = ["$x", "$y"]
            .into_iter()
            .filter(|name| text.contains(name))
            .collect();
        if self.below(3) == 0 {
            parts.push(self.expression(&variables));
        }
        let body = parts.join(", ");
        match self.below(4) {
            0 => format!(
                "{body} trusting {}",
                self.one_of(&["authority", "previous"])
            ),
            1 => format!("{body} trusting {}", self.one_of(keys)),
            _ => body,
        }
    }

    fn block(&mut self, keys: &[PublicKey]) -> String {
        let mut code = String::new();
        for _ in 0..self.below(4) {
            code += &format!("{};", self.predicate(true));
        }
        for _ in 0..self.below(2) {
            let body = self.body(keys);
            let head = if body.contains("$x") { "r($x)" } else { "r(0)" };
            code += &format!("{head} <- {body};");
        }
        for _ in 0..self.below(3) {
            // `reject if` of several differs on purpose.
            let kind = self.one_of(&["check if", "check all", "reject if"]);
            let mut check = format!("{kind} {}", self.body(keys));
            if kind != "reject if" && self.below(4) == 0 {
                check += &format!(" or {}", self.body(keys));
            }
            code += &format!("{check};");
        }
        code
    }
}

/// A decision: the policy that matches, and the checks that failed; `None` if there is an error.
type Decided = Option<(Option<(usize, bool)>, Vec<(Option<usize>, usize)>)>;

#[test]
fn the_reference_implementation_decides_the_same() {
    let root = KeyPair::new();
    let partner = KeyPair::new();
    let keys = [partner.public(), root.public()];
    let mut errors = 0;
    for case in 1..=CASES {
        let mut dice = Dice(case.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let block = |code: &str| BlockBuilder::new().code(code).unwrap();
        let mut codes = vec![dice.block(&keys)];
        let mut token = Biscuit::builder()
            .merge(block(&codes[0]))
            .root_key_id(1)
            .build(&root)
            .unwrap();
        for _ in 0..dice.below(3) {
            let code = dice.block(&keys);
            token = if dice.below(3) == 0 {
                let request = token.third_party_request().unwrap();
                let signed = request
                    .create_block(&partner.private(), block(&code))
                    .unwrap();
                token.append_third_party(partner.public(), signed).unwrap()
            } else {
                token.append(block(&code)).unwrap()
            };
            codes.push(code);
        }
        let mut policies = dice.block(&keys);
        for _ in 0..dice.below(3) {
            policies += &format!(
                "{} if {};",
                dice.one_of(&["allow", "deny"]),
                dice.body(&keys)
            );
        }
        let theirs = reference(&token, &policies);
        let ours = decided(&token.to_vec().unwrap(), &root.public(), &policies);
        errors += u64::from(ours.is_none());
        // Which error comes first depends on the order of their hash tables.
        if theirs.is_some() && ours.is_some() {
            assert_eq!(ours, theirs, "case {case}: {codes:#?} {policies}");
        } else if theirs.is_none() != ours.is_none() {
            let again = (0..40).any(|_| reference(&token, &policies) == ours);
            assert!(
                again,
                "case {case}: {ours:?} {theirs:?} {codes:#?} {policies}"
            );
        }
    }
    assert!(
        errors < CASES * 2 / 3,
        "{errors} of {CASES} have no decision"
    );
}

fn reference(token: &Biscuit, policies: &str) -> Decided {
    let limits = AuthorizerLimits {
        max_time: Duration::from_secs(20),
        ..AuthorizerLimits::default()
    };
    let builder = AuthorizerBuilder::new()
        .code(policies)
        .unwrap()
        .set_limits(limits.clone());
    let mut authorizer = builder.build(token).unwrap();
    let failed = |checks: Vec<FailedCheck>| {
        let place = |check| match check {
            FailedCheck::Block(check) => (Some(check.block_id as usize), check.check_id as usize),
            FailedCheck::Authorizer(check) => (None, check.check_id as usize),
        };
        checks.into_iter().map(place).collect()
    };
    match authorizer.authorize_with_limits(limits) {
        Ok(index) => Some((Some((index, true)), Vec::new())),
        Err(Token::FailedLogic(Logic::Unauthorized { policy, checks })) => {
            let policy = match policy {
                MatchedPolicy::Allow(index) => (index, true),
                MatchedPolicy::Deny(index) => (index, false),
            };
            Some((Some(policy), failed(checks)))
        }
        Err(Token::FailedLogic(Logic::NoMatchingPolicy { checks })) => Some((None, failed(checks))),
        Err(_) => None,
    }
}

fn decided(token: &[u8], key: &PublicKey, policies: &str) -> Decided {
    token::check_signatures(token, |_| Some(*key)).unwrap();
    let blocks = token::read(token).unwrap().compile().unwrap();
    let parsed = datalog::parse_authorizer(policies, &Parameters::new()).unwrap();
    let block = Block::compile(&parsed.facts, &parsed.rules, &parsed.checks, &[], None).unwrap();
    let policies = Policies::compile(block, &parsed.policies).unwrap();
    let limits = Limits {
        facts: 10_000,
        iterations: 1_000,
        time: Duration::from_secs(20),
    };
    let decision = datalog::authorize(&blocks, &policies, limits, &Externs::new()).ok()?;
    let policy = decision
        .policy
        .map(|matched| (matched.index, matched.allows));
    let failed = decision
        .failed
        .iter()
        .map(|failed| (failed.block, failed.check));
    Some((policy, failed.collect()))
}
