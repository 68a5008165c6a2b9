//! Everything that can be wrong with manifests and be seen offline.

mod across;
mod admin_key;
mod envelope;
mod finding;
mod localized;
mod mail_template;
mod module;
mod names;
mod namespaces;
mod oidc_client;
mod registration;
mod revisit;
mod scope;
mod secrets;
mod strings;
mod structure;
pub(crate) mod suggest;
mod theme;
mod upstream_provider;
mod webhook;
mod words;

use serde::Deserialize as _;

pub(crate) use across::across;
pub(crate) use finding::{Context, Finding, Place};
pub(crate) use secrets::{resolve_secrets, text};

use crate::{
    kind::Kind,
    load::{
        decode::DecodeError,
        outcome::{Manifest, Origin},
        tree::{Node, Step},
    },
    object::{Metadata, Object, Spec},
    problem::Problem,
};

/// What one document gave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Read {
    /// An object, perhaps with problems.
    Object,
    /// Nothing, because it is no manifest.
    Foreign,
    /// No object, because of problems. The kind, if that much could be read.
    Broken(Option<Kind>),
}

/// Reads one document: a manifest, and everything that is wrong with it by itself.
pub(crate) fn document(
    root: &Node<'_>,
    context: &Context<'_>,
    manifests: &mut Vec<Manifest>,
    problems: &mut Vec<Problem>,
) -> Read {
    if envelope::is_kustomization(root) || envelope::is_foreign_json(root, context.source) {
        return Read::Foreign;
    }
    let mut findings = Vec::new();
    strings::check(root, &mut findings);
    let read = match envelope::read(root) {
        Err(mut wrong) => {
            findings.append(&mut wrong);
            Read::Broken(None)
        }
        Ok(envelope) => {
            if let Ok(object) = decode(&envelope) {
                semantics(&object, context.origin, &mut findings);
                if !findings.is_empty() {
                    findings = structure::findings(root, &envelope, context, findings);
                }
                let name = [Step::Key("metadata".into()), Step::Key("name".into())];
                let at = context.locate(root, &Place::Steps(name.into()));
                manifests.push(Manifest { object, at });
                Read::Object
            } else {
                if let Ok(metadata) = Metadata::deserialize(envelope.metadata) {
                    names::check(envelope.kind, &metadata, &mut findings);
                }
                findings = structure::findings(root, &envelope, context, findings);
                Read::Broken(Some(envelope.kind))
            }
        }
    };
    problems.extend(
        findings
            .into_iter()
            .map(|finding| context.problem(root, finding)),
    );
    read
}

fn decode(envelope: &envelope::Envelope<'_, '_>) -> Result<Object, DecodeError> {
    let metadata = Metadata::deserialize(envelope.metadata)?;
    let spec = Spec::decode(envelope.kind, &metadata.name, envelope.spec)?;
    Ok(Object { metadata, spec })
}

/// What the fields of one object say together.
fn semantics(object: &Object, origin: Origin, findings: &mut Vec<Finding>) {
    names::check(object.kind(), &object.metadata, findings);
    match &object.spec {
        Spec::OidcClient(client) => oidc_client::check(client, origin, findings),
        Spec::UpstreamProvider(upstream) => upstream_provider::check(upstream, origin, findings),
        Spec::AdminKey(key) => admin_key::check(key, findings),
        Spec::Theme(theme) => theme::check(theme, findings),
        Spec::Scope(scope) => scope::check(object.name(), scope, findings),
        Spec::Webhook(webhook) => webhook::check(webhook, origin, findings),
        Spec::MailTemplate(template) => mail_template::check(object.name(), template, findings),
        Spec::Module(module) => {
            if let Ok(name) = object.name().parse() {
                module::check(name, module, origin, findings);
            }
        }
        // Namespaces are checked together: `across`.
        Spec::ZanzibarNamespace(_) => {}
    }
}

/// Adds that `text` is too short or too long, in characters.
fn length(
    path: &'static str,
    text: Option<&str>,
    least: usize,
    most: usize,
    add: &mut impl FnMut(Finding),
) {
    let Some(count) = text.map(|text| text.chars().count()) else {
        return;
    };
    if count < least {
        add(Finding::in_spec("length", path, "the text is empty")
            .help("write something, or leave the field out"));
    } else if count > most {
        add(Finding::in_spec(
            "length",
            path,
            format!("{count} characters, and {most} are the most"),
        )
        .help("write less"));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
