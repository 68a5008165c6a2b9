//! What cannot be right about a module.

mod biscuit;
mod mail;
mod passkey;

use super::{Finding, registration};
use crate::{
    load::outcome::Origin,
    spec::{
        ModuleName, ModuleSettings, ModuleSpec, SigningAlgorithm, Span, module::SignInLimits,
        oidc_client::ClientRegistration,
    },
};

/// RFC 6749 4.1.2 recommends ten minutes at most.
const MAX_CODE_TTL: Span = Span::minutes(10);
/// Long enough for anybody, and short enough that a code cannot be guessed in the meantime.
const MAX_DEVICE_CODE_TTL: Span = Span::minutes(60);

pub(super) fn check(
    name: ModuleName,
    module: &ModuleSpec,
    origin: Origin,
    findings: &mut Vec<Finding>,
) {
    let mut add = |finding| findings.push(finding);
    if name.is_always_on() && !module.enabled {
        add(Finding::in_spec(
            "module",
            "enabled",
            format!("module `{name}` cannot be switched off: the rest of the product stands on it"),
        )
        .help("take `enabled` out"));
    }
    match &module.settings {
        ModuleSettings::Session(session) => {
            lifetime("settings/ttl", session.ttl, &mut add);
            lifetime("settings/recentSignIn", session.recent_sign_in, &mut add);
            whole_path(
                "settings/placeDatabase",
                session.place_database.as_deref(),
                "/var/lib/assay/GeoLite2-City.mmdb",
                &mut add,
            );
        }
        ModuleSettings::Password(password) => {
            range(
                "settings/memoryKib",
                password.memory_kib,
                8_192,
                1_048_576,
                &mut add,
            );
            range("settings/iterations", password.iterations, 1, 20, &mut add);
            range(
                "settings/parallelism",
                password.parallelism,
                1,
                16,
                &mut add,
            );
            range("settings/minLength", password.min_length, 8, 128, &mut add);
            range(
                "settings/policy/minScore",
                password.policy.min_score.into(),
                0,
                4,
                &mut add,
            );
            whole_path(
                "settings/policy/breachedPasswords",
                password.policy.breached_passwords.as_deref(),
                "/var/lib/assay/pwned-passwords.txt",
                &mut add,
            );
            sign_in_limits(&password.sign_in_limits, &mut add);
        }
        ModuleSettings::Jwt(jwt) => {
            if !jwt.algorithms.contains(&SigningAlgorithm::Rs256) {
                add(Finding::in_spec(
                    "module",
                    "settings/algorithms",
                    "`RS256` is missing, which every relying party can verify \
(OpenID Connect Core 15.1)",
                )
                .help("add `RS256`"));
            }
            lifetime("settings/retiredKeyTtl", jwt.retired_key_ttl, &mut add);
            lifetime("settings/publishAhead", jwt.publish_ahead, &mut add);
            if jwt.publish_ahead >= jwt.rotate_every {
                add(Finding::in_spec(
                    "module",
                    "settings/publishAhead",
                    format!(
                        "a key that signs for {} cannot be published {} ahead",
                        jwt.rotate_every, jwt.publish_ahead
                    ),
                )
                .help("make it shorter than `rotateEvery`"));
            }
        }
        ModuleSettings::OidcProvider(provider) => {
            lifetime(
                "settings/accessTokenTtl",
                provider.access_token_ttl,
                &mut add,
            );
            lifetime("settings/idTokenTtl", provider.id_token_ttl, &mut add);
            lifetime(
                "settings/refreshTokenTtl",
                provider.refresh_token_ttl,
                &mut add,
            );
            lifetime(
                "settings/authorizationCodeTtl",
                provider.authorization_code_ttl,
                &mut add,
            );
            lifetime("settings/deviceCodeTtl", provider.device_code_ttl, &mut add);
            if provider.device_code_ttl > MAX_DEVICE_CODE_TTL {
                add(Finding::in_spec(
                    "lifetime",
                    "settings/deviceCodeTtl",
                    format!("a device code lives {MAX_DEVICE_CODE_TTL} at most (RFC 8628 5.1)"),
                )
                .help("`10m` is enough to find a phone and type eight letters"));
            }
            if provider.authorization_code_ttl > MAX_CODE_TTL {
                add(Finding::in_spec(
                    "lifetime",
                    "settings/authorizationCodeTtl",
                    format!("a code lives {MAX_CODE_TTL} at most (RFC 6749 4.1.2)"),
                )
                .help("`60s` is enough for a browser to come back"));
            }
            if let Some(registration) = &provider.client_registration {
                client_registration(registration, &mut add);
            }
        }
        ModuleSettings::Passkey(passkey) => passkey::check(passkey, &mut add),
        ModuleSettings::Account(account) => {
            let second_factor = &account.second_factor;
            for (path, span) in [
                ("settings/secondFactor/grace", second_factor.grace),
                (
                    "settings/secondFactor/rememberFor",
                    second_factor.remember_for,
                ),
            ] {
                if let Some(span) = span {
                    lifetime(path, span, &mut add);
                }
            }
            registration::check(&account.registration, &mut add);
        }
        ModuleSettings::Mail(mail) => mail::check(mail, origin, &mut add),
        ModuleSettings::Zanzibar(zanzibar) => {
            lifetime("settings/logKept", zanzibar.log_kept, &mut add);
        }
        ModuleSettings::Biscuit(biscuit) => biscuit::check(biscuit, &mut add),
        ModuleSettings::OidcClient(_) | ModuleSettings::Admin(_) | ModuleSettings::Console(_) => {}
    }
}

