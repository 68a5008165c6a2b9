//! Which attributes of a resource are told (RFC 7644 3.9).

use serde_json::{Map, Value};

use super::{
    attribute::{Attribute, Returned},
    error::{ScimError, ScimType},
    limits::MAX_NAMES,
    path::Place,
    schema::ResourceType,
};

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Projection {
    only: Vec<String>,
    but: Vec<String>,
}

impl Projection {
    /// `only` and `but` are names of attributes.
    pub(super) fn of(only: Vec<String>, but: Vec<String>) -> Result<Self, ScimError> {
        if only.len() + but.len() > MAX_NAMES {
            return Err(ScimError::new(
                ScimType::InvalidValue,
                format!("`attributes` and `excludedAttributes` name {MAX_NAMES} at most"),
            ));
        }
        if !only.is_empty() && !but.is_empty() {
            return Err(ScimError::new(
                ScimType::InvalidValue,
                "`attributes` and `excludedAttributes` exclude each other",
            ));
        }
        Ok(Self { only, but })
    }

    /// Whether an attribute of the schema is told at all, so that what is costly need not be looked up.
    pub(super) fn tells(&self, resource: &ResourceType, name: &str) -> bool {
        let names = |list: &[String], with_parts: bool| {
            list.iter().any(|text| match Place::find(resource, text) {
                Some(Place::Attribute(target)) => {
                    target.attribute.name == name && (with_parts || target.part.is_none())
                }
                _ => false,
            })
        };
        if self.only.is_empty() {
            !names(&self.but, false)
        } else {
            names(&self.only, true)
        }
    }

    /// What is told of a resource.
    pub(super) fn show(&self, resource: &ResourceType, all: &Map<String, Value>) -> Value {
        let mut shown = if self.only.is_empty() {
            let mut rest = all.clone();
            for place in places(resource, &self.but) {
                take_away(&mut rest, place);
            }
            rest
        } else {
            let mut chosen = always(resource, all);
            for place in places(resource, &self.only) {
                take_over(&mut chosen, all, place);
            }
            chosen
        };
        if let Some(extension) = resource.extension {
            let is_told = shown.contains_key(extension.urn);
            if !is_told && let Some(Value::Array(schemas)) = shown.get_mut("schemas") {
                schemas.retain(|urn| urn != extension.urn);
            }
        }
        Value::Object(shown)
    }
}

fn places<'a>(resource: &'a ResourceType, names: &'a [String]) -> impl Iterator<Item = Place> + 'a {
    names.iter().filter_map(|text| Place::find(resource, text))
}

fn is_always(attribute: &Attribute) -> bool {
    attribute.returned == Returned::Always
}

fn always(resource: &ResourceType, all: &Map<String, Value>) -> Map<String, Value> {
    let is_told = |name: &str| {
        resource
            .attribute(None, name)
            .is_some_and(|(_, attribute)| is_always(attribute))
    };
    all.iter()
        .filter(|(name, _)| is_told(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn take_away(from: &mut Map<String, Value>, place: Place) {
    let target = match place {
        Place::Extension(extension) => {
            from.shift_remove(extension.urn);
            return;
        }
        Place::Attribute(target) if is_always(target.attribute) => return,
        Place::Attribute(target) => target,
    };
    let among = match target.extension {
        None => Some(from),
        Some(extension) => from.get_mut(extension.urn).and_then(Value::as_object_mut),
    };
    let Some(among) = among else { return };
    let Some(part) = target.part else {
        among.shift_remove(target.attribute.name);
        return;
    };
    match among.get_mut(target.attribute.name) {
        Some(Value::Array(values)) => {
            for value in values.iter_mut().filter_map(Value::as_object_mut) {
                value.shift_remove(part.name);
            }
        }
        Some(Value::Object(parts)) => {
            parts.shift_remove(part.name);
        }
        _ => {}
    }
}

fn take_over(into: &mut Map<String, Value>, all: &Map<String, Value>, place: Place) {
    let target = match place {
        Place::Extension(extension) => {
            if let Some(value) = all.get(extension.urn) {
                into.insert(extension.urn.to_owned(), value.clone());
            }
            return;
        }
        Place::Attribute(target) => target,
    };
    let (from, into) = match target.extension {
        None => (Some(all), into),
        Some(extension) => {
            let from = all.get(extension.urn).and_then(Value::as_object);
            let Some(from) = from else { return };
            let among = into
                .entry(extension.urn)
                .or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(among) = among else { return };
            (Some(from), among)
        }
    };
    let name = target.attribute.name;
    let Some(value) = from.and_then(|from| from.get(name)) else {
        return;
    };
    let Some(part) = target.part else {
        into.insert(name.to_owned(), value.clone());
        return;
    };
    match value {
        Value::Object(parts) => {
            if let Some(value) = parts.get(part.name) {
                let among = into
                    .entry(name)
                    .or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(among) = among {
                    among.insert(part.name.to_owned(), value.clone());
                }
            }
        }
        // Of a list each value keeps its place, so that several parts of one come together.
        Value::Array(values) => {
            let among = into
                .entry(name)
                .or_insert_with(|| vec![Value::Object(Map::new()); values.len()].into());
            for (index, value) in values.iter().enumerate() {
                if let Some(value) = value.get(part.name)
                    && let Some(Value::Object(shown)) = among.get_mut(index)
                {
                    shown.insert(part.name.to_owned(), value.clone());
                }
            }
        }
        _ => {}
    }
}
