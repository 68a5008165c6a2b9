//! Whoever holds a token can write into it what they like. It costs no more than the limits.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{ask, issue, token_of, verify};
use crate::harness::{Assay, Manifests, TestDb};

both_databases!(what_a_holder_writes_costs_no_more_than_the_settings_say,);

/// The limit is 20 ms; a busy machine and a debug build take longer for everything.
const SOON: Duration = Duration::from_secs(2);

async fn what_a_holder_writes_costs_no_more_than_the_settings_say(db: TestDb) {
    let assay = Assay::start(db).await;
    let token = token_of(&issue(&assay, &json!({ "facts": ["user(1)"] })).await);
    let join: Vec<String> = (0..8).map(|n| format!("f($x{n})")).collect();
    let facts: Vec<String> = (0..150).map(|n| format!("f({n})")).collect();
    let hostile = |facts: &[String], rules: &[String], checks: &[String]| json!({ "token": token, "facts": facts, "rules": rules, "checks": checks });
    let sum = vec!["$t"; 600].join(" + ");
    let cases: [Value; 4] = [
        hostile(
            &facts,
            &[],
            &[format!("check if {}, g(1)", join.join(", "))],
        ),
        hostile(&facts, &["p($x, $y) <- f($x), f($y)".to_owned()], &[]),
        hostile(
            &[format!("t(\"{}\")", "a".repeat(3_000))],
            &[],
            &[format!("check if t($t), {sum} == \"\"")],
        ),
        hostile(
            &[],
            &[],
            &["check if \"a\".matches(\"(((a{50}){50}){50}){50}\")".to_owned()],
        ),
    ];
    for case in cases {
        let made = ask(&assay, "attenuate", &case)
            .await
            .expect_status(200)
            .json();
        let began = Instant::now();
        let verdict = verify(&assay, &token_of(&made), &["g(2)"], &["allow if user(1)"]).await;
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        assert_eq!(
            (&verdict["allowed"], &verdict["reason"]),
            (&json!(false), &json!("limit")),
            "{verdict}"
        );
    }
    let deep = format!("check if {}true{}", "(".repeat(3_000), ")".repeat(3_000));
    ask(&assay, "attenuate", &hostile(&[], &[], &[deep]))
        .await
        .expect_status(400);
    let negated = format!("check if {}true", "!".repeat(10_000));
    ask(&assay, "attenuate", &hostile(&[], &[], &[negated]))
        .await
        .expect_status(400);

    // The limits are settings.
    let few: Vec<String> = (0..20).map(|n| format!("f({n})")).collect();
    let made = ask(&assay, "attenuate", &hostile(&few, &[], &[]))
        .await
        .json();
    let few = token_of(&made);
    assert_eq!(
        verify(&assay, &few, &[], &["allow if user(1)"]).await["allowed"],
        true
    );
    let settings = "apiVersion: assay/v1\nkind: Module\nmetadata: { name: biscuit }\nspec: { settings: { maxFacts: 15, maxTokenBytes: 2000 } }\n";
    assay.apply(&Manifests::new().file("biscuit.yaml", settings));
    assert_eq!(
        verify(&assay, &few, &[], &["allow if user(1)"]).await["reason"],
        "limit"
    );
    let long = json!({ "token": "A".repeat(2_001) });
    let refused = ask(&assay, "verify", &long).await.expect_status(400);
    assert!(refused.body.contains("2000 bytes"), "{refused:?}");
}
