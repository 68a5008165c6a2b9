//! How a client proves who it is, and what it needs for that.

use super::super::{Finding, secrets};
use crate::{
    load::outcome::Origin,
    spec::{
        OidcClientSpec,
        oidc_client::{ClientAuthMethod, ClientType, TlsClientAuth},
    },
};

pub(super) fn check(client: &OidcClientSpec, origin: Origin, add: &mut impl FnMut(Finding)) {
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