fn client_registration(registration: &ClientRegistration, add: &mut impl FnMut(Finding)) {
    if registration.grant_types.is_empty() {
        add(Finding::in_spec(
            "module",
            "settings/clientRegistration/grantTypes",
            "no client can register without a grant",
        )
        .help("leave it out for the default, or take `clientRegistration` out"));
    }
    if let Some(ttl) = registration.client_ttl {
        lifetime("settings/clientRegistration/clientTtl", ttl, add);
    }
    range(
        "settings/clientRegistration/openPerHour",
        registration.open_per_hour,
        1,
        100_000,
        add,
    );
    for host in &registration.redirect_hosts {
        let name = host.strip_prefix("*.").unwrap_or(host);
        let is_host = !name.is_empty()
            && name
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b':' | b'[' | b']'));
        // With a port, it would never be found.
        if !is_host || (name.contains(':') && !name.starts_with('[')) {
            add(Finding::in_spec(
                "module",
                "settings/clientRegistration/redirectHosts",
                format!("`{host}` is no host: no scheme, no port, in lower case"),
            )
            .item(host)
            .help("as in `app.example.com` or `*.example.com`"));
        }
    }
}

fn whole_path(
    pointer: &'static str,
    path: Option<&str>,
    example: &str,
    add: &mut impl FnMut(Finding),
) {
    if let Some(path) = path
        && !path.starts_with('/')
    {
        let message = format!("`{path}` is not the same file for every server");
        add(Finding::in_spec("module", pointer, message)
            .help(format!("give the whole path, as in `{example}`")));
    }
}

fn sign_in_limits(limits: &SignInLimits, add: &mut impl FnMut(Finding)) {
    for (limit, tries, window, wait) in [
        (
            limits.account,
            "settings/signInLimits/account/tries",
            "settings/signInLimits/account/window",
            "settings/signInLimits/account/longestWait",
        ),
        (
            limits.address,
            "settings/signInLimits/address/tries",
            "settings/signInLimits/address/window",
            "settings/signInLimits/address/longestWait",
        ),
        (
            limits.whole,
            "settings/signInLimits/whole/tries",
            "settings/signInLimits/whole/window",
            "settings/signInLimits/whole/longestWait",
        ),
    ] {
        range(tries, limit.tries, 1, 1_000_000, add);
        lifetime(window, limit.window, add);
        lifetime(wait, limit.longest_wait, add);
    }
}

fn lifetime(path: &'static str, span: Span, add: &mut impl FnMut(Finding)) {
    if span == Span::seconds(0) {
        add(Finding::in_spec("lifetime", path, "no time at all")
            .help("write at least `1s`, or leave it out for the default"));
    }
}

fn range(path: &'static str, value: u32, least: u32, most: u32, add: &mut impl FnMut(Finding)) {
    if !(least..=most).contains(&value) {
        add(Finding::in_spec(
            "range",
            path,
            format!("{value} is not between {least} and {most}"),
        )
        .help("leave it out for the default"));
    }
}
