//! What a client may ask for: grants, tokens for others, resources.

use super::super::Finding;
use crate::spec::{
    OidcClientSpec,
    oidc_client::{ClientType, GrantType},
};

pub(super) fn check(client: &OidcClientSpec, add: &mut impl FnMut(Finding)) {
    grants(client, add);
    token_exchange(client, add);
    resources(client, add);
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
