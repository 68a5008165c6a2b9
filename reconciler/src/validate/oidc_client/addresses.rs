//! Where browsers are sent for a client, and what it says of itself.

use super::super::Finding;
use crate::spec::{
    OidcClientSpec, WebUri,
    oidc_client::{ApplicationType, GrantType, SubjectIdentifierType},
};

pub(super) fn check(client: &OidcClientSpec, add: &mut impl FnMut(Finding)) {
    redirects(client, add);
    pages(client, add);
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
