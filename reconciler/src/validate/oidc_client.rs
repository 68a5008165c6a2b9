//! What cannot be right about an OIDC client, though every field by itself is.

mod addresses;
mod authentication;
mod grants;
mod keys;

use super::Finding;
use crate::{
    load::outcome::Origin,
    spec::{OidcClientSpec, Span},
};

pub(super) fn check(client: &OidcClientSpec, origin: Origin, findings: &mut Vec<Finding>) {
    let mut add = |finding| findings.push(finding);
    authentication::check(client, origin, &mut add);
    grants::check(client, &mut add);
    addresses::check(client, &mut add);
    lifetimes(client, &mut add);
    lengths(client, &mut add);
    keys::check(client, &mut add);
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
