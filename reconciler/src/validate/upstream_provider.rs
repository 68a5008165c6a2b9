//! What cannot be right about an upstream provider, though every field by itself is.

use super::{Finding, secrets};
use crate::{
    load::{outcome::Origin, tree::Step},
    spec::{
        UpstreamProviderSpec, WebUri,
        oidc_client::ClientAuthMethod,
        upstream_provider::{LinkingPolicy, TENANT},
    },
};

/// Parameters that the flow itself sets.
const RESERVED_PARAMETERS: [&str; 11] = [
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "redirect_uri",
    "request",
    "response_mode",
    "response_type",
    "scope",
    "state",
];

pub(super) fn check(upstream: &UpstreamProviderSpec, origin: Origin, findings: &mut Vec<Finding>) {
    let mut add = |finding| findings.push(finding);
    addresses(upstream, &mut add);
    authentication(upstream, origin, &mut add);
    let has_userinfo = upstream
        .endpoints
        .as_ref()
        .is_some_and(|endpoints| endpoints.userinfo.is_some());
    if !upstream.scopes.contains("openid") && !has_userinfo {
        add(Finding::in_spec(
            "upstream",
            "scopes",
            "without the scope `openid` there is no ID token, and no \
`endpoints.userinfo` to ask instead",
        )
        .help("add `openid`, or write `endpoints` for a provider that speaks only OAuth 2.0"));
    }
    if upstream.linking == LinkingPolicy::VerifiedEmail && !upstream.trust_email {
        add(Finding::in_spec(
            "upstream",
            "linking",
            "`verified_email` links by an address that this upstream is not trusted to verify",
        )
        .help("write `trustEmail: true` if it verifies addresses, or `linking: ask`"));
    }
    for name in upstream.authorization_parameters.keys() {
        if RESERVED_PARAMETERS.contains(&name.as_str()) {
            let mut finding = Finding::in_spec(
                "upstream",
                "authorizationParameters",
                format!("`{name}` is set by the sign-in itself"),
            )
            .help("take it out");
            if let super::Place::Steps(steps) = &mut finding.place {
                steps.push(Step::KeyOf(name.clone().into()));
            }
            add(finding);
        }
    }
    for domain in &upstream.allowed_domains {
        if !is_domain(domain) {
            add(Finding::in_spec(
                "upstream",
                "allowedDomains",
                format!("`{domain}` is not a domain"),
            )
            .item(domain)
            .help("write it in lower case without `@`, as in `example.com`"));
        }
    }
    super::length(
        "displayName",
        upstream.display_name.as_deref(),
        1,
        200,
        &mut add,
    );
    super::length("clientId", Some(&upstream.client_id), 1, 500, &mut add);
}

fn addresses(upstream: &UpstreamProviderSpec, add: &mut impl FnMut(Finding)) {
    let issuer = upstream.issuer.as_str();
    // OpenID Connect Core 2: an https URL without query and fragment.
    if issuer.contains(['?', '#']) {
        add(Finding::in_spec(
            "upstream",
            "issuer",
            format!("the issuer `{issuer}` has a query or fragment (OpenID Connect Core 2)"),
        )
        .help("write it exactly as in the provider's discovery document"));
    }
    let mut uris: Vec<(&'static str, &WebUri)> = vec![("issuer", &upstream.issuer)];
    if let Some(endpoints) = &upstream.endpoints {
        uris.push(("endpoints/authorization", &endpoints.authorization));
        uris.push(("endpoints/token", &endpoints.token));
        uris.extend(
            endpoints
                .userinfo
                .iter()
                .map(|uri| ("endpoints/userinfo", uri)),
        );
        uris.extend(endpoints.jwks.iter().map(|uri| ("endpoints/jwks", uri)));
        uris.extend(endpoints.emails.iter().map(|uri| ("endpoints/emails", uri)));
    }
    if let Some(discovery) = &upstream.discovery {
        uris.push(("discovery", discovery));
        if upstream.endpoints.is_some() {
            add(Finding::in_spec(
                "upstream",
                "discovery",
                "with `endpoints` no discovery document is read",
            )
            .help("take one of the two out"));
        }
    } else if upstream.has_tenants() && upstream.endpoints.is_none() {
        add(Finding::in_spec(
            "upstream",
            "discovery",
            format!("no discovery document lies under an issuer with `{TENANT}`"),
        )
        .help(
            "write where it is, as in `https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration`",
        ));
    }
    if let Some(endpoints) = &upstream.endpoints
        && upstream.scopes.contains("openid")
        && endpoints.jwks.is_none()
    {
        add(Finding::in_spec(
            "upstream",
            "endpoints",
            "ID tokens cannot be verified without `jwks`",
        )
        .help("write `jwks`, or take the scope `openid` out for a provider that speaks only OAuth 2.0"));
    }
    for (field, uri) in uris {
        if uri.is_insecure() {
            add(
                Finding::in_spec("insecure-uri", field, format!("`{uri}` is not encrypted"))
                    .help("use `https`"),
            );
        }
    }
}

fn authentication(upstream: &UpstreamProviderSpec, origin: Origin, add: &mut impl FnMut(Finding)) {
    if let Some(secret) = &upstream.client_secret {
        secrets::check(secret, "clientSecret", true, origin, add);
    }
    let wrong = |path, message: String| Finding::in_spec("client-authentication", path, message);
    if let Some(signed) = &upstream.signed_client_secret {
        secrets::check(&signed.key, "signedClientSecret/key", true, origin, add);
        super::length(
            "signedClientSecret/issuer",
            Some(&signed.issuer),
            1,
            200,
            add,
        );
        super::length(
            "signedClientSecret/keyId",
            Some(&signed.key_id),
            1,
            200,
            add,
        );
        if upstream.client_secret.is_some() {
            add(wrong(
                "signedClientSecret",
                String::from("there is a `clientSecret` as well"),
            )
            .help("take one of the two out"));
        }
        if upstream.auth_method() != ClientAuthMethod::ClientSecretPost {
            add(wrong(
                "tokenEndpointAuthMethod",
                String::from("a signed secret is sent in the form"),
            )
            .help("use `client_secret_post`, or take it out"));
        }
        return;
    }
    match (upstream.token_endpoint_auth_method, &upstream.client_secret) {
        (Some(ClientAuthMethod::None), Some(_)) => {
            add(wrong("clientSecret", String::from("`none` uses no secret"))
                .help("take `clientSecret` or `tokenEndpointAuthMethod` out"));
        }
        (Some(method), None) if method.uses_secret() => {
            add(wrong(
                "tokenEndpointAuthMethod",
                format!("`{}` needs `clientSecret`", method.name()),
            )
            .help("write `clientSecret: { fromEnv: NAME }`"));
        }
        (
            Some(
                ClientAuthMethod::PrivateKeyJwt
                | ClientAuthMethod::TlsClientAuth
                | ClientAuthMethod::SelfSignedTlsClientAuth,
            ),
            _,
        ) => {
            add(wrong(
                "tokenEndpointAuthMethod",
                String::from("an upstream is spoken to with a secret, or as a public client"),
            )
            .help(
                "use `client_secret_basic`, `client_secret_post`, `client_secret_jwt` or `none`",
            ));
        }
        _ => {}
    }
}

fn is_domain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').count() > 1
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        })
}
