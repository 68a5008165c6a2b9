//! What cannot be right about an OIDC client, though every field by itself is.

use super::{Finding, client_keys, secrets};
use crate::{
    load::outcome::Origin,
    spec::{
        OidcClientSpec, Span, WebUri,
        oidc_client::{
            ApplicationType, ClientAuthMethod, ClientType, GrantType, SubjectIdentifierType,
            TlsClientAuth,
        },
    },
};

pub(super) fn check(client: &OidcClientSpec, origin: Origin, findings: &mut Vec<Finding>) {
    let mut add = |finding| findings.push(finding);
    authentication(client, origin, &mut add);
    grants(client, &mut add);
    token_exchange(client, &mut add);
    resources(client, &mut add);
    redirects(client, &mut add);
    pages(client, &mut add);
    lifetimes(client, &mut add);
    lengths(client, &mut add);
    client_keys::check(client, &mut add);
}

fn authentication(client: &OidcClientSpec, origin: Origin, add: &mut impl FnMut(Finding)) {
    let method = client.auth_method();
    let name = method.name();
    let wrong = |path, message: String| Finding::in_spec("client-authentication", path, message);
    match (client.client_type, method) {
        (ClientType::Public, ClientAuthMethod::None) => {}
        (ClientType::Public, _) => add(wrong(
            "tokenEndpointAuthMethod",
            format!(
                "a public client cannot authenticate with `{name}`, for it \
can keep no secret (RFC 6749 2.1)"
            ),
        )
        .help("leave `tokenEndpointAuthMethod` out, or write `clientType: confidential`")),
        (ClientType::Confidential, ClientAuthMethod::None) => add(wrong(
            "tokenEndpointAuthMethod",
            String::from("a confidential client must authenticate"),
        )
        .help(
            "write `clientType: public` if it can keep no secret, or \
leave `tokenEndpointAuthMethod` out",
        )),
        (ClientType::Confidential, _) => {}
    }
    match &client.client_secret {
        Some(_) if client.client_type == ClientType::Public => {
            add(wrong(
                "clientSecret",
                String::from(
                    "a public client has no secret: whoever has the app has it too (RFC 6749 2.1)",
                ),
            )
            .help("take `clientSecret` out, or write `clientType: confidential`"));
        }
        Some(_) if !method.uses_secret() => {
            add(wrong("clientSecret", format!("`{name}` uses no secret"))
                .help("take `clientSecret` out"));
        }
        None if method.uses_secret() && client.client_type == ClientType::Confidential => {
            add(wrong("", format!("`{name}` needs `clientSecret`"))
                .label("needs `clientSecret`")
                .help(
                    "write `clientSecret: { fromEnv: NAME }`, or `clientType: \
public` if the client can keep no secret",
                ));
        }
        _ => {}
    }
    // An HMAC can only be checked with the secret itself.
    let must_be_recovered = method == ClientAuthMethod::ClientSecretJwt;
    if let Some(secret) = &client.client_secret {
        secrets::check(secret, "clientSecret", must_be_recovered, origin, add);
    }
    if let Some(previous) = &client.previous_client_secret {
        secrets::check(
            &previous.secret,
            "previousClientSecret/secret",
            must_be_recovered,
            origin,
            add,
        );
        if client.client_secret.is_none() {
            add(wrong(
                "previousClientSecret",
                String::from("a previous secret without a current one"),
            )
            .help("write `clientSecret`"));
        }
    }
    let certificate_fields = client
        .tls_client_auth
        .as_ref()
        .map_or(0, TlsClientAuth::count);
    match (method, certificate_fields) {
        (ClientAuthMethod::TlsClientAuth, 1) => {}
        (ClientAuthMethod::TlsClientAuth, 0) => {
            add(wrong(
                "tokenEndpointAuthMethod",
                String::from(
                    "`tls_client_auth` needs to know the certificate (RFC 8705 \
2.1.2)",
                ),
            )
            .help(
                "write `tlsClientAuth` with one of `subjectDn`, `sanDns`, \
`sanUri`, `sanIp`, `sanEmail`",
            ));
        }
        (ClientAuthMethod::TlsClientAuth, _) => {
            add(wrong(
                "tlsClientAuth",
                String::from("more than one expectation of the certificate (RFC 8705 2.1.2)"),
            )
            .help("keep exactly one field"));
        }
        (_, 0) if client.tls_client_auth.is_none() => {}
        _ => add(
            wrong("tlsClientAuth", format!("`{name}` looks at no certificate")).help(
                "write `tokenEndpointAuthMethod: tls_client_auth`, or take `tlsClientAuth` out",
            ),
        ),
    }
}

