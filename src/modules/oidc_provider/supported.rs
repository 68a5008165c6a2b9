//! What this provider can do, in one place: discovery says it, and a client whose manifest asks for
//! more is refused by name rather than served with less security than it asked for.

use assay_reconciler::spec::{
    OidcClientSpec,
    oidc_client::{ClientAuthMethod, GrantType, ResponseType},
};

use crate::generation::Snapshot;

/// Grants that the token endpoint knows.
pub(super) const GRANT_TYPES: [GrantType; 5] = [
    GrantType::AuthorizationCode,
    GrantType::RefreshToken,
    GrantType::ClientCredentials,
    GrantType::DeviceCode,
    GrantType::TokenExchange,
];

/// Response types that the authorization endpoint knows. All but the first are only for clients whose
/// manifest lists them.
pub(super) const RESPONSE_TYPES: [ResponseType; 6] = [
    ResponseType::Code,
    ResponseType::IdToken,
    ResponseType::IdTokenToken,
    ResponseType::CodeIdToken,
    ResponseType::CodeToken,
    ResponseType::CodeIdTokenToken,
];

/// Ways of client authentication that the token endpoint knows.
pub(super) const AUTH_METHODS: [ClientAuthMethod; 5] = [
    ClientAuthMethod::ClientSecretBasic,
    ClientAuthMethod::ClientSecretPost,
    ClientAuthMethod::ClientSecretJwt,
    ClientAuthMethod::PrivateKeyJwt,
    ClientAuthMethod::None,
];

/// Those of them that prove something, which introspection needs.
pub(super) const INTROSPECTION_AUTH_METHODS: [ClientAuthMethod; 4] = [
    ClientAuthMethod::ClientSecretBasic,
    ClientAuthMethod::ClientSecretPost,
    ClientAuthMethod::ClientSecretJwt,
    ClientAuthMethod::PrivateKeyJwt,
];

/// Values of `response_mode`.
pub(super) const RESPONSE_MODES: [&str; 7] = [
    "query",
    "fragment",
    "form_post",
    "query.jwt",
    "fragment.jwt",
    "form_post.jwt",
    "jwt",
];

/// Values of `prompt`.
pub(super) const PROMPTS: [&str; 4] = ["none", "login", "consent", "select_account"];

/// Scopes with a meaning of their own. Manifests may declare others (kind `Scope`); those that none
/// declares only go into tokens.
pub(super) use assay_reconciler::spec::scope::STANDARD_SCOPES as SCOPES;

/// The response types that some client may use in this generation.
pub(super) fn response_types_in_use(snapshot: &Snapshot) -> Vec<ResponseType> {
    let clients = snapshot.clients();
    let may_some = |kind: &ResponseType| {
        clients.iter().any(|client| {
            client.spec.enabled
                && client.spec.response_types.contains(kind)
                && missing_for(&client.spec).is_none()
        })
    };
    RESPONSE_TYPES
        .into_iter()
        .filter(|kind| *kind == ResponseType::Code || may_some(kind))
        .collect()
}

/// What the client's manifest asks for and this version does not have; `None` if it has everything.
pub(super) fn missing_for(client: &OidcClientSpec) -> Option<&'static str> {
    let asks = [
        (
            client.tls_client_certificate_bound_access_tokens,
            "tlsClientCertificateBoundAccessTokens: certificate-bound tokens (RFC 8705) are not available yet",
        ),
        (
            !AUTH_METHODS.contains(&client.auth_method()),
            "tokenEndpointAuthMethod: this client authentication method is not available yet",
        ),
    ];
    asks.into_iter()
        .find_map(|(is_asked, name)| is_asked.then_some(name))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn missing(spec: serde_json::Value) -> Option<&'static str> {
        missing_for(&serde_json::from_value(spec).unwrap())
    }

    #[test]
    fn a_client_that_asks_for_nothing_special_is_served() {
        assert_eq!(missing(json!({})), None);
        assert_eq!(missing(json!({ "clientType": "public" })), None);
        assert_eq!(
            missing(json!({ "tokenEndpointAuthMethod": "client_secret_post" })),
            None
        );
    }

    #[test]
    fn a_client_that_asks_for_more_security_is_not_given_less() {
        for (field, value) in [
            ("tlsClientCertificateBoundAccessTokens", json!(true)),
            ("tokenEndpointAuthMethod", json!("tls_client_auth")),
        ] {
            let name = missing(json!({ field: value })).unwrap();
            assert!(name.starts_with(field), "{name}");
        }
    }
}
