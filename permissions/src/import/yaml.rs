//! YAML, with its places.

use serde::de::DeserializeOwned;
use serde_saphyr::{Error, Spanned, budget, options};

use super::{ImportError, Source};

/// Most values in one file: a million tuples with their conditions.
const MAX_NODES: usize = 20_000_000;

/// Reads a file.
pub(super) fn read<T: DeserializeOwned>(source: Source<'_>) -> Result<T, ImportError> {
    let budget = budget! {
        max_nodes: MAX_NODES,
        max_events: 2 * MAX_NODES,
        max_total_scalar_bytes: usize::MAX,
    };
    let options = options! { budget: budget };
    serde_saphyr::from_str_with_options(source.text, options).map_err(|error| {
        let at = error.location().map_or(0, |location| {
            source.offset(location.line(), location.column())
        });
        source.error(at, message(&error))
    })
}

/// The byte where each of the items begins.
pub(super) fn placed<T>(source: Source<'_>, items: Vec<Spanned<T>>) -> Vec<(usize, T)> {
    // Items come in order, so each is looked for from the one before.
    let (mut line, mut start) = (1, 0);
    let items = items.into_iter().map(|item| {
        let place = item.referenced;
        let rest = Source {
            name: source.name,
            text: &source.text[start..],
        };
        if place.line() > line {
            start += rest.offset(place.line() - line + 1, 1);
            line = place.line();
        }
        let rest = Source {
            name: source.name,
            text: &source.text[start..],
        };
        (start + rest.offset(1, place.column()), item.value)
    });
    items.collect()
}

/// What is wrong, without the excerpt and the place, which are said with the file.
fn message(error: &Error) -> String {
    let text = error.without_snippet().to_string();
    let text = text.lines().next().unwrap_or_default();
    let place = text.find(" at line ").or_else(|| text.find(": line "));
    place.map_or(text, |at| &text[..at]).to_owned()
}
