//! What cannot be right about registration.

use super::Finding;
use crate::spec::{Span, module::RegistrationSettings};

/// A letter may come late, but a link lies in a mailbox that others may get to see.
const LONGEST_LINK: Span = Span::days(7);

pub(super) fn check(registration: &RegistrationSettings, add: &mut impl FnMut(Finding)) {
    for domain in &registration.email_domains {
        let is_domain = !domain.is_empty()
            && domain.len() <= 253
            && !domain.starts_with(['.', '-'])
            && !domain.ends_with(['.', '-'])
            && domain == &domain.to_lowercase()
            && !domain.contains(|c: char| c.is_whitespace() || "@/:*".contains(c));
        if !is_domain {
            add(Finding::in_spec(
                "module",
                "settings/registration/emailDomains",
                format!(
                    "`{domain}` is no domain of e-mail addresses: no `@`, no `*`, in lower case"
                ),
            )
            .item(domain)
            .help("as in `example.com`; a domain below it is a line of its own"));
        }
    }
    if registration.link_ttl < Span::minutes(5) || registration.link_ttl > LONGEST_LINK {
        add(Finding::in_spec(
            "lifetime",
            "settings/registration/linkTtl",
            format!(
                "a link that is good for {} is of no use",
                registration.link_ttl
            ),
        )
        .help(format!(
            "write `5m` to `{LONGEST_LINK}`, or leave it out for the default"
        )));
    }
}
