//! Lists of tuples in JSON, with their places.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{ImportError, Source};

/// An answer of a list, with the rest that it says.
#[derive(Deserialize)]
struct Listed<'a> {
    #[serde(borrow, alias = "relation_tuples")]
    tuples: Vec<&'a RawValue>,
}

/// Reads a list of tuples: an array, an object with one in `tuples` or `relation_tuples`, or one tuple a line.
/// Gives each with the byte where it begins.
pub(super) fn list<T: DeserializeOwned>(
    source: Source<'_>,
) -> Result<Vec<(usize, T)>, ImportError> {
    let text = source.text;
    let items: Vec<&RawValue> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(|error| wrong(source, 0, &error))?
    } else if let Ok(listed) = serde_json::from_str::<Listed<'_>>(text) {
        listed.tuples
    } else {
        // Lines, or one tuple.
        let values = serde_json::Deserializer::from_str(text).into_iter();
        let values: Result<_, serde_json::Error> = values.collect();
        values.map_err(|error| wrong(source, 0, &error))?
    };
    let read = items.into_iter().map(|item| {
        let at = item.get().as_ptr() as usize - text.as_ptr() as usize;
        let read = serde_json::from_str(item.get());
        Ok((at, read.map_err(|error| wrong(source, at, &error))?))
    });
    read.collect()
}

fn wrong(source: Source<'_>, start: usize, error: &serde_json::Error) -> ImportError {
    let part = Source {
        name: source.name,
        text: source.text.get(start..).unwrap_or_default(),
    };
    let at = start + part.offset(error.line() as u64, error.column() as u64);
    let message = error.to_string();
    // The place is said once, as one in the file.
    let message = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(message, _)| message);
    source.error(at, message)
}
