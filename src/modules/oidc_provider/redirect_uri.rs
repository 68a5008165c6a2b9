//! Whether a redirect URI is the client's (RFC 9700 4.1.3, RFC 8252 7.3).

use assay_reconciler::spec::{
    OidcClientSpec,
    oidc_client::{ApplicationType, ClientType},
};

/// Whether the client registered `requested`: character for character. Only a native app's `http`
/// URI on an IP literal of the device may have another port.
pub(super) fn is_registered(client: &OidcClientSpec, requested: &str) -> bool {
    let may_vary_port = client.application_type == ApplicationType::Native
        || client.client_type == ClientType::Public;
    client.redirect_uris.iter().any(|registered| {
        registered.as_str() == requested
            || (may_vary_port
                && registered.is_loopback_ip()
                && differ_in_port_only(registered.as_str(), requested))
    })
}

fn differ_in_port_only(registered: &str, requested: &str) -> bool {
    match (split(registered), split(requested)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// The host and what follows the port of `http://<ip literal>[:port]...`; `None` for anything else, in
/// particular for a user name before the host.
fn split(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let host_end = match authority.strip_prefix('[') {
        Some(_) => authority.find(']')? + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(host_end);
    let is_port = match port.strip_prefix(':') {
        None => port.is_empty(),
        Some(digits) => {
            digits.bytes().all(|byte| byte.is_ascii_digit())
                && digits.parse::<u16>().is_ok_and(|port| port > 0)
        }
    };
    (is_port && !host.is_empty() && !host.contains('@')).then_some((host, tail))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn client(kind: &str, uris: &[&str]) -> OidcClientSpec {
        serde_json::from_value(json!({ "clientType": kind, "redirectUris": uris })).unwrap()
    }

    #[test]
    fn only_the_very_text_is_the_clients() {
        let client = client("confidential", &["https://app.example.com/cb"]);
        assert!(is_registered(&client, "https://app.example.com/cb"));
        for other in [
            "https://app.example.com/CB",
            "https://app.example.com/cb/",
            "https://app.example.com/cb?x=1",
            "https://app.example.com/cb#x",
            "https://app.example.com/x/../cb",
            "https://app.example.com:443/cb",
            "https://app.example.com:8443/cb",
            "https://app.example.com@evil.example/cb",
            "https://APP.example.com/cb",
            "http://app.example.com/cb",
            "https://app.example.com",
            "",
        ] {
            assert!(!is_registered(&client, other), "{other}");
        }
    }

    #[test]
    fn a_native_app_may_choose_its_port_on_loopback_and_nothing_else() {
        let native = client("public", &["http://127.0.0.1/cb", "http://[::1]:8080/cb"]);
        for own in [
            "http://127.0.0.1/cb",
            "http://127.0.0.1:49152/cb",
            "http://[::1]:49152/cb",
        ] {
            assert!(is_registered(&native, own), "{own}");
        }
        for other in [
            "http://127.0.0.1:49152/other",
            "http://127.0.0.1:49152/cb?x",
            "http://127.0.0.2:49152/cb",
            "http://localhost:49152/cb",
            "https://127.0.0.1:49152/cb",
            "http://127.0.0.1:49152@evil.example/cb",
            "http://127.0.0.1:x@evil.example/cb",
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:+80/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1\\@evil.example/cb",
        ] {
            assert!(!is_registered(&native, other), "{other}");
        }
        let web = client("confidential", &["http://127.0.0.1:8090/cb"]);
        assert!(!is_registered(&web, "http://127.0.0.1:8091/cb"));
        let name = client("public", &["http://localhost:8090/cb"]);
        assert!(!is_registered(&name, "http://localhost:8091/cb"));
    }
}
