//! Secrets: none in the clear, and those pointed at are read.

use std::path::Path;

use super::{
    Finding,
    revisit::{self, Late},
    words::SECRET_HELP,
};
use crate::{
    load::{
        limits::{MAX_SECRET_BYTES, MIN_SECRET_LENGTH},
        outcome::{Origin, Outcome},
        source::Source,
    },
    problem::{ByteRange, Problem, Severity, find_secret},
    secret::{KEYED_HASH_PREFIX, PLAIN_HASH_PREFIX, SEALED_PREFIX, SecretReader, SecretSource},
};

/// Refuses what looks like a real secret anywhere in the text, comments too.
pub(crate) fn text(source: &Source, origin: Origin, problems: &mut Vec<Problem>) {
    if origin == Origin::Request {
        return;
    }
    let mut from = 0;
    while let Some(found) = find_secret(&source.text, from) {
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let at = ByteRange {
            start: narrow(found.start),
            end: narrow(found.end),
        };
        problems.push(
            Problem::new(
                "secret-in-clear",
                source.locate(at),
                format!("this looks like {}", found.what),
            )
            .label("a secret must not stand in a manifest")
            .help(format!(
                "revoke it, for whoever could read this file knows it now; then {SECRET_HELP}"
            )),
        );
        from = found.end;
    }
}

/// Adds what is wrong with how a secret is given.
pub(super) fn check(
    secret: &SecretSource,
    path: &'static str,
    must_be_recovered: bool,
    origin: Origin,
    add: &mut impl FnMut(Finding),
) {
    let wrong = |message: &str| Finding::in_spec("secret", path, message);
    match secret {
        SecretSource::Value(_) if origin == Origin::Manifest => {
            add(Finding::in_spec(
                "secret-in-clear",
                path,
                "a secret must not stand in a manifest",
            )
            .help(SECRET_HELP));
        }
        SecretSource::Value(value) => {
            if let Err(message) = sound(value, least(path)) {
                add(wrong(&format!("the secret {message}")).help(MAKE_ONE));
            }
        }
        // The server's environment and files are not for whoever may call the admin API.
        SecretSource::FromEnv(_) | SecretSource::FromFile(_) if origin == Origin::Request => {
            add(
                wrong("a request cannot point at the server's variables and files")
                    .help("send `{ value: ... }`, or `{ hash: ... }` for a client secret"),
            );
        }
        SecretSource::FromEnv(name) => {
            if !is_variable(name) {
                add(wrong("not the name of an environment variable").help(
                    "letters, digits and underscores, no `$`, as in `GRAFANA_CLIENT_SECRET`",
                ));
            }
        }
        SecretSource::FromFile(file) => {
            if file.is_empty() {
                add(wrong("an empty path").help("as in `/run/secrets/grafana`"));
            }
        }
        SecretSource::Hash(_) if must_be_recovered => {
            add(
                wrong("a hash cannot be turned back into the secret, which is needed itself here")
                    .help("write `{ fromEnv: NAME }` or `{ fromFile: PATH }`"),
            );
        }
        SecretSource::Hash(hash) => {
            let hex = hash
                .strip_prefix(KEYED_HASH_PREFIX)
                .or(hash.strip_prefix(PLAIN_HASH_PREFIX));
            let is_hash = hex.is_some_and(|hex| {
                hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            });
            if !is_hash {
                add(wrong("not `sha256:` followed by 64 lower-case hex digits")
                    .help("`printf %s \"$SECRET\" | sha256sum` prints them"));
            }
        }
        SecretSource::Sealed(_) if !must_be_recovered => {
            add(wrong("a client secret is kept as a hash, never sealed")
                .help("write `{ hash: ... }` as `assay export` does"));
        }
        SecretSource::Sealed(text) => {
            let is_sealed = text.strip_prefix(SEALED_PREFIX).is_some_and(|rest| {
                !rest.is_empty()
                    && rest
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            });
            if !is_sealed {
                add(wrong("not what `assay export` writes")
                    .help("write `{ fromEnv: NAME }` or `{ fromFile: PATH }`"));
            }
        }
    }
}

