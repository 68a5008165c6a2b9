//! Everything that is wrong with the form of one document.
//!
//! A decoder stops at the first error. What it refused is noted and taken out, and the rest decoded
//! again, until nothing is refused; then the JSON Schema says what a decoder does not look at.

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde::Deserialize as _;

use super::{
    Context, Finding, Place,
    envelope::Envelope,
    namespaces,
    words::{key_of, node_at, of_decode_error},
};
use crate::{
    kind::Kind,
    load::{
        decode::{DecodeError, What},
        limits::MAX_PROBLEMS_PER_DOCUMENT,
        outcome::Origin,
        tree::{Content, Node, Step},
    },
    object::{Metadata, Spec},
    problem::ByteRange,
    schema,
};

/// What the decoder and the schema refuse in `root`, of which `found` is known already.
pub(super) fn findings(
    root: &Node<'_>,
    envelope: &Envelope<'_, '_>,
    context: &Context<'_>,
    mut found: Vec<Finding>,
) -> Vec<Finding> {
    let name = envelope
        .metadata
        .get("name")
        .and_then(Node::text)
        .unwrap_or_default()
        .to_owned();
    decode_all(root, envelope.metadata, context, &mut found, |node| {
        Metadata::deserialize(node).map(drop)
    });
    if envelope.kind == Kind::ZanzibarNamespace {
        namespaces::syntax(&name, envelope.spec, &mut found);
    }
    // The settings of a module that does not exist have no form to speak of.
    if envelope.kind != Kind::Module || name.parse::<crate::spec::ModuleName>().is_ok() {
        decode_all(root, envelope.spec, context, &mut found, |node| {
            Spec::decode(envelope.kind, &name, node).map(drop)
        });
    }
    by_schema(root, envelope.kind, context, &mut found);
    found
}

fn decode_all(
    root: &Node<'_>,
    part: &Node<'_>,
    context: &Context<'_>,
    found: &mut Vec<Finding>,
    decode: impl Fn(&Node<'_>) -> Result<(), DecodeError>,
) {
    let mut rest = part.clone();
    let mut taken: Vec<String> = Vec::new();
    let mut taken_at: Vec<ByteRange> = Vec::new();
    // What was found before at its very place, and said better there.
    let known: Vec<ByteRange> = found
        .iter()
        .filter_map(|finding| match &finding.place {
            Place::Steps(steps) => Some(root.find(steps).0),
            Place::At(_) => None,
        })
        .collect();
    for _ in 0..MAX_PROBLEMS_PER_DOCUMENT {
        let Err(error) = decode(&rest) else { return };
        let at = error.at().unwrap_or(rest.at);
        if let What::Missing(field) = error.what() {
            // Missing only because it was refused and taken out.
            let was_taken = taken.iter().any(|key| key == field);
            if !was_taken {
                found.push(of_decode_error(error, root, context.source));
            }
        } else {
            // What surrounds something that was taken out is wrong only without it.
            let is_consequence = taken_at
                .iter()
                .any(|taken| at.start <= taken.start && taken.end <= at.end);
            if !is_consequence && !known.contains(&at) {
                found.push(of_decode_error(error, root, context.source));
            }
            taken.extend(name_at(&rest, at));
            taken_at.push(at);
        }
        // Without its required part, the whole has to go.
        if at == rest.at || !rest.remove(at) {
            return;
        }
    }
}

/// The key at `at`, or whose value is there.
fn name_at(node: &Node<'_>, at: ByteRange) -> Option<String> {
    match &node.content {
        Content::Map(entries) => entries.iter().find_map(|entry| {
            if entry.key_at == at || entry.value.at == at {
                Some(entry.key.to_string())
            } else {
                name_at(&entry.value, at)
            }
        }),
        Content::List(items) => items.iter().find_map(|item| name_at(item, at)),
        _ => None,
    }
}

/// Adds what the schema refuses at places where nothing was found yet.
fn by_schema(root: &Node<'_>, kind: Kind, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Ok(validator) = jsonschema::draft7::new(&schema::of_kind(kind)) else {
        return;
    };
    let value = root.to_value();
    let ranges: Vec<_> = found
        .iter()
        .map(|finding| match &finding.place {
            Place::Steps(steps) => root.find(steps).0,
            Place::At(at) => *at,
        })
        .collect();
    for error in validator
        .iter_errors(&value)
        .take(MAX_PROBLEMS_PER_DOCUMENT)
    {
        let pointer = error.instance_path().as_str();
        // A request may hold the secret itself, which no schema of manifests knows.
        if context.origin == Origin::Request && pointer.to_ascii_lowercase().contains("secret") {
            continue;
        }
        let (at, _) = root.find(&steps(root, pointer));
        if let ValidationErrorKind::Required { property } = error.kind() {
            let field = property.as_str().unwrap_or_default();
            let message = format!("missing field `{field}`");
            let key = key_of(root, at).unwrap_or(at);
            // The decoder names only the first that is missing.
            if !found.iter().any(|finding| finding.message == message) {
                found.push(
                    Finding::new("missing-field", Place::At(key), message)
                        .label(format!("needs `{field}`")),
                );
            }
            continue;
        }
        // One problem at a place is enough; the decoder's words are better.
        let key = key_of(root, at);
        let is_known = ranges.iter().any(|range| {
            *range == at
                || Some(*range) == key
                || (range.start >= at.start && range.end <= at.end && is_coarse(&error))
        });
        if is_known {
            continue;
        }
        let what = node_at(root, at).map_or("value", Node::what);
        found.push(Finding::new(
            "schema",
            Place::At(at),
            schema::words(&error, what),
        ));
    }
}

/// Whether the error is about something within the place it names.
fn is_coarse(error: &ValidationError<'_>) -> bool {
    !matches!(
        error.kind(),
        ValidationErrorKind::MinItems { .. }
            | ValidationErrorKind::MaxItems { .. }
            | ValidationErrorKind::MinProperties { .. }
            | ValidationErrorKind::MaxProperties { .. }
    )
}

/// A JSON pointer as steps. What is a key and what an index only the tree can tell.
fn steps(root: &Node<'_>, pointer: &str) -> Vec<Step> {
    let mut node = Some(root);
    pointer
        .split('/')
        .skip(1)
        .map(|part| {
            let part = part.replace("~1", "/").replace("~0", "~");
            let (step, next) = if let Some(Content::List(items)) = node.map(|node| &node.content) {
                let index = part.parse().unwrap_or(usize::MAX);
                (Step::Index(index), items.get(index))
            } else {
                let next = node.and_then(|node| node.get(&part));
                (Step::Key(part.into()), next)
            };
            node = next;
            step
        })
        .collect()
}
