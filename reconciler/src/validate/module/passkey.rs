use super::lifetime;
use crate::{
    spec::{Span, module::PasskeySettings},
    validate::{Finding, length},
};

/// Longer than anybody looks for a key, and short enough that a challenge does not lie about.
const MAX_CEREMONY_TTL: Span = Span::minutes(30);

pub(super) fn check(passkey: &PasskeySettings, add: &mut impl FnMut(Finding)) {
    // Web Authentication Level 3, 5.4.2: the RP ID is a domain.
    if let Some(id) = passkey.rp_id.as_deref()
        && !is_domain(id)
    {
        add(Finding::in_spec(
            "module",
            "settings/rpId",
            "the relying party id is a domain: no scheme, no port",
        )
        .help("as in `auth.example.com`"));
    }
    length("settings/rpName", passkey.rp_name.as_deref(), 1, 200, add);
    for origin in &passkey.related_origins {
        let rest = origin
            .as_str()
            .split_once("://")
            .map_or("", |(_, rest)| rest);
        let is_origin = !rest.trim_end_matches('/').contains(['/', '?', '#']);
        if !is_origin || origin.is_insecure() {
            add(Finding::in_spec(
                "module",
                "settings/relatedOrigins",
                format!("`{origin}` is no origin of a site with `https`"),
            )
            .item(origin.as_str())
            .help("as in `https://example.co.uk`"));
        }
    }
    for model in &passkey.allowed_authenticators {
        if !is_aaguid(model) {
            add(Finding::in_spec(
                "module",
                "settings/allowedAuthenticators",
                format!("`{model}` is no AAGUID"),
            )
            .item(model)
            .help("as in `ee882879-721c-4913-9775-3dfcce97072a`, in lower case"));
        }
    }
    if !passkey.attestation_roots.is_empty() && passkey.allowed_authenticators.is_empty() {
        add(Finding::in_spec(
            "module",
            "settings/attestationRoots",
            "certificates vouch for models, and `allowedAuthenticators` names none",
        )
        .help("list the models that the certificates are to vouch for"));
    }
    let begins = |root: &String| root.trim_start().starts_with("-----BEGIN CERTIFICATE-----");
    if !passkey.attestation_roots.iter().all(begins) {
        add(Finding::in_spec(
            "module",
            "settings/attestationRoots",
            "not every item is a certificate in PEM form",
        )
        .help("one certificate each, from `-----BEGIN CERTIFICATE-----` on"));
    }
    lifetime("settings/ceremonyTtl", passkey.ceremony_ttl, add);
    if passkey.ceremony_ttl > MAX_CEREMONY_TTL {
        add(Finding::in_spec(
            "lifetime",
            "settings/ceremonyTtl",
            format!("a challenge lives {MAX_CEREMONY_TTL} at most"),
        )
        .help("`5m` is enough to find a key"));
    }
}

fn is_domain(id: &str) -> bool {
    let is_label = |label: &str| !label.is_empty() && label.len() <= 63;
    // Four numbers are an address, for which browsers make no passkeys.
    let is_address = id.split('.').all(|label| label.parse::<u8>().is_ok());
    id.len() <= 253
        && id.split('.').all(is_label)
        && !is_address
        && id
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
}

fn is_aaguid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}
