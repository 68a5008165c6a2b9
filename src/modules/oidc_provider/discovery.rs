//! Discovery (OpenID Connect Discovery 1.0, RFC 8414): exactly what is on in this generation.

use std::collections::BTreeSet;

use assay_reconciler::spec::{
    SigningAlgorithm,
    oidc_client::{GrantType, ResponseType},
};
use serde_json::{Value, json};

use super::{
    authorize::AUTHORIZE_PATH,
    claims,
    device::DEVICE_AUTHORIZATION_PATH,
    introspection::INTROSPECTION_PATH,
    logout::LOGOUT_PATH,
    pushed::PAR_PATH,
    registration::REGISTRATION_PATH,
    revocation::REVOCATION_PATH,
    supported::{self, GRANT_TYPES, RESPONSE_MODES, SCOPES},
    token::TOKEN_PATH,
    userinfo::USERINFO_PATH,
};
use crate::{
    crypto::foreign::{MAC_NAMES, SIGNATURE_NAMES},
    modules::{
        Context, MutualTls, jwt::JWKS_PATH, pages::languages::LANGUAGES, prepared::PreparedJson,
        session::Acr,
    },
};

/// What clients may have signed, each with any algorithm that there is a key for.
const SIGNED: [&str; 4] = [
    "id_token_signing_alg_values_supported",
    "authorization_signing_alg_values_supported",
    "userinfo_signing_alg_values_supported",
    "introspection_signing_alg_values_supported",
];

/// The document.
pub(super) fn prepare(context: &Context) -> PreparedJson {
    PreparedJson::new(document(context).to_string(), "application/json")
}

fn document(context: &Context) -> Value {
    let mut document = always(context);
    let algorithms: Vec<&str> = context
        .snapshot
        .signing_keys()
        .algorithms()
        .map(SigningAlgorithm::name)
        .collect();
    for name in SIGNED {
        document[name] = json!(algorithms);
    }
    let served = served_resources(context);
    if !served.is_empty() {
        document["protected_resources"] = json!(served);
    }
    document
}

/// The resources whose servers ask here about tokens (RFC 9728 4).
fn served_resources(context: &Context) -> BTreeSet<&str> {
    let clients = context.snapshot.clients().into_iter();
    clients
        .filter(|client| client.spec.enabled)
        .flat_map(|client| &client.spec.serves_resources)
        .map(String::as_str)
        .collect()
}

fn always(context: &Context) -> Value {
    let site = &context.site;
    let response_types = supported::response_types_in_use(&context.snapshot);
    let mut grant_types = GRANT_TYPES.map(GrantType::name).to_vec();
    if response_types.iter().any(|kind| kind.is_implicit()) {
        grant_types.push(GrantType::Implicit.name());
    }
    let response_types: Vec<&str> = response_types.into_iter().map(ResponseType::name).collect();
    let mut document = json!({
        "issuer": site.issuer,
        "authorization_endpoint": site.url(AUTHORIZE_PATH),
        "token_endpoint": site.url(TOKEN_PATH),
        "device_authorization_endpoint": site.url(DEVICE_AUTHORIZATION_PATH),
        "userinfo_endpoint": site.url(USERINFO_PATH),
        "revocation_endpoint": site.url(REVOCATION_PATH),
        "revocation_endpoint_auth_methods_supported": supported::auth_methods(site),
        "introspection_endpoint": site.url(INTROSPECTION_PATH),
        "introspection_endpoint_auth_methods_supported": supported::proving_methods(site),
        "end_session_endpoint": site.url(LOGOUT_PATH),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
        "jwks_uri": site.url(JWKS_PATH),
        "ui_locales_supported": LANGUAGES.map(|language| language.tag),
        "scopes_supported": scopes(context),
        "response_types_supported": response_types,
        "response_modes_supported": RESPONSE_MODES,
        "grant_types_supported": grant_types,
        "subject_types_supported": ["public", "pairwise"],
        "token_endpoint_auth_methods_supported": supported::auth_methods(site),
        "token_endpoint_auth_signing_alg_values_supported": assertion_algorithms(),
        "revocation_endpoint_auth_signing_alg_values_supported": assertion_algorithms(),
        "introspection_endpoint_auth_signing_alg_values_supported": assertion_algorithms(),
        "tls_client_certificate_bound_access_tokens": site.mutual_tls != MutualTls::Off,
        "dpop_signing_alg_values_supported": SIGNATURE_NAMES,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": supported::prompts(&context.snapshot),
        "acr_values_supported": Acr::supported(&context.snapshot),
        "claim_types_supported": ["normal"],
        "claims_supported": claims::supported_in(&context.snapshot),
        "claims_parameter_supported": true,
        "request_parameter_supported": true,
        "request_object_signing_alg_values_supported": SIGNATURE_NAMES,
        "pushed_authorization_request_endpoint": site.url(PAR_PATH),
        "require_pushed_authorization_requests": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
    });
    let settings = context.snapshot.oidc_provider_settings();
    if settings.client_registration.is_some() {
        document["registration_endpoint"] = site.url(REGISTRATION_PATH).into();
    }
    document
}

/// The standard's scopes, and those that manifests declare.
fn scopes(context: &Context) -> Vec<&str> {
    let declared = context.snapshot.scopes().into_iter();
    let declared = declared.map(|scope| scope.name.as_str());
    SCOPES
        .into_iter()
        .chain([claims::GROUPS])
        .chain(declared.filter(|name| !SCOPES.contains(name) && *name != claims::GROUPS))
        .collect()
}

/// What a client assertion may be signed or keyed with.
fn assertion_algorithms() -> Vec<&'static str> {
    SIGNATURE_NAMES.into_iter().chain(MAC_NAMES).collect()
}
