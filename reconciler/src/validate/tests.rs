//! Every problem that can be told, as people read it.

use std::{collections::BTreeMap, fmt::Write as _, io, path::Path};

use crate::{LoadOptions, SecretHandling, SourcePath, load, secret::SecretReader};

macro_rules! snapshot {
    ($text:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) })
    };
}

pub(super) use snapshot;

struct Nowhere;

impl SecretReader for Nowhere {
    fn env(&self, name: &str) -> Option<String> {
        let known = BTreeMap::from([
            ("EMPTY", ""),
            ("SHORT", "hunter2"),
            ("GOOD", "0123456789abcdef0123456789abcdef"),
        ]);
        known.get(name).map(|value| (*value).to_owned())
    }

    fn file(&self, _: &Path) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// What is said about each of `cases`.
pub(super) fn told(cases: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (title, text) in cases {
        let options = LoadOptions {
            secrets: SecretHandling::Resolve,
        };
        let problems = match load(&[SourcePath::Stdin((*text).into())], &Nowhere, options) {
            Ok(loaded) => loaded.warnings,
            Err(problems) => problems,
        };
        write!(out, "## {title}\n\n{problems}\n").unwrap();
    }
    out
}

fn client(spec: &str) -> String {
    let spec = spec
        .trim_matches('\n')
        .lines()
        .fold(String::new(), |mut text, line| {
            writeln!(text, "  {line}").unwrap();
            text
        });
    format!("apiVersion: assay/v1\nkind: OidcClient\nmetadata: {{ name: app }}\nspec:\n{spec}")
}

const PUBLIC: &str = "clientType: public\nredirectUris: [https://a.example/cb]";
const CONFIDENTIAL: &str = "clientSecret: { fromEnv: GOOD }\nredirectUris: [https://a.example/cb]";

fn clients(base: &str, cases: &[(&str, &str)]) -> String {
    let texts: Vec<(&str, String)> = cases
        .iter()
        .map(|(title, spec)| (*title, client(&format!("{base}\n{spec}"))))
        .collect();
    let cases: Vec<(&str, &str)> = texts
        .iter()
        .map(|(title, text)| (*title, text.as_str()))
        .collect();
    told(&cases)
}

#[test]
fn what_is_right_is_not_told() {
    for base in [PUBLIC, CONFIDENTIAL] {
        let text = client(base);
        let loaded = load(
            &[SourcePath::Stdin(text.into())],
            &Nowhere,
            LoadOptions::default(),
        );
        assert!(loaded.is_ok(), "{}", loaded.unwrap_err());
    }
}

#[test]
fn yaml_that_cannot_be_read() {
    snapshot!(told(&[
        ("nothing", ""),
        ("only a comment", "# nothing here\n---\n"),
        ("a tab", "kind:\n\tname: x\n"),
        ("an open list", "kind: [a\n---\nkind: {b\n"),
        ("a duplicate key", "kind: OidcClient\nkind: Module\n"),
        ("a key that is no text", "1: x\ntrue: y\n"),
        ("a template", "kind: {{ .Values.kind }}\n"),
        ("an unknown alias", "kind: *name\n"),
        ("an alias of itself", "a: &a [*a]\n"),
        ("a tag", "kind: !Ref x\n"),
        ("not a mapping", "- kind: OidcClient\n"),
    ]));
}

#[test]
fn the_envelope() {
    snapshot!(told(&[
        ("nothing of it", "{}\n"),
        (
            "slips",
            "apiversion: assay/v1\nkind: OidcCleint\nmetadata: { name: x }\nspecs: {}\n"
        ),
        (
            "another version",
            "apiVersion: assay/v2\nkind: OidcClient\nmetadata: { name: x }\nspec: {}\n"
        ),
        (
            "no name",
            "apiVersion: assay/v1\nkind: Module\nmetadata: { labels: { a: b } }\nspec: {}\n"
        ),
        (
            "a number for a name",
            "apiVersion: assay/v1\nkind: Module\nmetadata: { name: 12 }\nspec: {}\n"
        ),
        (
            "a number for a label",
            "apiVersion: assay/v1\nkind: Module\nmetadata: { name: passkey, labels: { tier: 1 } }\nspec: {}\n"
        ),
        (
            "an unknown annotation",
            "apiVersion: assay/v1\nkind: Module\nmetadata: { name: passkey, annotations: { assay/movedFrom: x } }\nspec: {}\n"
        ),
        (
            "an empty spec",
            "apiVersion: assay/v1\nkind: Module\nmetadata: { name: passkey }\nspec:\n"
        ),
    ]));
}

#[test]
fn names() {
    let name = |kind: &str, name: &str| {
        format!(
            "apiVersion: assay/v1\nkind: {kind}\nmetadata: {{ name: \"{name}\" }}\nspec: {{}}\n"
        )
    };
    let long = "n".repeat(200);
    let texts = [
        name("OidcClient", "two words"),
        name("OidcClient", ""),
        name("OidcClient", &long),
        name("OidcClient", "emoji-😀"),
        name("OidcClient", "right-\u{202e}to-left"),
        name("ZanzibarNamespace", "Document"),
        name("Module", "passkeys"),
    ];
    let cases: Vec<(&str, &str)> = texts.iter().map(|text| ("a name", text.as_str())).collect();
    snapshot!(told(&cases));
}

#[test]
fn the_form_of_a_spec() {
    snapshot!(clients(
        PUBLIC,
        &[
            ("an unknown field", "redirectUri: https://a.example/cb"),
            (
                "everything at once",
                "colour: red\nrequirePkce: yes\nscopes: openid\ndisplayName: 12\nconsent: explicitly\naccessTokenTtl: 10\nidTokenTtl: soon\ngrantTypes: [authorization_code, refresh]\ncontacts:\ndescription: { a: b }\nlogoUri: ftp://x"
            ),
            (
                "redirect URIs",
                "postLogoutRedirectUris:\n  - /callback\n  - https://a.example/cb#x\n  - https://*.a.example/cb\n  - javascript:alert(1)\n  - https://good.example@evil.example/cb\n  - HTTPS://a.example/cb"
            ),
            ("too long", &format!("displayName: {}", "x".repeat(201))),
            ("a bad scope", "scopes: [openid, \"two words\"]"),
            (
                "a previous secret without its parts",
                "previousClientSecret: { expiresAt: tomorrow }"
            ),
        ]
    ));
}

#[test]
fn clients_that_cannot_be_right() {
    snapshot!(clients(
        "displayName: App",
        &[
            ("no secret", "redirectUris: [https://a.example/cb]"),
            ("nowhere to go back to", "clientType: public"),
            (
                "a public client with a secret",
                "clientType: public\nclientSecret: { fromEnv: GOOD }\nredirectUris: [https://a.example/cb]"
            ),
            (
                "a public client that authenticates",
                "clientType: public\ntokenEndpointAuthMethod: client_secret_basic\nredirectUris: [https://a.example/cb]"
            ),
            (
                "a confidential client that does not",
                "tokenEndpointAuthMethod: none\nredirectUris: [https://a.example/cb]"
            ),
            (
                "client_credentials for a public client",
                "clientType: public\ngrantTypes: [client_credentials]"
            ),
            (
                "refresh tokens out of nothing",
                "clientSecret: { fromEnv: GOOD }\ngrantTypes: [client_credentials, refresh_token]"
            ),
            (
                "no grant",
                "clientSecret: { fromEnv: GOOD }\ngrantTypes: []"
            ),
            (
                "http",
                "clientType: public\nredirectUris: [http://app.lan/cb, http://localhost:1/cb]"
            ),
            (
                "a private-use scheme on the web",
                "clientType: public\nredirectUris: [com.example.app:/cb]"
            ),
            (
                "an insecure picture",
                "clientType: public\nredirectUris: [https://a.example/cb]\nlogoUri: http://a.example/logo.svg"
            ),
            (
                "more than an origin",
                "clientType: public\nredirectUris: [https://a.example/cb]\nallowedOrigins: [https://a.example/]"
            ),
            (
                "implicit without its grant",
                "clientType: public\nredirectUris: [https://a.example/cb]\nresponseTypes: [code, id_token]"
            ),
            (
                "tokens through the browser",
                "clientType: public\nredirectUris: [https://a.example/cb]\ngrantTypes: [authorization_code, implicit]\nresponseTypes: [code, id_token, code id_token]"
            ),
            (
                "bound tokens through the browser",
                "clientType: public\nredirectUris: [https://a.example/cb]\ndpopBoundAccessTokens: true\ngrantTypes: [authorization_code, implicit]\nresponseTypes: [code, code token]"
            ),
            (
                "its grant without implicit",
                "clientType: public\nredirectUris: [https://a.example/cb]\ngrantTypes: [authorization_code, implicit]"
            ),
            (
                "no time",
                "clientType: public\nredirectUris: [https://a.example/cb]\naccessTokenTtl: 0s"
            ),
            (
                "pairwise over hosts",
                "clientType: public\nredirectUris: [https://a.example/cb, https://b.example/cb]\nsubjectType: pairwise"
            ),
            (
                "pairwise without a host",
                "clientType: public\napplicationType: native\nredirectUris: [http://127.0.0.1/cb]\nsubjectType: pairwise"
            ),
            (
                "a logout session without a page",
                "clientType: public\nredirectUris: [https://a.example/cb]\nbackchannelLogoutSessionRequired: true"
            ),
        ]
    ));
}

#[test]
fn keys_of_clients() {
    snapshot!(clients(
        "redirectUris: [https://a.example/cb]",
        &[
            ("no keys", "tokenEndpointAuthMethod: private_key_jwt"),
            (
                "keys twice",
                "tokenEndpointAuthMethod: private_key_jwt\njwksUri: https://a.example/jwks\njwks: { keys: [{ kty: OKP, crv: Ed25519, x: abc }] }"
            ),
            (
                "a private key",
                "tokenEndpointAuthMethod: private_key_jwt\njwks: { keys: [{ kty: OKP, crv: Ed25519, x: abc, d: c2VjcmV0 }] }"
            ),
            (
                "half a key",
                "tokenEndpointAuthMethod: private_key_jwt\njwks: { keys: [{ kty: EC, crv: P-256, x: abc }, { kty: oct }] }"
            ),
            (
                "no set",
                "tokenEndpointAuthMethod: private_key_jwt\njwks: { kty: EC }"
            ),
            (
                "an algorithm with a shared key",
                "tokenEndpointAuthMethod: private_key_jwt\njwksUri: https://a.example/jwks\ntokenEndpointAuthSigningAlg: HS256"
            ),
            (
                "client_secret_jwt",
                "tokenEndpointAuthMethod: client_secret_jwt\nclientSecret: { hash: \"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" }\ntokenEndpointAuthSigningAlg: RS256"
            ),
            ("no certificate", "tokenEndpointAuthMethod: tls_client_auth"),
            (
                "two certificates",
                "tokenEndpointAuthMethod: tls_client_auth\ntlsClientAuth: { sanDns: a.example, sanIp: 10.0.0.1 }"
            ),
            (
                "signed requests without keys",
                "clientType: public\nrequireSignedRequestObject: true"
            ),
        ]
    ));
}