fn grants(client: &OidcClientSpec, add: &mut impl FnMut(Finding)) {
    let has = |grant| client.grant_types.contains(&grant);
    let wrong = |path, message: &str| Finding::in_spec("client-grants", path, message);
    if client.grant_types.is_empty() {
        // A resource server that only asks about tokens.
        if !client.serves_resources.is_empty() {
            return;
        }
        add(
            wrong("grantTypes", "a client without a grant can do nothing")
                .help("write `enabled: false` to switch it off"),
        );
        return;
    }
    if has(GrantType::RefreshToken)
        && !has(GrantType::AuthorizationCode)
        && !has(GrantType::DeviceCode)
    {
        add(wrong("grantTypes", "no grant here gives a refresh token")
            .item("refresh_token")
            .help("add `authorization_code`, or take `refresh_token` out"));
    }
    if client.client_type == ClientType::Public {
        for grant in [GrantType::ClientCredentials, GrantType::TokenExchange] {
            if has(grant) {
                add(wrong(
                    "grantTypes",
                    "a grant for clients that authenticate, and a public client \
cannot (RFC 6749 4.4)",
                )
                .item(grant.name())
                .help("take it out, or write `clientType: confidential`"));
            }
        }
    }
    let implicit = client.response_types.iter().find(|kind| kind.is_implicit());
    if implicit.is_some() && !has(GrantType::Implicit) {
        add(wrong(
            "responseTypes",
            "tokens from the authorization endpoint need the grant \
`implicit`",
        )
        .help(
            "use `code`, or add `implicit` to `grantTypes` if there is \
no other way (RFC 9700 2.1.2)",
        ));
    }
    if has(GrantType::Implicit) && implicit.is_none() {
        add(wrong(
            "grantTypes",
            "the grant `implicit` needs a response type that gives tokens",
        )
        .item("implicit")
        .help("take it out, or add `id_token` to `responseTypes`"));
    }
    front_channel(client, add);
    let has_code = client.response_types.iter().any(|kind| kind.gives_code());
    if has(GrantType::AuthorizationCode) && !has_code {
        add(wrong(
            "responseTypes",
            "the grant `authorization_code` needs a response type that gives a code",
        )
        .help("add `code`"));
    }
}

/// Response types with tokens work, for those who must; they are not advised.
fn front_channel(client: &OidcClientSpec, add: &mut impl FnMut(Finding)) {
    let is_bound =
        client.dpop_bound_access_tokens || client.tls_client_certificate_bound_access_tokens;
    for kind in &client.response_types {
        let name = kind.name();
        if kind.gives_token() && is_bound {
            add(Finding::in_spec(
                "client-grants",
                "responseTypes",
                format!("`{name}` gives an access token that nothing can bind to the client's key"),
            )
            .item(name)
            .help("use `code` or `code id_token`, or give the client tokens that are not bound"));
        } else if kind.is_implicit() && client.grant_types.contains(&GrantType::Implicit) {
            add(Finding::in_spec(
                "front-channel",
                "responseTypes",
                format!(
                    "`{name}` sends tokens through the browser, where its history, extensions and \
other pages may see them (RFC 9700 2.1.2)"
                ),
            )
            .item(name)
            .help("use `code` with PKCE, unless the app cannot")
            .warning());
        }
    }
}

