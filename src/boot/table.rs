//! Takes typed values out of a TOML table and remembers every mistake on the way.
//!
//! A key is known because it was asked for, so there is no second list of keys to keep: what is
//! left over when a table is finished is unknown.

use std::cell::RefCell;

use toml::de::{DeTable, DeValue};

use super::{
    error::{Mistake, Source},
    variables,
};

/// What all tables of one file share.
pub(super) struct Reading<'a> {
    pub(super) source: Source<'a>,
    pub(super) environment: &'a dyn Fn(&str) -> Option<String>,
    pub(super) mistakes: RefCell<Vec<Mistake>>,
}

impl Reading<'_> {
    /// Remembers a mistake.
    pub(super) fn mistake(&self, offset: usize, message: impl Into<String>) {
        let mistake = self.source.mistake(offset, message);
        self.mistakes.borrow_mut().push(mistake);
    }
}

/// A string of the file, its variables replaced, with its key and place.
#[derive(Clone)]
pub(super) struct Text {
    pub(super) value: String,
    pub(super) key: String,
    pub(super) offset: usize,
}

/// A table that is being read.
pub(super) struct Table<'r, 'a> {
    reading: &'r Reading<'a>,
    /// `server.` for what is in `[server]`.
    prefix: String,
    rest: DeTable<'r>,
    known: Vec<&'static str>,
}

impl<'r, 'a> Table<'r, 'a> {
    pub(super) fn new(reading: &'r Reading<'a>, root: DeTable<'r>) -> Self {
        Self {
            reading,
            prefix: String::new(),
            rest: root,
            known: Vec::new(),
        }
    }

    /// The table under `key`; an empty one if there is none.
    pub(super) fn table(&mut self, key: &'static str) -> Table<'r, 'a> {
        let rest = match self.take(key) {
            None => DeTable::new(),
            Some((_, DeValue::Table(table))) => table,
            Some((offset, other)) => {
                self.wrong(key, offset, "a table", &other);
                DeTable::new()
            }
        };
        Table {
            reading: self.reading,
            prefix: format!("{}{key}.", self.prefix),
            rest,
            known: Vec::new(),
        }
    }

    /// The string under `key`.
    pub(super) fn text(&mut self, key: &'static str) -> Option<Text> {
        let (offset, value) = self.take(key)?;
        self.replaced(key, offset, &value)
    }

    /// The strings under `key`; `None` if the key is not there.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<Text>> {
        let (offset, value) = self.take(key)?;
        let DeValue::Array(items) = value else {
            self.wrong(key, offset, "an array of strings", &value);
            return Some(Vec::new());
        };
        let texts = items
            .into_iter()
            .filter_map(|item| {
                let offset = item.span().start;
                self.replaced(key, offset, &item.into_inner())
            })
            .collect();
        Some(texts)
    }

    /// The boolean under `key`; also the words `true` and `false` as text, for variables.
    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let (offset, value) = self.take(key)?;
        match &value {
            DeValue::Boolean(boolean) => Some(*boolean),
            DeValue::String(_) => match self.replaced(key, offset, &value)?.value.as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => {
                    self.wrong(key, offset, "`true` or `false`", &value);
                    None
                }
            },
            _ => {
                self.wrong(key, offset, "`true` or `false`", &value);
                None
            }
        }
    }

    /// Reports what nobody asked for.
    pub(super) fn finish(self) {
        for key in self.rest.keys() {
            let name: &str = key.get_ref();
            let hint = match nearest(name, self.known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", listed(&self.known)),
            };
            self.reading.mistake(
                key.span().start,
                format!("unknown key `{}{name}`; {hint}", self.prefix),
            );
        }
    }

    fn take(&mut self, key: &'static str) -> Option<(usize, DeValue<'r>)> {
        self.known.push(key);
        let value = self.rest.remove(key)?;
        Some((value.span().start, value.into_inner()))
    }

    fn replaced(&self, key: &'static str, offset: usize, value: &DeValue<'_>) -> Option<Text> {
        let DeValue::String(text) = value else {
            self.wrong(key, offset, "a string", value);
            return None;
        };
        let key = format!("{}{key}", self.prefix);
        match variables::replace(text, self.reading.environment) {
            Ok(value) => Some(Text {
                value: value.into_owned(),
                key,
                offset,
            }),
            Err(error) => {
                self.reading.mistake(offset, format!("`{key}`: {error}"));
                None
            }
        }
    }

    fn wrong(&self, key: &str, offset: usize, wanted: &str, found: &DeValue<'_>) {
        self.reading.mistake(
            offset,
            format!(
                "`{}{key}` must be {wanted}, not {}",
                self.prefix,
                article(found.type_str())
            ),
        );
    }
}

/// The candidate that `word` most likely stands for, if one is near.
pub(super) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(3) / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// "`a`, `b`, `c`".
pub(super) fn listed(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn article(noun: &str) -> String {
    let an = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if an { "an" } else { "a" })
}
