use serde_json::{Map, Value};

use super::{Change, Verb};
use crate::modules::admin::scim::{
    attribute::{Attribute, Kind},
    document::{self, set},
    error::{ScimError, ScimType},
    filter::{Comparable, Filter, Operator, Resolved, holds},
    path::{Place, Target},
};

impl Change {
    /// Makes it.
    pub(in crate::modules::admin::scim) fn apply(
        &self,
        to: &mut Map<String, Value>,
    ) -> Result<(), ScimError> {
        let target = match self.place {
            Place::Extension(extension) => {
                to.shift_remove(extension.urn);
                return Ok(());
            }
            Place::Attribute(target) => target,
        };
        let Some(extension) = target.extension else {
            return self.apply_among(target, to);
        };
        let mut among = match to.shift_remove(extension.urn) {
            Some(Value::Object(among)) => among,
            _ => Map::new(),
        };
        self.apply_among(target, &mut among)?;
        if !among.is_empty() {
            to.insert(extension.urn.to_owned(), among.into());
        }
        Ok(())
    }

    fn apply_among(&self, target: Target, among: &mut Map<String, Value>) -> Result<(), ScimError> {
        let attribute = target.attribute;
        if attribute.is_list {
            let before = match among.shift_remove(attribute.name) {
                Some(Value::Array(values)) => values,
                _ => Vec::new(),
            };
            let mut values = before.clone();
            match &self.filter {
                None => self.apply_to_list(target, &mut values)?,
                Some(filter) => self.apply_to_chosen(target, filter, &mut values)?,
            }
            values.retain(|value| value.as_object().is_none_or(|parts| !parts.is_empty()));
            settle_primary(&before, &mut values);
            let left = (!values.is_empty()).then_some(Value::Array(values));
            // What is too much for one that is sent is too much for one that has come of many.
            let left = match left {
                Some(values) => document::value(attribute, &values)?,
                None => None,
            };
            set(among, attribute, left);
            return Ok(());
        }
        match (target.part, attribute.kind) {
            (None, Kind::Complex(_)) if self.verb != Verb::Remove => {
                let Some(Value::Object(more)) = document::value(attribute, &self.sent)? else {
                    set(among, attribute, None);
                    return Ok(());
                };
                // RFC 7644 3.5.2.3: parts that are not named stay.
                let mut parts = object(among, attribute);
                parts.extend(more);
                set(among, attribute, Some(parts.into()));
            }
            (None, _) => set(among, attribute, self.wanted(attribute)?),
            (Some(part), _) => {
                let mut parts = object(among, attribute);
                set(&mut parts, part, self.wanted(part)?);
                let parts = (!parts.is_empty()).then_some(Value::Object(parts));
                set(among, attribute, parts);
            }
        }
        Ok(())
    }

    fn wanted(&self, attribute: &Attribute) -> Result<Option<Value>, ScimError> {
        match self.verb {
            Verb::Remove => Ok(None),
            Verb::Add | Verb::Replace => document::value(attribute, &self.sent),
        }
    }

    fn apply_to_list(&self, target: Target, values: &mut Vec<Value>) -> Result<(), ScimError> {
        if let Some(part) = target.part {
            let wanted = self.wanted(part)?;
            if values.is_empty() && wanted.is_some() {
                values.push(Value::Object(Map::new()));
            }
            for value in values.iter_mut().filter_map(Value::as_object_mut) {
                set(value, part, wanted.clone());
            }
            return Ok(());
        }
        let named = match document::value(target.attribute, &self.sent)? {
            Some(Value::Array(named)) => named,
            _ => Vec::new(),
        };
        match self.verb {
            Verb::Add => {
                for value in named {
                    if !values.contains(&value) {
                        values.push(value);
                    }
                }
            }
            Verb::Replace => *values = named,
            // Entra ID names what is to go in the value.
            Verb::Remove if self.is_valued() => values.retain(|value| {
                let same =
                    |named: &Value| !named["value"].is_null() && named["value"] == value["value"];
                !named.iter().any(same)
            }),
            Verb::Remove => values.clear(),
        }
        Ok(())
    }

    fn apply_to_chosen(
        &self,
        target: Target,
        filter: &Resolved,
        values: &mut Vec<Value>,
    ) -> Result<(), ScimError> {
        let is_chosen = |value: &Value| value.as_object().is_some_and(|value| holds(filter, value));
        if self.verb == Verb::Remove {
            match target.part {
                // What is gone already needs no refusal: directories repeat themselves.
                None => values.retain(|value| !is_chosen(value)),
                Some(part) => {
                    for value in values.iter_mut().filter(|value| is_chosen(value)) {
                        if let Some(value) = value.as_object_mut() {
                            set(value, part, None);
                        }
                    }
                }
            }
            return Ok(());
        }
        if !values.iter().any(is_chosen) {
            if self.verb == Verb::Replace {
                let words = "no value is like the filter in `path`";
                return Err(ScimError::new(ScimType::NoTarget, words));
            }
            // Entra ID adds `emails[type eq "work"].value` where there is none yet.
            values.push(Value::Object(made_for(filter)?));
        }
        let wanted = match target.part {
            Some(part) => document::value(part, &self.sent)?,
            None => document::single(target.attribute, &self.sent)?,
        };
        for value in values.iter_mut().filter(|value| is_chosen(value)) {
            match (target.part, value.as_object_mut(), &wanted) {
                (Some(part), Some(value), wanted) => set(value, part, wanted.clone()),
                (None, Some(value), Some(Value::Object(parts))) if self.verb == Verb::Add => {
                    value.extend(parts.clone());
                }
                (None, _, Some(wanted)) => *value = wanted.clone(),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A value that the filter holds for, if it says what that is.
fn made_for(filter: &Resolved) -> Result<Map<String, Value>, ScimError> {
    match filter {
        Filter::And(left, right) => {
            let mut parts = made_for(left)?;
            parts.extend(made_for(right)?);
            Ok(parts)
        }
        Filter::Compare(target, Operator::Equal, with) => {
            let value = match with {
                Comparable::Flag(flag) => (*flag).into(),
                Comparable::Exact(text) | Comparable::Folded(text) => text.as_str().into(),
                Comparable::Nothing | Comparable::Moment(_) => Value::Null,
            };
            let mut parts = Map::new();
            if !value.is_null() {
                parts.insert(target.attribute.name.to_owned(), value);
            }
            Ok(parts)
        }
        _ => Err(ScimError::new(
            ScimType::NoTarget,
            "no value is like the filter in `path`, and it does not say what one would be",
        )),
    }
}

/// RFC 7644 3.5.2: one value that is made the primary one makes the others not.
fn settle_primary(before: &[Value], values: &mut [Value]) {
    let is_primary = |value: &Value| value["primary"] == true;
    if values.iter().filter(|value| is_primary(value)).count() < 2 {
        return;
    }
    let was: Vec<&Value> = before.iter().filter(|value| is_primary(value)).collect();
    let mut newest = None;
    for (index, value) in values.iter().enumerate() {
        if is_primary(value) && !was.contains(&value) {
            newest = Some(index);
        }
    }
    let newest = newest.or_else(|| values.iter().position(is_primary));
    for (index, value) in values.iter_mut().enumerate() {
        if is_primary(value) && Some(index) != newest {
            value["primary"] = false.into();
        }
    }
}

fn object(of: &mut Map<String, Value>, attribute: &Attribute) -> Map<String, Value> {
    match of.shift_remove(attribute.name) {
        Some(Value::Object(parts)) => parts,
        _ => Map::new(),
    }
}
