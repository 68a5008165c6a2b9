//! The two sides of a change as lines of YAML.

use serde_json::Value;

use super::visible;
use crate::{
    diff::document::{ChangeDocument, MASK, MASK_CHANGED},
    kind::Kind,
    object::Spec,
};

/// The lines before and after. Where the object is there on both sides these are whole documents;
/// where it comes or goes, what has its default is left out.
pub(super) fn sides(change: &ChangeDocument) -> (Vec<String>, Vec<String>) {
    let is_on_both_sides = change.before.is_some() && change.after.is_some();
    let side = |document: &Option<Value>| match document {
        None => Vec::new(),
        Some(document) => {
            let mut document = document.clone();
            if !is_on_both_sides {
                leave_out_defaults(change, &mut document);
            }
            leave_out_what_is_empty(&mut document);
            lines(&document)
        }
    };
    (side(&change.before), side(&change.after))
}

fn leave_out_defaults(change: &ChangeDocument, document: &mut Value) {
    let least = Spec::least(change.kind);
    let Ok(Ok(Value::Object(defaults))) =
        Spec::decode(change.kind, &change.name, least.clone()).map(serde_json::to_value)
    else {
        return;
    };
    // Whether a module is on is what its manifest is about.
    let is_said_anyway = |name: &str| {
        least.get(name).is_some() || (change.kind == Kind::Module && name == "enabled")
    };
    if let Some(Value::Object(spec)) = document.get_mut("spec") {
        spec.retain(|name, value| is_said_anyway(name) || defaults.get(name) != Some(value));
    }
}

fn leave_out_what_is_empty(document: &mut Value) {
    if let Some(Value::Object(metadata)) = document.get_mut("metadata") {
        metadata.retain(|_, value| value.as_object().is_none_or(|map| !map.is_empty()));
    }
}

fn lines(document: &Value) -> Vec<String> {
    let text = crate::to_yaml(document)
        // JSON is YAML too.
        .or_else(|_| serde_json::to_string_pretty(document))
        .unwrap_or_default();
    text.lines()
        .map(|line| unquote_masks(&visible(line)))
        .collect()
}

/// A mask reads better without the quotes that make it a YAML string.
fn unquote_masks(line: &str) -> String {
    for mask in [MASK, MASK_CHANGED] {
        for quote in ['\'', '"'] {
            if let Some(rest) = line.strip_suffix(&format!("{quote}{mask}{quote}")) {
                return format!("{rest}{mask}");
            }
        }
    }
    line.to_owned()
}
