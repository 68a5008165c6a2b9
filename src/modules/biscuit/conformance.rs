//! The samples of the format's authors: each gives the result that they state.

use std::{collections::HashMap, fs, path::Path, time::Duration};

use biscuit_auth::{PublicKey, builder::Algorithm};
use data_encoding::HEXLOWER;
use serde_json::{Value as Json, json};

use super::{
    datalog::{
        self, Block, ExpressionError, Externs, Failure, Limits, NotAProgram, Parameters, Policies,
        Value,
    },
    token::{self, TokenError},
};

/// Where the samples are, unless `BISCUIT_SAMPLES` says so.
const SAMPLES: &str = "/work/shared/data/biscuit";

const LIMITS: Limits = Limits {
    facts: 1_000,
    iterations: 100,
    time: Duration::from_secs(10),
};

#[test]
#[allow(clippy::print_stderr, reason = "a test that does not run must say so")]
fn every_published_sample_gives_the_stated_result() {
    let folder = std::env::var("BISCUIT_SAMPLES").unwrap_or_else(|_| SAMPLES.to_owned());
    let folder = Path::new(&folder);
    let Ok(text) = fs::read_to_string(folder.join("samples.json")) else {
        eprintln!(
            "SKIPPED: the samples of biscuit are not in {}; set BISCUIT_SAMPLES to their folder",
            folder.display()
        );
        return;
    };
    let samples: Json = serde_json::from_str(&text).unwrap();
    let key = samples["root_public_key"].as_str().unwrap();
    let key = PublicKey::from_bytes_hex(key, Algorithm::Ed25519).unwrap();
    let cases = samples["testcases"].as_array().unwrap();
    assert_eq!(cases.len(), 38);
    let mut validations = 0;
    for case in cases {
        let file = case["filename"].as_str().unwrap();
        let bytes = fs::read(folder.join(file)).unwrap();
        for (name, validation) in case["validations"].as_object().unwrap() {
            let result = evaluate(&bytes, key, validation);
            assert_eq!(result, simplified(&validation["result"]), "{file} {name}");
            validations += 1;
        }
    }
    assert_eq!(validations, 50);
}

/// What a sample says of a failed signature or of its bytes differs by library; that it fails does not.
fn simplified(stated: &Json) -> Json {
    if stated["Err"]["Format"].is_object() {
        json!({ "Err": "Format" })
    } else {
        stated.clone()
    }
}

fn evaluate(bytes: &[u8], key: PublicKey, validation: &Json) -> Json {
    // Samples name no root key.
    let token = schema_with_key_id(bytes);
    if token::check_signatures(&token, |_| Some(key)).is_err() {
        return json!({ "Err": "Format" });
    }
    let contents = token::read(&token).unwrap();
    let ids: Vec<String> = contents
        .revocation_ids()
        .map(|id| HEXLOWER.encode(id))
        .collect();
    assert_eq!(json!(ids), validation["revocation_ids"]);
    let blocks = match contents.compile() {
        Ok(blocks) => blocks,
        Err(TokenError::Program { why, .. }) => {
            let unbound = NotAProgram::Unbound(String::new()).to_string();
            let rule = why.strip_prefix(&unbound).unwrap().to_owned();
            return json!({ "Err": { "FailedLogic": { "InvalidBlockRule": [0, rule] } } });
        }
        Err(error) => panic!("{error}"),
    };
    let code = validation["authorizer_code"].as_str().unwrap();
    let parsed = datalog::parse_authorizer(code, &Parameters::new()).unwrap();
    let block = Block::compile(&parsed.facts, &parsed.rules, &parsed.checks, &[], None).unwrap();
    let policies = Policies::compile(block, &parsed.policies).unwrap();
    let decision = match datalog::authorize(&blocks, &policies, LIMITS, &externs()) {
        Ok(decision) => decision,
        Err(Failure::Expression(error)) => {
            let name = match error {
                ExpressionError::Overflow => "Overflow",
                ExpressionError::ShadowedVariable => "ShadowedVariable",
                ExpressionError::InvalidType => "InvalidType",
                other => panic!("{other}"),
            };
            return json!({ "Err": { "Execution": name } });
        }
        Err(Failure::Limit(limit)) => panic!("{limit}"),
    };
    let checks: Vec<Json> = decision
        .failed
        .iter()
        .map(|failed| match failed.block {
            Some(block) => json!({ "Block": {
                "block_id": block, "check_id": failed.check, "rule": failed.text,
            } }),
            None => json!({ "Authorizer": { "check_id": failed.check, "rule": failed.text } }),
        })
        .collect();
    match decision.policy {
        Some(matched) if decision.is_allowed() => json!({ "Ok": matched.index }),
        Some(matched) => {
            let kind = if matched.allows { "Allow" } else { "Deny" };
            let policy = json!({ kind: matched.index });
            json!({ "Err": { "FailedLogic": { "Unauthorized": { "policy": policy, "checks": checks } } } })
        }
        None => json!({ "Err": { "FailedLogic": { "NoMatchingPolicy": { "checks": checks } } } }),
    }
}

/// The same token under a root key with a number: it stands outside of what is signed.
fn schema_with_key_id(bytes: &[u8]) -> Vec<u8> {
    // Field 1, a varint.
    [&[0x08, 0x00], bytes].concat()
}

/// What the sample of external functions calls.
fn externs() -> Externs {
    HashMap::from([(
        "test".to_owned(),
        (|left: Value, right: Option<Value>| match (left, right) {
            (left, None) => Some(left),
            (Value::Text(left), Some(Value::Text(right))) if left == right => {
                Some(Value::Text("equal strings".into()))
            }
            (Value::Text(_), Some(Value::Text(_))) => Some(Value::Text("different strings".into())),
            _ => None,
        }) as fn(Value, Option<Value>) -> Option<Value>,
    )])
}
