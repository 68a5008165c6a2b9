//! Everything that can be wrong with manifests and be seen offline.

mod across;
mod envelope;
mod finding;
mod secrets;
pub(crate) mod suggest;
mod words;

pub(crate) use across::across;
pub(crate) use finding::{Context, Finding, Place};
pub(crate) use secrets::{resolve_secrets, text};

use crate::{
    load::{
        Manifest,
        tree::{Node, Step},
    },
    object::{Metadata, Object, Spec},
    problem::Problem,
};

/// Reads one document: a manifest, or everything that is wrong with it.
pub(crate) fn document(
    root: Node<'_>,
    context: &Context<'_>,
    manifests: &mut Vec<Manifest>,
    problems: &mut Vec<Problem>,
) {
    if envelope::is_kustomization(&root) || envelope::is_foreign_json(&root, context.source) {
        return;
    }
    match read(&root, context) {
        Ok(object) => {
            let name = [Step::Key("metadata".into()), Step::Key("name".into())];
            let at = context.locate(&root, &Place::Steps(name.into()));
            manifests.push(Manifest { object, at });
        }
        Err(findings) => {
            problems.extend(
                findings
                    .into_iter()
                    .map(|finding| context.problem(&root, finding)),
            );
        }
    }
}

fn read(root: &Node<'_>, context: &Context<'_>) -> Result<Object, Vec<Finding>> {
    use serde::Deserialize as _;
    let envelope = envelope::read(root)?;
    let words = |error| vec![words::of_decode_error(error, root, context.source)];
    let metadata = Metadata::deserialize(envelope.metadata).map_err(words)?;
    let spec = Spec::decode(envelope.kind, &metadata.name, envelope.spec).map_err(words)?;
    Ok(Object { metadata, spec })
}
