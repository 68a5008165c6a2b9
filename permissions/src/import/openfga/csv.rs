//! Reads tuples from a table (RFC 4180), as `fga tuple write --file` does.

use serde_json::Map;

use super::Model;
use crate::import::{ImportError, Placed, Source};

/// The columns, of which the first few must be there.
const COLUMNS: [&str; 8] = [
    "user_type",
    "user_id",
    "relation",
    "object_type",
    "object_id",
    "user_relation",
    "condition_name",
    "condition_context",
];
const NEEDED: usize = 5;

pub(super) fn tuples(model: &Model, source: Source<'_>) -> Result<Vec<Placed>, ImportError> {
    let mut rows = Rows { source, at: 0 };
    let Some((at, heading)) = rows.next()? else {
        return Ok(Vec::new());
    };
    for name in &heading {
        if !COLUMNS.contains(&name.as_str()) {
            let message = format!(
                "`{}` is no column; there are {}",
                name.escape_debug(),
                COLUMNS.join(", ")
            );
            return Err(source.error(at, message));
        }
    }
    let places = COLUMNS.map(|name| heading.iter().position(|other| other == name));
    for (name, place) in COLUMNS.iter().zip(places).take(NEEDED) {
        if place.is_none() {
            return Err(source.error(at, format!("there is no column `{name}`")));
        }
    }
    let mut tuples = Vec::new();
    while let Some((at, row)) = rows.next()? {
        if row.len() != heading.len() {
            let message = format!("{} fields, and {} columns", row.len(), heading.len());
            return Err(source.error(at, message));
        }
        let [
            user_type,
            user_id,
            relation,
            object_type,
            object_id,
            user_relation,
            name,
            context,
        ] = places.map(|place| {
            place
                .and_then(|place| row.get(place))
                .map_or("", String::as_str)
        });
        let mut user = format!("{user_type}:{user_id}");
        if !user_relation.is_empty() {
            user = format!("{user}#{user_relation}");
        }
        let context = match context {
            "" => Map::new(),
            context => serde_json::from_str(context)
                .map_err(|_| source.error(at, "`condition_context` is no JSON object"))?,
        };
        if name.is_empty() && !context.is_empty() {
            return Err(source.error(at, "a `condition_context` needs its `condition_name`"));
        }
        let condition = (!name.is_empty()).then(|| (name.to_owned(), context));
        let object = format!("{object_type}:{object_id}");
        let tuple = model.tuple(&user, relation, &object, condition);
        let tuple = tuple.map_err(|message| source.error(at, message))?;
        tuples.push(Placed { at, tuple });
    }
    Ok(tuples)
}

struct Rows<'a> {
    source: Source<'a>,
    at: usize,
}

impl Rows<'_> {
    /// The next row that is not empty, and where it begins.
    fn next(&mut self) -> Result<Option<(usize, Vec<String>)>, ImportError> {
        loop {
            let start = self.at;
            if start == self.source.text.len() {
                return Ok(None);
            }
            let row = self.row()?;
            if row.iter().any(|field| !field.is_empty()) {
                return Ok(Some((start, row)));
            }
        }
    }

    fn row(&mut self) -> Result<Vec<String>, ImportError> {
        let mut row = Vec::new();
        loop {
            let rest = &self.source.text[self.at..];
            let field = if let Some(quoted) = rest.strip_prefix('"') {
                self.quoted(quoted)?
            } else {
                let end = rest.find([',', '\n']).unwrap_or(rest.len());
                self.at += end;
                rest[..end].trim().to_owned()
            };
            row.push(field);
            let rest = &self.source.text[self.at..];
            let rest = rest.strip_prefix('\r').unwrap_or(rest);
            match rest.chars().next() {
                Some(',') => self.at = self.source.text.len() - rest.len() + 1,
                Some('\n') => {
                    self.at = self.source.text.len() - rest.len() + 1;
                    return Ok(row);
                }
                None => {
                    self.at = self.source.text.len();
                    return Ok(row);
                }
                Some(_) => {
                    let message = "a quote ends within a field; write `\"\"` for one";
                    return Err(self.source.error(self.at, message));
                }
            }
        }
    }

    /// What is in quotes, in which two stand for one.
    fn quoted(&mut self, quoted: &str) -> Result<String, ImportError> {
        let mut end = 0;
        loop {
            let Some(quote) = quoted[end..].find('"') else {
                return Err(self.source.error(self.at, "this quote is never closed"));
            };
            end += quote + 1;
            if !quoted[end..].starts_with('"') {
                break;
            }
            end += 1;
        }
        self.at += end + 1;
        Ok(quoted[..end - 1].replace("\"\"", "\""))
    }
}
