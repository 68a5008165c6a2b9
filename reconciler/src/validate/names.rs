//! What each kind takes as a name, and what annotations mean.

use super::{
    Finding, Place,
    suggest::{did_you_mean, nearest},
};
use crate::{
    kind::Kind,
    load::tree::Step,
    namespace::namespace_name,
    object::{MOVED_FROM, Metadata},
    spec::{
        LetterKind, ModuleName,
        mail_template::{LANGUAGES, TemplateName, UnknownTemplate},
        oidc_client::Scope,
    },
};

/// Longest name of any kind, in bytes.
const MAX_NAME: usize = 128;

pub(super) fn check(kind: Kind, metadata: &Metadata, findings: &mut Vec<Finding>) {
    if let Err((message, help)) = name(kind, &metadata.name) {
        findings.push(Finding::new("name", at(&["name"]), message).help(help));
    }
    for (annotation, value) in &metadata.annotations {
        if annotation == MOVED_FROM {
            moved_from(kind, metadata, value, findings);
        } else if annotation.starts_with("assay/") {
            let message = format!("unknown annotation `{annotation}`");
            let steps = Place::Steps(vec![
                Step::Key("metadata".into()),
                Step::Key("annotations".into()),
                Step::KeyOf(annotation.clone().into()),
            ]);
            findings.push(Finding::new("unknown-field", steps, message).help(format!(
                "`{MOVED_FROM}` is the only one that begins with `assay/`"
            )));
        }
    }
}

fn moved_from(kind: Kind, metadata: &Metadata, old: &str, findings: &mut Vec<Finding>) {
    let place = || at(&["annotations", MOVED_FROM]);
    if kind == Kind::Module {
        findings.push(
            Finding::new(
                "name",
                place(),
                "modules have fixed names and cannot be renamed",
            )
            .help("take the annotation out"),
        );
    } else if old == metadata.name {
        findings.push(
            Finding::new("name", place(), format!("`{old}` is the name it has"))
                .help("write the name it had before, or take the annotation out"),
        );
    } else if let Err((message, help)) = name(kind, old) {
        findings.push(Finding::new("name", place(), message).help(help));
    }
}

/// Whether `name` is one that `kind` takes: else what is wrong, and what would be right.
fn name(kind: Kind, name: &str) -> Result<(), (String, String)> {
    if name.is_empty() {
        return Err((
            String::from("the name is empty"),
            String::from("write a name"),
        ));
    }
    if name.len() > MAX_NAME {
        return Err((
            format!(
                "a name may have {MAX_NAME} characters at most, and this has {}",
                name.chars().count()
            ),
            String::from("write a shorter one"),
        ));
    }
    match kind {
        Kind::ZanzibarNamespace => namespace_name(name).map_err(|error| {
            (
                error.to_string(),
                String::from("as in `document` or `acme/document`"),
            )
        }),
        // RFC 6749 appendix A.1 takes the blank too, which nobody sees at an end.
        Kind::OidcClient if !name.bytes().all(|b| matches!(b, 0x21..=0x7e)) => Err((
            String::from("a client_id is printable ASCII without blanks (RFC 6749 appendix A.1)"),
            String::from("the name for people is `spec.displayName`"),
        )),
        Kind::UpstreamProvider | Kind::AdminKey | Kind::Theme | Kind::Webhook
            if !is_label(name) =>
        {
            Err((
                format!(
                    "`{name}` is not a name for this kind: lower-case letters, \
digits and hyphens, with a letter or digit at both ends"
                ),
                String::from("as in `my-name-1`"),
            ))
        }
        Kind::Scope => match name.parse::<Scope>() {
            Ok(_) => Ok(()),
            Err(error) => Err((error.to_string(), String::from("as in `reports.read`"))),
        },
        Kind::MailTemplate => mail_template(name),
        Kind::Module => module(name),
        _ => Ok(()),
    }
}

fn mail_template(name: &str) -> Result<(), (String, String)> {
    let Err(unknown) = TemplateName::parse(name) else {
        return Ok(());
    };
    let help = match &unknown {
        UnknownTemplate::Letter(word) => did_you_mean(word, &LetterKind::ALL.map(LetterKind::name)),
        UnknownTemplate::Language(word) => did_you_mean(word, &LANGUAGES),
    };
    Err((unknown.to_string(), help))
}

fn module(name: &str) -> Result<(), (String, String)> {
    if name.parse::<ModuleName>().is_ok() {
        return Ok(());
    }
    let names = ModuleName::ALL.map(ModuleName::name);
    let help = match nearest(name, names) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!(
            "modules: {}",
            names.map(|name| format!("`{name}`")).join(", ")
        ),
    };
    Err((format!("unknown module `{name}`"), help))
}

fn is_label(name: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_'))
}

fn at(path: &[&'static str]) -> Place {
    let mut steps = vec![Step::Key("metadata".into())];
    steps.extend(path.iter().map(|key| Step::Key((*key).into())));
    Place::Steps(steps)
}
