//! `POST /auth/biscuit/verify`: may whoever shows this token do that?

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::{
    datalog::{Block, Decision, Failure, Limit, Limits, Parsed, Policies, authorize, shown_policy},
    kept::Opened,
    problem::Refused,
    request::{Desk, Json, SHORT_SOURCE, SHORT_TOKEN, aside, opened},
    said::{self, Statements},
};
use crate::{
    clock::UnixMillis,
    modules::{Context, Problem},
};

/// What takes longer than this is done where it keeps nobody waiting.
const AT_ONCE: Duration = Duration::from_millis(1);

/// A token, and what its verifier knows and demands.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    /// The token.
    pub token: String,
    /// What is known of the request, as in `resource("file1")`. The time is known.
    #[serde(default)]
    pub facts: Vec<String>,
    /// What follows of facts.
    #[serde(default)]
    pub rules: Vec<String>,
    /// What must hold.
    #[serde(default)]
    pub checks: Vec<String>,
    /// `allow if ...` and `deny if ...`; the first that matches counts, and none allows nothing.
    #[serde(default)]
    pub policies: Vec<String>,
    /// Values for `{name}` in any of them.
    #[serde(default)]
    pub parameters: serde_json::Map<String, serde_json::Value>,
}

/// What was decided, and why.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Verdict {
    /// Whether it may.
    pub allowed: bool,
    /// Why not: `revoked`, `checks`, `policy` (a `deny if` matched), `no_policy`, `limit` or `execution`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The policy that matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<MatchedPolicy>,
    /// Every check that failed.
    #[serde(default)]
    pub failed_checks: Vec<FailedCheck>,
}

/// A policy of the request.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct MatchedPolicy {
    /// Which, from 0.
    pub index: usize,
    /// `allow` or `deny`.
    pub kind: String,
    /// As it is written.
    pub text: String,
}

/// A check that failed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FailedCheck {
    /// The block of the token that has it; none for a check of the request.
    pub block: Option<usize>,
    /// Which of that block, from 0.
    pub check: usize,
    /// As it is written.
    pub text: String,
}

impl Verdict {
    fn no(reason: &'static str, detail: impl Into<String>) -> Self {
        Self {
            allowed: false,
            reason: Some(reason.to_owned()),
            detail: Some(detail.into()),
            policy: None,
            failed_checks: Vec::new(),
        }
    }

    fn of(decision: Decision, parsed: &Parsed) -> Self {
        let allowed = decision.is_allowed();
        let reason = match decision.policy {
            _ if allowed => None,
            _ if !decision.failed.is_empty() => Some("checks"),
            Some(_) => Some("policy"),
            None => Some("no_policy"),
        };
        Self {
            allowed,
            reason: reason.map(str::to_owned),
            detail: None,
            policy: decision.policy.map(|matched| MatchedPolicy {
                index: matched.index,
                kind: if matched.allows { "allow" } else { "deny" }.to_owned(),
                text: parsed
                    .policies
                    .get(matched.index)
                    .map(shown_policy)
                    .unwrap_or_default(),
            }),
            failed_checks: decision
                .failed
                .into_iter()
                .map(|failed| FailedCheck {
                    block: failed.block,
                    check: failed.check,
                    text: failed.text,
                })
                .collect(),
        }
    }
}

/// What the verifier says, ready to be asked.
struct Question {
    parsed: Parsed,
    policies: Policies,
}

impl Question {
    fn of(request: &VerifyRequest, now: UnixMillis) -> Result<Self, Refused> {
        let statements = Statements {
            facts: request.facts.clone(),
            rules: request.rules.clone(),
            checks: request.checks.clone(),
            parameters: request.parameters.clone(),
        };
        let mut parsed = statements.parse_with(&request.policies)?;
        // An expired token must not live because somebody says that it is yesterday.
        let tells_time = parsed
            .facts
            .iter()
            .any(|fact| fact.predicate.name == "time")
            || parsed.rules.iter().any(|rule| rule.head.name == "time");
        if tells_time {
            return Err(Refused::Time);
        }
        parsed.facts.extend(said::present(now)?.facts);
        let program = |why: super::datalog::NotAProgram| Refused::Program(why.to_string());
        let block = Block::compile(&parsed.facts, &parsed.rules, &parsed.checks, &[], None);
        let policies = Policies::compile(block.map_err(program)?, &parsed.policies);
        let policies = policies.map_err(program)?;
        Ok(Self { parsed, policies })
    }

    fn ask(&self, opened: &Opened, limits: Limits) -> Result<Verdict, Failure> {
        let decision = authorize(&opened.blocks, &self.policies, limits, &HashMap::new())?;
        Ok(Verdict::of(decision, &self.parsed))
    }
}

/// Decides, at once if that is quick, else where it keeps nobody waiting.
pub(in crate::modules) async fn decided(
    desk: &Desk,
    request: VerifyRequest,
) -> Result<Verdict, Refused> {
    let settings = desk.snapshot.biscuit_settings();
    let limits = Limits {
        facts: settings.max_facts as usize,
        iterations: settings.max_iterations,
        time: Duration::from_millis(settings.max_milliseconds.into()),
    };
    let said = [
        &request.facts,
        &request.rules,
        &request.checks,
        &request.policies,
    ];
    let said: usize = said
        .iter()
        .flat_map(|texts| texts.iter())
        .map(String::len)
        .sum();
    let is_short = request.token.len() <= SHORT_TOKEN && said <= SHORT_SOURCE;
    let prepared = aside(desk, is_short, move |desk| {
        let opened = opened(desk, &request.token)?;
        Ok((opened, Question::of(&request, desk.now)?))
    });
    let (opened, question) = prepared.await?;
    if desk.biscuits.revoked.any(&opened.marks) {
        return Ok(Verdict::no("revoked", "the token was revoked"));
    }
    let first = Limits {
        time: limits.time.min(AT_ONCE),
        ..limits
    };
    let outcome = match question.ask(&opened, first) {
        Err(Failure::Limit(Limit::Time)) if first.time < limits.time => {
            let opened = Arc::clone(&opened);
            let again = move || question.ask(&opened, limits);
            desk.biscuits.cpu.run(again).await??
        }
        outcome => outcome,
    };
    Ok(match outcome {
        Ok(verdict) => verdict,
        Err(Failure::Limit(limit)) => Verdict::no("limit", limit.to_string()),
        Err(Failure::Expression(error)) => Verdict::no("execution", error.to_string()),
    })
}

/// The endpoint.
pub(super) async fn verify(
    State(context): State<Context>,
    Json(request): Json<VerifyRequest>,
) -> Result<axum::Json<Verdict>, Problem> {
    Ok(axum::Json(decided(&Desk::from(&context), request).await?))
}
