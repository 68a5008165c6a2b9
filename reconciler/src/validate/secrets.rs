//! Secrets: none in the clear, and those pointed at are read.

use std::path::Path;

use crate::{
    load::{
        Origin, Outcome,
        limits::{MAX_SECRET_BYTES, MIN_SECRET_LENGTH},
        parse,
        source::Source,
    },
    problem::{ByteRange, Problem, find_secret},
    secret::{SecretReader, SecretSource},
};

use super::{Context, Finding, Place, words::SECRET_HELP};
use crate::load::tree::{Node, Step};

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

/// Puts the value in the place of every `fromEnv` and `fromFile`.
pub(crate) fn resolve_secrets(
    outcomes: &mut [Outcome],
    reader: &dyn SecretReader,
    problems: &mut Vec<Problem>,
) {
    for outcome in outcomes {
        let Some(source) = &outcome.source else {
            continue;
        };
        let mut failed = Vec::new();
        for manifest in &mut outcome.manifests {
            let at = manifest.at.range;
            for (pointer, secret) in manifest.object.spec.secrets_mut() {
                match resolve(secret, &source.folder, reader) {
                    Ok(None) => {}
                    Ok(Some(value)) => *secret = SecretSource::Value(value),
                    Err((message, help)) => failed.push((at, pointer, message, help)),
                }
            }
        }
        if !failed.is_empty() {
            locate(source, outcome.origin, failed, problems);
        }
    }
}

type Failed = (ByteRange, &'static str, String, String);

/// Reads the file once more to find the places of what failed.
fn locate(source: &Source, origin: Origin, failed: Vec<Failed>, problems: &mut Vec<Problem>) {
    let mut document = 0;
    parse::parse(source, &mut Vec::new(), |root, _| {
        let context = Context {
            source,
            origin,
            document,
        };
        for (name_at, pointer, message, help) in &failed {
            if root
                .find(&[Step::Key("metadata".into()), Step::Key("name".into())])
                .0
                != *name_at
            {
                continue;
            }
            let mut steps = vec![Step::Key("spec".into())];
            steps.extend(Node::steps_of_pointer(pointer));
            let finding =
                Finding::new("secret", Place::Steps(steps), message.clone()).help(help.clone());
            problems.push(context.problem(&root, finding));
        }
        document += 1;
    });
}

/// The secret that `secret` points at, or what keeps it from being read.
fn resolve(
    secret: &SecretSource,
    folder: &Path,
    reader: &dyn SecretReader,
) -> Result<Option<String>, (String, String)> {
    let (value, whence) = match secret {
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
                            "the path is relative to the manifest, on the machine where `assay` runs",
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
    let make_one = || String::from("make one with `openssl rand -hex 32`");
    if value.trim().is_empty() {
        return Err((format!("{whence} is empty"), make_one()));
    }
    if value.len() > MAX_SECRET_BYTES {
        return Err((
            format!("{whence} is longer than {MAX_SECRET_BYTES} bytes"),
            make_one(),
        ));
    }
    if value.chars().count() < MIN_SECRET_LENGTH {
        return Err((
            format!(
                "{whence} is shorter than {MIN_SECRET_LENGTH} characters, so it could be guessed"
            ),
            make_one(),
        ));
    }
    if value.chars().any(char::is_control) {
        return Err((
            format!("{whence} has line breaks or control characters within"),
            make_one(),
        ));
    }
    Ok(Some(value.to_owned()))
}