fn token_exchange(client: &OidcClientSpec, add: &mut impl FnMut(Finding)) {
    let wrong = |path, message: String| Finding::in_spec("token-exchange", path, message);
    let has_grant = client.grant_types.contains(&GrantType::TokenExchange);
    let Some(policy) = &client.token_exchange else {
        if has_grant {
            add(wrong(
                "grantTypes",
                String::from("nothing says which tokens this client may exchange"),
            )
            .item(GrantType::TokenExchange.name())
            .help("write `tokenExchange: { subjects: [client], audiences: [https://...] }`"));
        }
        return;
    };
    if !has_grant {
        let name = GrantType::TokenExchange.name();
        add(wrong(
            "tokenExchange",
            format!("`tokenExchange` without the grant `{name}` does nothing"),
        )
        .help(format!("add `{name}` to `grantTypes`, or take it out")));
    }
    for (path, list, what) in [
        (
            "tokenExchange/subjects",
            &policy.subjects,
            "clients whose tokens it may exchange",
        ),
        (
            "tokenExchange/audiences",
            &policy.audiences,
            "those the new tokens may be for",
        ),
    ] {
        if list.is_empty() {
            add(wrong(path, String::from("an empty list allows nothing"))
                .help(format!("name the {what}")));
        }
        for entry in list.iter().filter(|entry| entry.contains('*')) {
            add(wrong(path, format!("`{entry}`: there is no wildcard here"))
                .item(entry)
                .help(format!("name the {what} one by one")));
        }
        for entry in list {
            if entry.is_empty() || entry.chars().any(|c| c.is_whitespace() || c.is_control()) {
                add(wrong(path, format!("`{entry}` is no name and no URI"))
                    .item(entry)
                    .help(format!("name the {what}, without blanks")));
            }
        }
    }
}

fn resources(client: &OidcClientSpec, add: &mut impl FnMut(Finding)) {
    let wrong = |path, message: String| Finding::in_spec("resource", path, message);
    for (path, list) in [
        ("resources", &client.resources),
        ("servesResources", &client.serves_resources),
    ] {
        for resource in list.iter().filter(|resource| !is_resource(resource)) {
            add(wrong(
                path,
                format!("`{resource}` is not an absolute URI without a fragment (RFC 8707 2)"),
            )
            .item(resource)
            .help("write it in full, as in `https://api.example.com`"));
        }
    }
    if client.client_type == ClientType::Public && !client.serves_resources.is_empty() {
        add(wrong(
            "servesResources",
            String::from("a public client cannot introspect tokens (RFC 7662 2.1)"),
        )
        .help("take it out, or write `clientType: confidential`"));
    }
}

fn is_resource(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain && !text.contains('#') && url::Url::parse(text).is_ok()
}

fn redirects(client: &OidcClientSpec, add: &mut impl FnMut(Finding)) {
    let wrong = |path, message: String| Finding::in_spec("redirect-uri", path, message);
    let comes_back = client.grant_types.contains(&GrantType::AuthorizationCode)
        || client.grant_types.contains(&GrantType::Implicit);
    if comes_back && client.redirect_uris.is_empty() {
        add(wrong(
            "redirectUris",
            String::from("there is nowhere to send the browser back to"),
        )
        .label("needs `redirectUris`")
        .help(
            "write `redirectUris: [https://...]`, or `grantTypes: \
[client_credentials]` for a client without people",
        ));
    }
    let all = client.redirect_uris.iter().map(|uri| ("redirectUris", uri));
    let after_logout = client
        .post_logout_redirect_uris
        .iter()
        .map(|uri| ("postLogoutRedirectUris", uri));
    for (list, uri) in all.chain(after_logout) {
        if uri.is_insecure() && !client.allow_insecure_redirects {
            add(wrong(
                list,
                format!(
                    "`{uri}` is not encrypted: whoever shares the network can \
read the code (RFC 9700 2.6)"
                ),
            )
            .item(uri.as_str())
            .help("use `https`, or write `allowInsecureRedirects: true` in a lab"));
        }
        if uri.is_private_use() && client.application_type != ApplicationType::Native {
            add(wrong(
                list,
                format!(
                    "`{uri}` has a scheme of an app's own, which only a native \
app can have (RFC 8252 7.1)"
                ),
            )
            .item(uri.as_str())
            .help("write `applicationType: native`"));
        }
    }
    if client.subject_type == SubjectIdentifierType::Pairwise
        && client.sector_identifier_uri.is_none()
    {
        match client.sites().len() {
            1 => {}
            // Loopback addresses and schemes of apps are anybody's.
            0 => add(Finding::in_spec(
                "pairwise",
                "subjectType",
                "pairwise subjects need a sector, and no redirect URI has a host that \
says which (OpenID Connect Core 8.1)",
            )
            .help("write `sectorIdentifierUri: https://...` with the host that it belongs to")),
            _ => add(Finding::in_spec(
                "pairwise",
                "redirectUris",
                "pairwise subjects need one sector, and these URIs have \
several hosts (OpenID Connect Core 8.1)",
            )
            .help("write `sectorIdentifierUri`")),
        }
    }
}

