use serde_json::{Value, json};

use super::{
    DesiredState, Generation, Ownership, Plan, PlanDocument, SavedPlanError,
    fixture::{admin_key, client, desired, object, observed, set},
};
use crate::{kind::Kind, object::Object};

fn with_secret(form: &Value) -> Object {
    object(Kind::OidcClient, "app", json!({ "clientSecret": form }))
}

fn stored() -> Value {
    json!({ "hash": format!("hmac-sha256:{}", "0".repeat(64)) })
}

fn saved(desired: &DesiredState) -> String {
    let there = observed([(set("default"), client("a", "A"))]);
    let plan = Plan::between(&there, desired, Ownership::default()).unwrap();
    let document = PlanDocument::new(&plan, &[])
        .and_then(|document| document.with_manifests(desired))
        .unwrap();
    serde_json::to_string(&document).unwrap()
}

fn altered(text: &str, change: impl FnOnce(&mut Value)) -> Result<DesiredState, SavedPlanError> {
    let mut value: Value = serde_json::from_str(text).unwrap();
    change(&mut value);
    PlanDocument::parse(&value.to_string())?.desired_state()
}

#[test]
fn a_saved_plan_gives_back_what_it_was_made_for() {
    let wanted = desired([
        with_secret(&stored()),
        admin_key("ci", &["*"]),
        object(Kind::Module, "jwt", json!({})),
    ]);

    let document = PlanDocument::parse(&saved(&wanted)).unwrap();
    let read = document.desired_state().unwrap();

    assert_eq!(document.base_generation, Generation(7));
    assert_eq!(read.digest, wanted.digest);
    assert_eq!(read.objects, wanted.objects);
}

#[test]
fn what_is_not_a_plan_to_apply_is_refused() {
    let text = saved(&desired([with_secret(&stored())]));
    let refusals = [
        altered(&text, |plan| plan["formatVersion"] = json!("2.0")),
        altered(&text, |plan| plan["desired"] = Value::Null),
        altered(&text, |plan| {
            plan["desired"][0]["spec"]["displayName"] = json!("Other");
        }),
        altered(&text, |plan| {
            plan["desired"][0]["spec"]["clientSecret"] = json!({ "value": "hunter2" });
        }),
        altered(&text, |plan| {
            plan["desired"][0]["kind"] = json!("Client");
        }),
        altered(&text, |plan| {
            plan["desired"][0]["apiVersion"] = json!("assay/v2");
        }),
        altered(&text, |plan| {
            plan["desired"][0]["spec"]["clientType"] = json!("both");
        }),
        altered("[]", |_| {}),
    ];

    let refusals: Vec<String> = refusals
        .into_iter()
        .map(|refusal| refusal.expect_err("a refusal").to_string())
        .collect();

    insta::assert_snapshot!(refusals.join("\n"));
    assert!(!refusals.join("\n").contains("hunter2"));
}

#[test]
fn a_plan_keeps_to_its_schema() {
    let validator = jsonschema::validator_for(&super::document::schema()).unwrap();
    let plan: Value =
        serde_json::from_str(&saved(&desired([with_secret(&stored()), client("a", "B")]))).unwrap();
    let flaws: Vec<String> = validator
        .iter_errors(&plan)
        .map(|flaw| format!("{}: {flaw}", flaw.instance_path()))
        .collect();
    assert_eq!(flaws, [""; 0]);
    assert!(!validator.is_valid(&json!({ "formatVersion": "1.0" })));
}
