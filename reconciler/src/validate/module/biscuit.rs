//! What cannot be right about `biscuit`.

use std::collections::BTreeSet;

use biscuit_parser::parser;

use super::{Finding, lifetime, range};
use crate::spec::module::{BiscuitGrant, BiscuitSettings};

/// What a fact of a grant can name.
const PARAMETERS: [&str; 3] = ["email", "group", "user"];
/// Bytes of a fact, so that no parser is kept busy.
const MAX_FACT: usize = 500;
/// Brackets within each other.
const MAX_DEPTH: usize = 8;

pub(super) fn check(biscuit: &BiscuitSettings, add: &mut impl FnMut(Finding)) {
    lifetime("settings/tokenTtl", biscuit.token_ttl, add);
    lifetime("settings/maxTokenTtl", biscuit.max_token_ttl, add);
    if biscuit.token_ttl > biscuit.max_token_ttl {
        add(Finding::in_spec(
            "lifetime",
            "settings/tokenTtl",
            format!(
                "{} is longer than a token may live, which is {}",
                biscuit.token_ttl, biscuit.max_token_ttl
            ),
        )
        .help("make it shorter, or `maxTokenTtl` longer"));
    }
    for (path, value, least, most) in [
        (
            "settings/maxTokenBytes",
            biscuit.max_token_bytes,
            512,
            65_536,
        ),
        ("settings/maxFacts", biscuit.max_facts, 10, 100_000),
        ("settings/maxIterations", biscuit.max_iterations, 1, 10_000),
        (
            "settings/maxMilliseconds",
            biscuit.max_milliseconds,
            1,
            1_000,
        ),
    ] {
        range(path, value, least, most, add);
    }
    for grant in &biscuit.grants {
        check_grant(grant, add);
    }
}

fn check_grant(grant: &BiscuitGrant, add: &mut impl FnMut(Finding)) {
    let mut wrong = |message: String, help: &'static str| {
        add(Finding::in_spec("module", "settings/grants", message).help(help));
    };
    if !grant.anyone && grant.groups.is_empty() {
        wrong(
            String::from("a grant is nobody's"),
            "name `groups`, or say `anyone: true`",
        );
    }
    if grant.facts.is_empty() {
        wrong(
            String::from("a grant gives nothing"),
            "list `facts`, as in `user({user})`",
        );
    }
    if let Some(ttl) = grant.max_ttl {
        lifetime("settings/grants", ttl, add);
    }
    for fact in &grant.facts {
        if let Err(why) = check_fact(fact) {
            let message = format!("`{fact}` {why}");
            add(Finding::in_spec("module", "settings/grants", message)
                .help("write one fact, as in `right({group}, \"read\")`"));
        }
    }
}

fn check_fact(fact: &str) -> Result<(), String> {
    if fact.len() > MAX_FACT || fact.matches(['(', '[', '{']).count() > MAX_DEPTH {
        return Err(format!(
            "has more than {MAX_FACT} bytes, or {MAX_DEPTH} brackets"
        ));
    }
    let Ok((_, parsed)) = parser::fact(fact) else {
        return Err(String::from("is no fact"));
    };
    let named: BTreeSet<String> = parsed.parameters.unwrap_or_default().into_keys().collect();
    match named
        .iter()
        .find(|name| !PARAMETERS.contains(&name.as_str()))
    {
        Some(name) => Err(format!(
            "names {{{name}}}, and there are {{user}}, {{email}} and {{group}}"
        )),
        None => Ok(()),
    }
}