/// Puts the value in the place of every `fromEnv` and `fromFile`.
pub(crate) fn resolve_secrets(
    outcomes: &mut [Outcome],
    reader: &dyn SecretReader,
    problems: &mut Vec<Problem>,
) {
    let mut failed = Vec::new();
    for (file, outcome) in outcomes.iter_mut().enumerate() {
        let Some(source) = &outcome.source else {
            continue;
        };
        for (index, manifest) in outcome.manifests.iter_mut().enumerate() {
            for (pointer, secret) in manifest.object.spec.secrets_mut() {
                match resolve(secret, least(pointer), &source.folder, reader) {
                    Ok(None) => {}
                    Ok(Some(value)) => *secret = SecretSource::Value(value),
                    Err((message, help)) => {
                        let path = pointer.trim_start_matches('/');
                        let finding = Finding::in_spec("secret", path, message).help(help);
                        failed.push((file, index, finding));
                    }
                }
            }
        }
    }
    let late = failed
        .into_iter()
        .map(|(file, index, finding)| Late {
            manifest: &outcomes[file].manifests[index],
            finding,
            also: Vec::new(),
            severity: Severity::Error,
        })
        .collect();
    revisit::locate(outcomes, late, problems);
}

/// The secret that `secret` points at, or what keeps it from being read.
fn resolve(
    secret: &SecretSource,
    least: usize,
    folder: &Path,
    reader: &dyn SecretReader,
) -> Result<Option<String>, (String, String)> {
    let (value, whence) = match secret {
        // What is no name, or no path, has been told before.
        SecretSource::FromEnv(name) if !is_variable(name) => return Ok(None),
        SecretSource::FromFile(path) if path.is_empty() => return Ok(None),
        SecretSource::FromEnv(name) => {
            let whence = format!("the environment variable `{name}`");
            match reader.env(name) {
                Some(value) => (value, whence),
                None => {
                    return Err((
                        format!("{whence} is not set"),
                        String::from("set it where `assay` runs"),
                    ));
                }
            }
        }
        SecretSource::FromFile(path) => {
            let whence = format!("the file `{path}`");
            match reader.file(&folder.join(path)) {
                Ok(value) => (value, whence),
                Err(error) => {
                    return Err((
                        format!("{whence} cannot be read: {error}"),
                        String::from(
                            "the path is relative to the manifest, on the machine where \
`assay` runs",
                        ),
                    ));
                }
            }
        }
        SecretSource::Hash(_) | SecretSource::Sealed(_) | SecretSource::Value(_) => {
            return Ok(None);
        }
    };
    let value = value.strip_suffix('\n').map_or(value.as_str(), |line| {
        line.strip_suffix('\r').unwrap_or(line)
    });
    match sound(value, least) {
        Ok(()) => Ok(Some(value.to_owned())),
        Err(message) => Err((format!("{whence} {message}"), String::from(MAKE_ONE))),
    }
}

const MAKE_ONE: &str = "make one with `openssl rand -hex 32`";

/// Fewest characters of the secret at `path`: a password that others chose is as short as they like.
fn least(path: &str) -> usize {
    if path.ends_with("settings/smtp/password") {
        1
    } else {
        MIN_SECRET_LENGTH
    }
}

/// Whether `value` can serve as a secret, or what it is instead.
fn sound(value: &str, least: usize) -> Result<(), String> {
    if value.trim().is_empty() {
        return Err(String::from("is empty"));
    }
    if value.len() > MAX_SECRET_BYTES {
        return Err(format!("is longer than {MAX_SECRET_BYTES} bytes"));
    }
    if value.chars().count() < least {
        return Err(format!(
            "is shorter than {least} characters, so it could be guessed"
        ));
    }
    // A private key in PEM has lines.
    let is_pem = value.starts_with("-----BEGIN ");
    if value
        .chars()
        .any(|c| c.is_control() && !(is_pem && matches!(c, '\n' | '\r')))
    {
        return Err(String::from("has line breaks or control characters within"));
    }
    Ok(())
}

/// Whether `name` can name an environment variable (POSIX.1-2024, 8.1).
fn is_variable(name: &str) -> bool {
    let is_first = |b: u8| b.is_ascii_alphabetic() || b == b'_';
    name.bytes().next().is_some_and(is_first)
        && name.bytes().all(|b| is_first(b) || b.is_ascii_digit())
}
