//! Datalog as requests bring it: statement by statement, with values in the place of `{parameters}`.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    datalog::{self, MAX_SOURCE, Parameters, Parsed},
    problem::Refused,
};
use crate::clock::UnixMillis;

/// What a block is to say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Statements {
    /// As in `user("ada")`.
    #[serde(default)]
    pub facts: Vec<String>,
    /// As in `right($r, "read") <- owner($r)`.
    #[serde(default)]
    pub rules: Vec<String>,
    /// As in `check if operation("read")`.
    #[serde(default)]
    pub checks: Vec<String>,
    /// Values for `{name}` in any of them. They are values, whatever is in them.
    #[serde(default)]
    pub parameters: Parameters,
}

/// Which part of the request a statement stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Facts,
    Rules,
    Checks,
    Policies,
}

impl Statements {
    /// What they say.
    pub(super) fn parse(&self) -> Result<Parsed, Refused> {
        parse_all(
            &[
                (Part::Facts, &self.facts),
                (Part::Rules, &self.rules),
                (Part::Checks, &self.checks),
            ],
            &self.parameters,
        )
    }

    /// What they and the policies say, for a verifier.
    pub(super) fn parse_with(&self, policies: &[String]) -> Result<Parsed, Refused> {
        parse_all(
            &[
                (Part::Facts, &self.facts),
                (Part::Rules, &self.rules),
                (Part::Checks, &self.checks),
                (Part::Policies, &policies.to_vec()),
            ],
            &self.parameters,
        )
    }

    /// Bytes of all of them.
    pub(super) fn len(&self) -> usize {
        let all = self.facts.iter().chain(&self.rules).chain(&self.checks);
        all.map(String::len).sum()
    }
}

fn parse_all(parts: &[(Part, &Vec<String>)], parameters: &Parameters) -> Result<Parsed, Refused> {
    let length: usize = parts
        .iter()
        .flat_map(|(_, texts)| texts.iter())
        .map(String::len)
        .sum();
    if length > MAX_SOURCE {
        return Err(Refused::TooMuchDatalog(MAX_SOURCE));
    }
    let mut all = Parsed::default();
    let mut used = Parameters::new();
    for (part, texts) in parts {
        for (index, text) in texts.iter().enumerate() {
            let named: Parameters = parameters
                .iter()
                .filter(|(name, _)| text.contains(&format!("{{{name}}}")))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            let wrong = |why: String| Refused::Statement {
                part: part.name(),
                index,
                why,
            };
            let text = text.trim().trim_end_matches(';');
            let parsed = match part {
                Part::Policies => datalog::parse_authorizer(text, &named),
                _ => datalog::parse_block(text, &named),
            };
            let parsed = parsed.map_err(|error| wrong(error.to_string()))?;
            used.extend(named);
            part.take(parsed, &mut all)
                .map_err(|()| wrong(part.expected().to_owned()))?;
        }
    }
    match parameters.keys().find(|name| !used.contains_key(*name)) {
        Some(name) => Err(Refused::UnusedParameter(name.clone())),
        None => Ok(all),
    }
}

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::Facts => "facts",
            Self::Rules => "rules",
            Self::Checks => "checks",
            Self::Policies => "policies",
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Facts => "one fact is expected, as in `user(\"ada\")`",
            Self::Rules => "one rule is expected, as in `right($r, \"read\") <- owner($r)`",
            Self::Checks => "one check is expected, as in `check if operation(\"read\")`",
            Self::Policies => "one policy is expected, as in `allow if user(\"ada\")`",
        }
    }

    /// Adds the one thing that belongs here, if it is that and nothing else.
    fn take(self, mut parsed: Parsed, all: &mut Parsed) -> Result<(), ()> {
        let counts = [
            parsed.facts.len(),
            parsed.rules.len(),
            parsed.checks.len(),
            parsed.policies.len(),
            parsed.scopes.len(),
        ];
        let mut wanted = [0; 5];
        wanted[self as usize] = 1;
        if counts != wanted {
            return Err(());
        }
        all.facts.append(&mut parsed.facts);
        all.rules.append(&mut parsed.rules);
        all.checks.append(&mut parsed.checks);
        all.policies.append(&mut parsed.policies);
        Ok(())
    }
}

/// The check that a token lives until then and no longer.
pub(super) fn expiry(at: UnixMillis) -> Result<Parsed, Refused> {
    let seconds = at.as_seconds();
    let date = Timestamp::from_second(seconds).map_err(|_| Refused::Expiry)?;
    let check = format!("check if time($time), $time <= {date}");
    datalog::parse_block(&check, &Parameters::new()).map_err(|_| Refused::Expiry)
}

/// The fact that it is now, for a verifier.
pub(super) fn present(now: UnixMillis) -> Result<Parsed, Refused> {
    let date = Timestamp::from_second(now.as_seconds()).map_err(|_| Refused::Expiry)?;
    let fact = format!("time({date})");
    datalog::parse_block(&fact, &Parameters::new()).map_err(|_| Refused::Expiry)
}

/// When a token ends that is to live so many seconds: within what may be.
pub(super) fn ends_at(
    asked: Option<u32>,
    default: Duration,
    longest: Duration,
    now: UnixMillis,
) -> Result<UnixMillis, Refused> {
    let life = asked.map_or(default, |seconds| Duration::from_secs(seconds.into()));
    if life.is_zero() || life > longest {
        return Err(Refused::Life(longest));
    }
    // Datalog counts whole seconds.
    Ok(UnixMillis::from_seconds((now + life).as_seconds()))
}
