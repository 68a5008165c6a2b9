//! OIDC clients.

use std::fmt::Write as _;

use super::{Nowhere, snapshot, told};
use crate::{LoadOptions, SourcePath, load};

pub(super) fn client(spec: &str) -> String {
    let spec = spec
        .trim_matches('\n')
        .lines()
        .fold(String::new(), |mut text, line| {
            writeln!(text, "  {line}").unwrap();
            text
        });
    format!("apiVersion: assay/v1\nkind: OidcClient\nmetadata: {{ name: app }}\nspec:\n{spec}")
}

pub(super) const PUBLIC: &str = "clientType: public\nredirectUris: [https://a.example/cb]";
const CONFIDENTIAL: &str = "clientSecret: { fromEnv: GOOD }\nredirectUris: [https://a.example/cb]";

fn clients(base: &str, cases: &[(&str, &str)]) -> String {
    let texts: Vec<(&str, String)> = cases
        .iter()
        .map(|(title, spec)| (*title, client(&format!("{base}\n{spec}"))))
        .collect();
    told(&texts)
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
