//! Reads tuples as OpenFGA's command line writes and reads them.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

use super::{Model, csv};
use crate::import::{ImportError, Placed, Source, json, yaml};

/// A tuple, or one as it is stored.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    user: Option<String>,
    relation: Option<String>,
    object: Option<String>,
    condition: Option<Condition>,
    key: Option<Box<Item>>,
    #[serde(rename = "timestamp")]
    _timestamp: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    name: String,
    #[serde(default)]
    context: Option<Map<String, Value>>,
}

/// The part of a store that is its tuples.
#[derive(Deserialize)]
struct Own {
    #[serde(default)]
    tuples: Vec<Spanned<Item>>,
    tuple_file: Option<IgnoredAny>,
    tuple_files: Option<IgnoredAny>,
}

/// Reads a file of tuples, in the format that its name ends in: `.yaml`, `.json`, `.jsonl` or `.csv`.
pub(super) fn tuples(model: &Model, source: Source<'_>) -> Result<Vec<Placed>, ImportError> {
    let ending = source.name.rsplit('.').next().unwrap_or_default();
    let ends_in = |endings: &[&str]| endings.iter().any(|it| ending.eq_ignore_ascii_case(it));
    if ends_in(&["csv"]) {
        return csv::tuples(model, source);
    }
    let items = if ends_in(&["json", "jsonl", "ndjson"]) {
        json::list(source)?
    } else if is_list(source.text) {
        let items = yaml::read::<Option<Vec<Spanned<Item>>>>(source)?;
        yaml::placed(source, items.unwrap_or_default())
    } else {
        let own: Own = yaml::read(source)?;
        if own.tuple_file.is_some() || own.tuple_files.is_some() {
            let message = "this is a store with tuples in other files too: import the store itself";
            return Err(source.error(0, message));
        }
        yaml::placed(source, own.tuples)
    };
    taken(model, source, items)
}

/// Reads the tuples that are in a store's own file.
pub(super) fn of_store(model: &Model, source: Source<'_>) -> Result<Vec<Placed>, ImportError> {
    let own: Own = yaml::read(source)?;
    taken(model, source, yaml::placed(source, own.tuples))
}

fn taken(
    model: &Model,
    source: Source<'_>,
    items: Vec<(usize, Item)>,
) -> Result<Vec<Placed>, ImportError> {
    let tuples = items.into_iter().map(|(at, item)| {
        let tuple = item.tuple(model);
        let tuple = tuple.map_err(|message| source.error(at, message))?;
        Ok(Placed { at, tuple })
    });
    tuples.collect()
}

/// Whether YAML is a list, as the first line that says anything tells.
fn is_list(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start);
    lines
        .find(|line| !line.is_empty() && !line.starts_with(['#', '%']) && *line != "---")
        .is_none_or(|line| line.starts_with(['-', '[']))
}

impl Item {
    fn tuple(self, model: &Model) -> Result<crate::tuple::Tuple, String> {
        match self {
            Self { key: Some(key), .. } => key.tuple(model),
            Self {
                user: Some(user),
                relation: Some(relation),
                object: Some(object),
                condition,
                ..
            } => {
                let condition = condition.map(|of| (of.name, of.context.unwrap_or_default()));
                model.tuple(&user, &relation, &object, condition)
            }
            _ => Err("a tuple has `user`, `relation` and `object`".to_owned()),
        }
    }
}
