//! The words for what a decoder or a schema refuses.

use super::{
    finding::{Finding, Place},
    suggest::did_you_mean,
};
use crate::{
    load::{
        decode::{DecodeError, What},
        source::Source,
        tree::{Content, Node},
    },
    problem::ByteRange,
};

/// How a secret gets into a manifest without standing in it.
pub(super) const SECRET_HELP: &str = "write `{ fromEnv: NAME }` or `{ fromFile: PATH }`, or for a \
client secret `{ hash: \"sha256:...\" }` from `printf %s \
\"$SECRET\" | sha256sum`";

/// The finding for `error`, which came of decoding `root` or a part of it.
pub(super) fn of_decode_error(error: DecodeError, root: &Node<'_>, source: &Source) -> Finding {
    let at = error.at().unwrap_or(root.at);
    match error.into_what() {
        What::UnknownField { name, known } => {
            let mut finding = Finding::new(
                "unknown-field",
                Place::At(at),
                format!("unknown field `{name}`"),
            );
            finding.help = Some(did_you_mean(&name, known));
            finding
        }
        What::UnknownValue { name, known } => {
            let mut finding = Finding::new(
                "unknown-value",
                Place::At(at),
                format!("unknown value `{name}`"),
            );
            // `value` is for requests to the admin API.
            let known: Vec<&str> = if known.contains(&"fromEnv") {
                known
                    .iter()
                    .copied()
                    .filter(|name| *name != "value")
                    .collect()
            } else {
                known.to_vec()
            };
            finding.help = Some(did_you_mean(&name, &known));
            finding
        }
        What::Missing(field) => Finding::new(
            "missing-field",
            Place::At(key_of(root, at).unwrap_or(at)),
            format!("missing field `{field}`"),
        )
        .label(format!("needs `{field}`")),
        What::WrongType { expected } => wrong_type(root, at, &expected, source),
        What::SecretInClear => Finding::new(
            "secret-in-clear",
            Place::At(at),
            "a secret must not stand in a manifest",
        )
        .help(SECRET_HELP),
        What::Custom(message) => custom(root, at, message),
    }
}

/// The finding for what a value's own parser refuses.
fn custom(root: &Node<'_>, at: ByteRange, message: String) -> Finding {
    let name = name_of(root, at).unwrap_or_default();
    // The parser of moments speaks of digits and years.
    if name.ends_with("At") {
        let text = node_at(root, at).and_then(Node::text).unwrap_or_default();
        return Finding::new(
            "bad-value",
            Place::At(at),
            format!("`{text}` is not a moment"),
        )
        .help("write it as in `2027-01-01T00:00:00Z` (RFC 3339)");
    }
    Finding::new("bad-value", Place::At(at), message)
}

/// The finding for a value of the wrong type.
pub(super) fn wrong_type(
    root: &Node<'_>,
    at: ByteRange,
    expected: &str,
    source: &Source,
) -> Finding {
    let expected = match expected {
        "a string" | "a borrowed string" => "text",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        "u32" | "u64" | "i64" => "a whole number",
        "a map" => "a mapping",
        other if other.starts_with("struct ") => "a mapping",
        other => other,
    };
    let node = node_at(root, at);
    let what = node.map_or("something else", Node::what);
    // An empty value has no text to mark; its key has.
    let place = if at.start == at.end {
        key_of(root, at).unwrap_or(at)
    } else {
        at
    };
    let finding = Finding::new(
        "wrong-type",
        Place::At(place),
        format!("expected {expected}, found {what}"),
    );
    let written = source.text.get(at.as_range()).unwrap_or_default();
    match node.map(|node| &node.content) {
        Some(Content::Number(_)) if is_length_of_time(root, at) => {
            finding.help(format!("write a unit, as in `{written}s` or `{written}m`"))
        }
        Some(Content::Number(_) | Content::Bool(_)) if expected == "text" => {
            finding.help(format!("quote it: `\"{written}\"`"))
        }
        Some(Content::Text(_)) if expected == "a list" => {
            finding.help(format!("write `[{written}]`"))
        }
        Some(Content::Text(text)) if expected.starts_with("`true`") => {
            match text.to_ascii_lowercase().as_str() {
                "yes" | "on" | "y" | "true" | "1" => finding.help("write `true`"),
                "no" | "off" | "n" | "false" | "0" => finding.help("write `false`"),
                _ => finding,
            }
        }
        Some(Content::Text(text)) if expected.contains("number") && text.parse::<f64>().is_ok() => {
            finding.help("leave the quotes out")
        }
        Some(Content::Null) => {
            finding.help("write a value, or leave the field out for its default")
        }
        _ => finding,
    }
}

fn is_length_of_time(root: &Node<'_>, at: ByteRange) -> bool {
    let name = name_of(root, at).unwrap_or_default();
    name.ends_with("Ttl") || name == "ttl" || name == "defaultMaxAge"
}

/// The key whose value is at `at`, as text.
fn name_of<'n>(node: &'n Node<'_>, at: ByteRange) -> Option<&'n str> {
    match &node.content {
        Content::List(items) => items.iter().find_map(|item| name_of(item, at)),
        Content::Map(entries) => entries.iter().find_map(|entry| {
            if entry.value.at == at {
                Some(&*entry.key)
            } else {
                name_of(&entry.value, at)
            }
        }),
        _ => None,
    }
}

/// The value at `at`.
pub(super) fn node_at<'n, 's>(node: &'n Node<'s>, at: ByteRange) -> Option<&'n Node<'s>> {
    if node.at == at {
        return Some(node);
    }
    match &node.content {
        Content::List(items) => items.iter().find_map(|item| node_at(item, at)),
        Content::Map(entries) => entries.iter().find_map(|entry| node_at(&entry.value, at)),
        _ => None,
    }
}

/// The key whose value is at `at`: where to point when something is not there.
pub(super) fn key_of(node: &Node<'_>, at: ByteRange) -> Option<ByteRange> {
    match &node.content {
        Content::List(items) => items.iter().find_map(|item| key_of(item, at)),
        Content::Map(entries) => entries.iter().find_map(|entry| {
            if entry.value.at == at {
                Some(entry.key_at)
            } else {
                key_of(&entry.value, at)
            }
        }),
        _ => None,
    }
}