#[test]
fn secrets() {
    snapshot!(clients(
        "redirectUris: [https://a.example/cb]",
        &[
            ("in the clear", "clientSecret: correct-horse-battery-staple"),
            (
                "in the clear, as a value",
                "clientSecret: { value: correct-horse-battery-staple }"
            ),
            ("two sources", "clientSecret: { fromEnv: A, fromFile: b }"),
            ("an unknown source", "clientSecret: { fromVault: a }"),
            ("unset", "clientSecret: { fromEnv: UNSET }"),
            ("empty", "clientSecret: { fromEnv: EMPTY }"),
            ("short", "clientSecret: { fromEnv: SHORT }"),
            ("a dollar", "clientSecret: { fromEnv: $GOOD }"),
            ("no file", "clientSecret: { fromFile: secret.txt }"),
            ("no hash", "clientSecret: { hash: \"sha256:abc\" }"),
            (
                "an admin key in a comment",
                "# sk_admin_0123456789abcdef0123456789abcdef\nclientSecret: { fromEnv: GOOD }"
            ),
            (
                "a private key in a description",
                "clientSecret: { fromEnv: GOOD }\ndescription: |\n  -----BEGIN PRIVATE KEY-----\n  MC4CAQAwBQYDK2VwBCIEIJ\n  -----END PRIVATE KEY-----"
            ),
            (
                "a token that is a value of something else",
                "clientSecret: { fromEnv: GOOD }\nconsent: ghp_0123456789abcdef0123456789abcdef0123"
            ),
        ]
    ));
}

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
    let cases: Vec<(&str, &str)> = texts
        .iter()
        .map(|(title, text)| (*title, text.as_str()))
        .collect();
    snapshot!(told(&cases));
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
    let cases: Vec<(&str, &str)> = texts
        .iter()
        .map(|(title, text)| (*title, text.as_str()))
        .collect();
    snapshot!(told(&cases));
}

#[test]
fn between_manifests() {
    let key = |name: &str, digit: u8| {
        format!(
            "---\napiVersion: assay/v1\nkind: AdminKey\nmetadata: {{ name: {name} }}\nspec:\n  hash: \"sha256:{digit:064}\"\n  permissions: [config.read]\n"
        )
    };
    let texts = [
        ("an object twice", key("ci", 1) + &key("ci", 2)),
        ("a key twice", key("ci", 1) + &key("cd", 1)),
        (
            "a key that may do nothing",
            String::from(
                "apiVersion: assay/v1\nkind: AdminKey\nmetadata: { name: ci }\nspec:\n  hash: \"sha256:xyz\"\n  permissions: []\n",
            ),
        ),
    ];
    let cases: Vec<(&str, &str)> = texts
        .iter()
        .map(|(title, text)| (*title, text.as_str()))
        .collect();
    snapshot!(told(&cases));
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
    let cases: Vec<(&str, &str)> = texts
        .iter()
        .map(|(title, text)| (*title, text.as_str()))
        .collect();
    snapshot!(told(&cases));
}
