//! What this provider can do, in one place, for discovery and the endpoints.

use assay_reconciler::spec::oidc_client::{ClientAuthMethod, GrantType, ResponseType};

use crate::{
    generation::Snapshot,
    modules::{MutualTls, Site, account},
};

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

/// Ways of client authentication that prove something.
const PROVING: [ClientAuthMethod; 4] = [
    ClientAuthMethod::ClientSecretBasic,
    ClientAuthMethod::ClientSecretPost,
    ClientAuthMethod::ClientSecretJwt,
    ClientAuthMethod::PrivateKeyJwt,
];

/// Ways of client authentication that prove something, which introspection needs.
pub(super) fn proving_methods(site: &Site) -> Vec<&'static str> {
    let by_certificate: &[ClientAuthMethod] = match site.mutual_tls {
        MutualTls::Off => &[],
        MutualTls::SelfSigned => &[ClientAuthMethod::SelfSignedTlsClientAuth],
        MutualTls::Authorities => &[
            ClientAuthMethod::TlsClientAuth,
            ClientAuthMethod::SelfSignedTlsClientAuth,
        ],
    };
    let methods = PROVING.iter().chain(by_certificate);
    methods.map(|method| method.name()).collect()
}

/// Ways of client authentication that the token endpoint takes here.
pub(super) fn auth_methods(site: &Site) -> Vec<&'static str> {
    let mut methods = proving_methods(site);
    methods.push(ClientAuthMethod::None.name());
    methods
}

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

/// Values of `prompt`. One of them leads to the page where people create accounts, if they can.
pub(super) fn prompts(snapshot: &Snapshot) -> Vec<&'static str> {
    let mut prompts = vec!["none", "login", "consent", "select_account"];
    if account::registration::is_open(snapshot) {
        prompts.push("create");
    }
    prompts
}

/// Scopes with a meaning of their own. Manifests may declare others (kind `Scope`); those that none
/// declares only go into tokens.
pub(super) use assay_reconciler::spec::scope::STANDARD_SCOPES as SCOPES;

/// The response types that some client may use in this generation.
pub(super) fn response_types_in_use(snapshot: &Snapshot) -> Vec<ResponseType> {
    let clients = snapshot.clients();
    let may_some = |kind: &ResponseType| {
        clients
            .iter()
            .any(|client| client.spec.enabled && client.spec.response_types.contains(kind))
    };
    RESPONSE_TYPES
        .into_iter()
        .filter(|kind| *kind == ResponseType::Code || may_some(kind))
        .collect()
}
