//! Outcomes that do not hold together.

use serde_json::json;

use super::{
    super::{
        Ownership, Plan,
        fixture::{admin_key, client, desired, key, module, object, observed, set},
    },
    PRUNE, own, refusal,
};
use crate::kind::Kind;

#[test]
fn a_broken_requirement_is_refused_with_the_chain() {
    let there = observed([own(module("console", true))]);
    let wanted = desired([module("admin", false)]);

    insta::assert_snapshot!(
        refusal(Plan::between(&there, &wanted, Ownership::default())),
        @"module `admin` cannot be switched off"
    );
}

#[test]
fn a_client_whose_tokens_nobody_can_sign_is_refused() {
    let es256 = object(
        Kind::OidcClient,
        "app",
        json!({ "idTokenSignedResponseAlg": "ES256" }),
    );
    let jwt = |algorithms| {
        object(
            Kind::Module,
            "jwt",
            json!({ "settings": { "algorithms": algorithms } }),
        )
    };
    let refused = "OidcClient/app has `idTokenSignedResponseAlg: ES256`, but Module/jwt keeps no key for ES256: add `ES256` to its `algorithms`";

    let none = observed([]);
    let without = Plan::between(&none, &desired([es256.clone()]), PRUNE);
    assert_eq!(refusal(without), refused);
    let with = [es256.clone(), jwt(json!(["RS256", "ES256"]))];
    assert!(Plan::between(&none, &desired(with.clone()), PRUNE).is_ok());

    // A set that takes the algorithm away sees the clients of other sets.
    let there = observed([(set("apps"), es256), own(jwt(json!(["RS256", "ES256"])))]);
    let wanted = desired([jwt(json!(["RS256"]))]);
    assert!(
        there
            .keys_to_load(&wanted, false)
            .contains(&key(Kind::OidcClient, "app"))
    );
    assert_eq!(refusal(Plan::between(&there, &wanted, PRUNE)), refused);
    assert_eq!(refusal(Plan::between(&there, &desired([]), PRUNE)), refused);
}

#[test]
fn no_token_outlives_the_key_that_verifies_it_whoever_says_how_long_it_is_kept() {
    let slow = object(
        Kind::OidcClient,
        "app",
        json!({ "accessTokenTtl": "8d", "redirectUris": ["https://app.example.com/"] }),
    );
    let jwt = |ttl: &str| {
        object(
            Kind::Module,
            "jwt",
            json!({ "settings": { "retiredKeyTtl": ttl } }),
        )
    };
    let provider = object(
        Kind::Module,
        "oidc_provider",
        json!({ "settings": { "idTokenTtl": "9d" } }),
    );

    // Nobody has said anything of the module: its default is 7 days.
    insta::assert_snapshot!(
        refusal(Plan::between(&observed([]), &desired([slow.clone()]), PRUNE)),
        @"OidcClient/app has `accessTokenTtl: 8d`, but Module/jwt keeps the key that verifies such a token only 7d after a rotation: make it shorter, or `retiredKeyTtl` of Module/jwt longer"
    );
    // What another set says of it counts as well.
    let there = observed([(set("keys"), jwt("8d"))]);
    assert!(Plan::between(&there, &desired([slow.clone()]), PRUNE).is_ok());
    insta::assert_snapshot!(
        refusal(Plan::between(&there, &desired([provider]), PRUNE)),
        @"Module/oidc_provider has `settings.idTokenTtl: 9d`, but Module/jwt keeps the key that verifies such a token only 8d after a rotation: make it shorter, or `retiredKeyTtl` of Module/jwt longer"
    );
    // A set that keeps keys for less long sees the clients of other sets.
    let there = observed([(set("apps"), slow), own(jwt("8d"))]);
    let wanted = desired([jwt("7d")]);
    assert!(refusal(Plan::between(&there, &wanted, PRUNE)).starts_with("OidcClient/app has"));
    // Nor may what nobody has written down live on.
    insta::assert_snapshot!(
        refusal(Plan::between(&observed([]), &desired([jwt("1m")]), PRUNE)),
        @r"
    Module/oidc_provider has `settings.accessTokenTtl: 10m`, but Module/jwt keeps the key that verifies such a token only 1m after a rotation: make it shorter, or `retiredKeyTtl` of Module/jwt longer
    Module/oidc_provider has `settings.idTokenTtl: 10m`, but Module/jwt keeps the key that verifies such a token only 1m after a rotation: make it shorter, or `retiredKeyTtl` of Module/jwt longer
    "
    );
}

#[test]
fn one_key_under_two_names_is_refused() {
    let there = observed([(set("other"), admin_key("ci", &["*"]))]);
    let mut copy = admin_key("ci", &["config.read"]);
    copy.metadata.name = "reader".into();

    insta::assert_snapshot!(
        refusal(Plan::between(&there, &desired([copy]), PRUNE)),
        @"AdminKey/ci and AdminKey/reader have the same `hash`; one key is one AdminKey"
    );
}

#[test]
fn a_namespace_that_another_set_needs_is_kept() {
    let namespace = |name: &str, spec| object(Kind::ZanzibarNamespace, name, spec);
    let folder = namespace(
        "folder",
        json!({ "relations": { "viewer": { "types": ["user"] } } }),
    );
    let user = namespace("user", json!({}));
    let document = namespace(
        "document",
        json!({
            "relations": { "parent": { "types": ["folder"] } },
            "permissions": { "view": "parent->viewer" },
        }),
    );
    let there = observed([
        own(folder.clone()),
        own(user.clone()),
        (set("docs"), document),
    ]);

    let kept = Plan::between(
        &there,
        &desired([folder, user.clone(), client("a", "A")]),
        PRUNE,
    );
    assert!(kept.is_ok());
    insta::assert_snapshot!(
        refusal(Plan::between(&there, &desired([user]), PRUNE)),
        @"ZanzibarNamespace/document: no manifest declares the namespace `folder` (at /spec/relations/parent/types)"
    );
}
