//! Upstream providers, modules, namespaces.

use super::{
    clients::{PUBLIC, client},
    snapshot, told,
};

#[test]
fn upstreams() {
    let upstream = |spec: &str| {
        format!(
            "apiVersion: assay/v1\nkind: UpstreamProvider\nmetadata: {{ name: up }}\nspec: {{ {spec} }}\n"
        )
    };
    let good = "issuer: https://up.example, clientId: us, clientSecret: { fromEnv: GOOD }";
    let texts = [
        ("nothing", upstream("")),
        ("http", upstream("issuer: http://up.example, clientId: us")),
        (
            "a hash",
            upstream(&format!(
                "issuer: https://up.example, clientId: us, clientSecret: {{ hash: \"sha256:{:064}\" }}",
                0
            )),
        ),
        (
            "a query",
            upstream("issuer: \"https://up.example?x=1\", clientId: us"),
        ),
        ("no openid", upstream(&format!("{good}, scopes: [email]"))),
        (
            "a reserved parameter",
            upstream(&format!(
                "{good}, authorizationParameters: {{ state: x, hd: a.example }}"
            )),
        ),
        (
            "linking by an untrusted address",
            upstream(&format!("{good}, linking: verified_email")),
        ),
        (
            "no domain",
            upstream(&format!("{good}, allowedDomains: [\"@a.example\"]")),
        ),
        (
            "a method without its secret",
            upstream(
                "issuer: https://up.example, clientId: us, tokenEndpointAuthMethod: client_secret_post",
            ),
        ),
    ];
    snapshot!(told(&texts));
}

#[test]
fn modules() {
    let module = |name: &str, spec: &str| {
        format!(
            "---\napiVersion: assay/v1\nkind: Module\nmetadata: {{ name: {name} }}\nspec: {{ {spec} }}\n"
        )
    };
    let texts = [
        ("always on", module("session", "enabled: false")),
        (
            "a setting of another module",
            module("passkey", "settings: { ttl: 1h, rpname: x }"),
        ),
        (
            "a module without settings",
            module("console", "settings: { theme: dark }"),
        ),
        (
            "out of range",
            module("password", "settings: { memoryKib: 1, iterations: 0 }"),
        ),
        (
            "no RS256",
            module("jwt", "settings: { algorithms: [ES256] }"),
        ),
        (
            "a code that lives too long",
            module("oidc_provider", "settings: { authorizationCodeTtl: 1h }"),
        ),
        (
            "a mail server that is none",
            module(
                "mail",
                "settings: { smtp: { host: \"smtps://mail.example:465\", security: none, username: us, password: { hash: \"sha256:x\" } }, folder: mails, from: \"A\\r\\nBcc: b <a@b>\" }",
            ),
        ),
        (
            "a mail server without a password",
            module(
                "mail",
                "settings: { smtp: { host: mail.example, security: none, username: us }, replyTo: nobody }",
            ),
        ),
        (
            "a requirement that is off",
            module("console", "enabled: true") + &module("admin", "enabled: false"),
        ),
        (
            "an algorithm without a key, a token that outlives it",
            module("jwt", "settings: { retiredKeyTtl: 1h }")
                + "---\n"
                + &client(&format!(
                    "{PUBLIC}\nidTokenSignedResponseAlg: ES256\naccessTokenTtl: 2h"
                )),
        ),
    ];
    snapshot!(told(&texts));
}

#[test]
fn namespaces() {
    let namespace = |name: &str, spec: &str| {
        format!(
            "---\napiVersion: assay/v1\nkind: ZanzibarNamespace\nmetadata: {{ name: {name} }}\nspec:\n{spec}\n"
        )
    };
    let user = namespace("user", "  {}");
    let texts = [
        (
            "relations that do not exist",
            user.clone()
                + &namespace(
                    "document",
                    "  relations:\n    owner: { types: [user] }\n  permissions:\n    view: owner + viewer\n    edit: \"owner + (ownr - owner)\"\n    folded: >\n      owner +\n      nobody",
                ),
        ),
        // Whether `user` is missing depends on which of the two is meant.
        (
            "a namespace twice",
            namespace("group", "  relations:\n    member: { types: [user] }")
                + &namespace("group", "  {}"),
        ),
        (
            "types that do not exist",
            namespace(
                "document",
                "  relations:\n    owner: { types: [user, \"group#member\"] }",
            ),
        ),
        (
            "expressions that cannot be read",
            user.clone()
                + &namespace(
                    "document",
                    "  relations:\n    owner: { types: [user, \"a b\"] }\n  permissions:\n    view: owner ++ owner\n    edit: (owner",
                ),
        ),
        (
            "a cycle",
            user.clone()
                + &namespace(
                    "document",
                    "  relations:\n    owner: { types: [user] }\n  permissions:\n    view: edit + owner\n    edit: view",
                ),
        ),
        (
            "a warning",
            user + &namespace(
                "document",
                "  relations:\n    owner: { types: [user] }\n    banned: { types: [user] }\n  permissions:\n    view: owner + owner - banned",
            ),
        ),
    ];
    snapshot!(told(&texts));
}