fn pages(client: &OidcClientSpec, add: &mut impl FnMut(Finding)) {
    let single: [(&'static str, &Option<WebUri>); 9] = [
        ("jwksUri", &client.jwks_uri),
        ("sectorIdentifierUri", &client.sector_identifier_uri),
        ("backchannelLogoutUri", &client.backchannel_logout_uri),
        ("frontchannelLogoutUri", &client.frontchannel_logout_uri),
        ("initiateLoginUri", &client.initiate_login_uri),
        ("logoUri", &client.logo_uri),
        ("clientUri", &client.client_uri),
        ("policyUri", &client.policy_uri),
        ("tosUri", &client.tos_uri),
    ];
    for (field, uri) in single {
        if let Some(uri) = uri.as_ref().filter(|uri| uri.is_insecure()) {
            add(
                Finding::in_spec("insecure-uri", field, format!("`{uri}` is not encrypted"))
                    .help("use `https`"),
            );
        }
    }
    for origin in &client.allowed_origins {
        let text = origin.as_str();
        let is_origin = text
            .split_once("://")
            .is_some_and(|(_, rest)| !rest.contains(['/', '?', '#']));
        if !is_origin {
            add(Finding::in_spec(
                "origin",
                "allowedOrigins",
                format!("`{text}` is more than an origin"),
            )
            .item(text)
            .help("write scheme, host and port only, as in `https://app.example.com`"));
        } else if origin.is_insecure() && !client.allow_insecure_redirects {
            add(Finding::in_spec(
                "insecure-uri",
                "allowedOrigins",
                format!("`{text}` is not encrypted"),
            )
            .item(text)
            .help("use `https`"));
        }
    }
    for (required, uri, field, needs) in [
        (
            client.backchannel_logout_session_required,
            &client.backchannel_logout_uri,
            "backchannelLogoutSessionRequired",
            "backchannelLogoutUri",
        ),
        (
            client.frontchannel_logout_session_required,
            &client.frontchannel_logout_uri,
            "frontchannelLogoutSessionRequired",
            "frontchannelLogoutUri",
        ),
    ] {
        if required && uri.is_none() {
            add(Finding::in_spec(
                "logout",
                field,
                format!("`{field}` without `{needs}` does nothing"),
            )
            .help(format!("write `{needs}`, or take it out")));
        }
    }
}

fn lifetimes(client: &OidcClientSpec, add: &mut impl FnMut(Finding)) {
    for (field, span) in [
        ("accessTokenTtl", client.access_token_ttl),
        ("idTokenTtl", client.id_token_ttl),
        ("refreshTokenTtl", client.refresh_token_ttl),
    ] {
        if span == Some(Span::seconds(0)) {
            add(Finding::in_spec(
                "lifetime",
                field,
                "a token that has expired when it is made",
            )
            .help("write at least `1s`, or leave the field out for the provider's setting"));
        }
    }
}

/// What the schema says of lengths: it is asked only when something is wrong already.
fn lengths(client: &OidcClientSpec, add: &mut impl FnMut(Finding)) {
    super::length("displayName", client.display_name.as_deref(), 1, 200, add);
    super::length("description", client.description.as_deref(), 0, 2_000, add);
}
