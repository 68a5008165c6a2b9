//! What cannot be right about a webhook, though every field by itself is.

use std::net::IpAddr;

use super::{Finding, secrets};
use crate::{load::outcome::Origin, spec::WebhookSpec};

/// The longest that a request of a person or a client may be held up, in seconds.
const MAX_TIMEOUT: u32 = 10;

pub(super) fn check(webhook: &WebhookSpec, origin: Origin, findings: &mut Vec<Finding>) {
    let mut add = |finding| findings.push(finding);
    secrets::check(&webhook.secret, "secret", true, origin, &mut add);
    if webhook.events.is_empty() {
        add(
            Finding::in_spec("webhook", "events", "it is told and asked nothing")
                .help("name events, as in `[sign_in.after]`, or take the webhook out"),
        );
    }
    let seconds = webhook.timeout.as_secs();
    if seconds == 0 || seconds > MAX_TIMEOUT {
        add(Finding::in_spec(
            "webhook",
            "timeout",
            format!(
                "a person waits for the answer: {seconds}s is not between 1s and {MAX_TIMEOUT}s"
            ),
        )
        .help("as in `3s`"));
    }
    if webhook.url.as_str().starts_with("http:") && !is_named(webhook) {
        add(Finding::in_spec(
            "insecure-uri",
            "url",
            format!("`{}` is not encrypted", webhook.url),
        )
        .help(
            "use `https`, or the address of a machine in `allowedPrivateNetworks`, as in \
`http://10.1.2.3:8080/hook`",
        ));
    }
}

/// Whether the URL is an address within the networks that the operator named.
fn is_named(webhook: &WebhookSpec) -> bool {
    let host = webhook.url.host().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    address.is_ok_and(|address| {
        let mut networks = webhook.allowed_private_networks.iter();
        networks.any(|network| network.contains(&address))
    })
}
