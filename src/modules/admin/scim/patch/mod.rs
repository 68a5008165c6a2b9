//! Changes to a resource (RFC 7644 3.5.2), and what directories make of them.

mod apply;

use serde_json::{Map, Value};

use super::{
    attribute::{Kind, Mutability},
    document,
    error::{ScimError, ScimType},
    filter::{Resolved, parse_path, resolve_within},
    limits::MAX_OPERATIONS,
    path::{Place, Target},
    schema::ResourceType,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Replace,
    Remove,
}

/// One change to one attribute, or the removal of all of an extension.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) verb: Verb,
    place: Place,
    /// Which values of a list are meant.
    pub(super) filter: Option<Resolved>,
    sent: Value,
}

/// Reads a request.
pub(super) fn read(
    resource: &ResourceType,
    sent: &Map<String, Value>,
) -> Result<Vec<Change>, ScimError> {
    let operations = member(sent, "Operations").and_then(Value::as_array);
    let operations = operations.ok_or_else(|| syntax("`Operations` is a list of operations"))?;
    if operations.len() > MAX_OPERATIONS {
        return Err(syntax(format!(
            "there may be {MAX_OPERATIONS} operations at most"
        )));
    }
    let mut changes = Vec::with_capacity(operations.len());
    for operation in operations {
        let operation = operation.as_object();
        let operation = operation.ok_or_else(|| syntax("an operation is an object"))?;
        read_one(resource, operation, &mut changes)?;
    }
    Ok(changes)
}

fn read_one(
    resource: &ResourceType,
    operation: &Map<String, Value>,
    changes: &mut Vec<Change>,
) -> Result<(), ScimError> {
    let word = member(operation, "op").and_then(Value::as_str);
    // Entra ID writes `Add`.
    let verb = match word.unwrap_or_default().to_ascii_lowercase().as_str() {
        "add" => Verb::Add,
        "replace" => Verb::Replace,
        "remove" => Verb::Remove,
        _ => return Err(syntax("`op` is add, replace or remove")),
    };
    let value = member(operation, "value").unwrap_or(&Value::Null);
    match member(operation, "path").filter(|path| !path.is_null()) {
        Some(Value::String(path)) if !path.is_empty() => {
            let (place, filter) = find(resource, path)?;
            check_mutability(place, path)?;
            if verb == Verb::Remove && filter.is_none() {
                check_not_required(place, path)?;
            }
            spread(resource, verb, place, filter, value, changes)
        }
        Some(Value::String(_)) | None => {
            if verb == Verb::Remove {
                let words = "`remove` needs a `path`";
                return Err(ScimError::new(ScimType::NoTarget, words));
            }
            let members = value.as_object();
            let members =
                members.ok_or_else(|| syntax("`value` is an object where there is no `path`"))?;
            for (path, value) in members {
                // As in a resource: what nobody knows, or nobody can set, is passed over.
                if let Ok((place, filter)) = find(resource, path)
                    && check_mutability(place, path).is_ok()
                {
                    spread(resource, verb, place, filter, value, changes)?;
                }
            }
            Ok(())
        }
        Some(_) => Err(syntax("`path` is a text")),
    }
}

/// A change to an extension is one to each of the attributes that are named.
fn spread(
    resource: &ResourceType,
    verb: Verb,
    place: Place,
    filter: Option<Resolved>,
    value: &Value,
    changes: &mut Vec<Change>,
) -> Result<(), ScimError> {
    let Place::Extension(extension) = place else {
        changes.push(Change {
            verb,
            place,
            filter,
            sent: value.clone(),
        });
        return Ok(());
    };
    if verb == Verb::Remove {
        changes.push(Change {
            verb,
            place,
            filter: None,
            sent: Value::Null,
        });
        return Ok(());
    }
    let members = value.as_object();
    let members = members.ok_or_else(|| syntax("`value` is an object for an extension"))?;
    for (name, value) in members {
        if let Some((extension, attribute)) = resource.attribute(Some(extension.urn), name) {
            changes.push(Change {
                verb,
                place: Place::Attribute(Target {
                    extension,
                    attribute,
                    part: None,
                }),
                filter: None,
                sent: value.clone(),
            });
        }
    }
    Ok(())
}

fn find(resource: &ResourceType, path: &str) -> Result<(Place, Option<Resolved>), ScimError> {
    let unknown = || {
        let words = "the resource has no attribute that this `path` names";
        ScimError::new(ScimType::InvalidPath, words)
    };
    if !path.contains('[') {
        let place = Place::find(resource, path).ok_or_else(unknown)?;
        return Ok((place, None));
    }
    let found = parse_path(path)?;
    let target = found.path.among(resource).ok_or_else(unknown)?;
    let attribute = target.attribute;
    let is_list = attribute.is_list && matches!(attribute.kind, Kind::Complex(_));
    if target.part.is_some() || !is_list {
        let words = "a filter in `path` is for a list of objects";
        return Err(ScimError::new(ScimType::InvalidPath, words));
    }
    let filter = resolve_within(found.filter, attribute)?;
    let part = match &found.part {
        None => None,
        Some(part) => Some(attribute.part(part).ok_or_else(unknown)?),
    };
    Ok((Place::Attribute(Target { part, ..target }), Some(filter)))
}

fn check_mutability(place: Place, path: &str) -> Result<(), ScimError> {
    match place {
        Place::Attribute(target)
            if target.attribute.mutability == Mutability::ReadOnly
                || target.last().mutability == Mutability::ReadOnly =>
        {
            Err(ScimError::new(
                ScimType::Mutability,
                format!("`{path}` cannot be changed"),
            ))
        }
        _ => Ok(()),
    }
}

/// RFC 7644 3.5.2.2: what each resource has is not taken away.
fn check_not_required(place: Place, path: &str) -> Result<(), ScimError> {
    match place {
        Place::Attribute(target) if target.part.is_none() && target.attribute.is_required => {
            Err(ScimError::new(
                ScimType::Mutability,
                format!("`{path}` is required, and cannot be removed"),
            ))
        }
        _ => Ok(()),
    }
}

impl Change {
    /// Whether it is of the attribute of this name in the schema.
    pub(super) fn is_of(&self, name: &str) -> bool {
        match self.place {
            Place::Attribute(target) => target.extension.is_none() && target.attribute.name == name,
            Place::Extension(_) => false,
        }
    }

    /// Whether it is of a part of the attribute alone.
    pub(super) fn has_part(&self) -> bool {
        matches!(self.place, Place::Attribute(target) if target.part.is_some())
    }

    /// Whether a value was sent.
    pub(super) fn is_valued(&self) -> bool {
        !self.sent.is_null()
    }

    /// What was sent, as a value of the attribute.
    pub(super) fn value(&self) -> Result<Value, ScimError> {
        match self.place {
            Place::Attribute(target) => {
                Ok(document::value(target.last(), &self.sent)?.unwrap_or_default())
            }
            Place::Extension(_) => Ok(Value::Null),
        }
    }
}

/// The member of this name, whatever its case.
fn member<'a>(of: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let found = of.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

fn syntax(detail: impl Into<String>) -> ScimError {
    ScimError::new(ScimType::InvalidSyntax, detail)
}
