//! What was sent, in the form in which the rest of this folder has it: attributes by the names in the
//! schema, values of their types, and nothing else.

use serde_json::{Map, Value};

use super::{
    attribute::{Attribute, Kind, Mutability},
    error::{ScimError, ScimType},
    limits::{MAX_MEMBERS, MAX_TEXT, MAX_VALUES},
    schema::ResourceType,
};

/// Reads a resource. What nobody knows is passed over, and so is what cannot be set (RFC 7644 3.3).
pub(super) fn read(
    resource: &ResourceType,
    sent: &Map<String, Value>,
) -> Result<Map<String, Value>, ScimError> {
    let mut read = Map::new();
    for (name, sent) in sent {
        if let Some(extension) = resource.extension_of(name) {
            let Value::Object(members) = sent else {
                continue;
            };
            let mut inner = Map::new();
            for (name, sent) in members {
                if let Some((_, attribute)) = resource.attribute(Some(extension.urn), name) {
                    set(&mut inner, attribute, value(attribute, sent)?);
                }
            }
            if !inner.is_empty() {
                read.insert(extension.urn.to_owned(), inner.into());
            }
        } else if let Some((_, attribute)) = resource.attribute(None, name)
            && attribute.mutability != Mutability::ReadOnly
        {
            set(&mut read, attribute, value(attribute, sent)?);
        }
    }
    Ok(read)
}

/// Sets an attribute, or takes it away.
pub(super) fn set(of: &mut Map<String, Value>, attribute: &Attribute, value: Option<Value>) {
    match value {
        Some(value) => {
            of.insert(attribute.name.to_owned(), value);
        }
        None => {
            of.shift_remove(attribute.name);
        }
    }
}

/// A value of this attribute; `None` if it is to have none.
pub(super) fn value(attribute: &Attribute, sent: &Value) -> Result<Option<Value>, ScimError> {
    if !attribute.is_list {
        return single(attribute, sent);
    }
    let sent = match sent {
        Value::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    };
    let limit = match attribute.name {
        "members" => MAX_MEMBERS,
        _ => MAX_VALUES,
    };
    if sent.len() > limit {
        return Err(refused(attribute, &format!("has {limit} values at most")));
    }
    let mut values = Vec::with_capacity(sent.len());
    for sent in sent {
        values.extend(single(attribute, sent)?);
    }
    Ok((!values.is_empty()).then_some(Value::Array(values)))
}

/// One value of this attribute.
pub(super) fn single(attribute: &Attribute, sent: &Value) -> Result<Option<Value>, ScimError> {
    if sent.is_null() {
        return Ok(None);
    }
    match attribute.kind {
        Kind::Text | Kind::Reference(_) | Kind::Moment => {
            let text = match sent {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return Err(refused(attribute, "is a text")),
            };
            check(attribute, &text)?;
            Ok((!text.is_empty()).then_some(Value::String(text)))
        }
        Kind::Flag => match sent {
            Value::Bool(flag) => Ok(Some((*flag).into())),
            // Entra ID says "False".
            Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true.into())),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false.into())),
            _ => Err(refused(attribute, "is true or false")),
        },
        Kind::Complex(_) => complex(attribute, sent),
    }
}

fn complex(attribute: &Attribute, sent: &Value) -> Result<Option<Value>, ScimError> {
    let mut parts = Map::new();
    match (sent, attribute.part("value")) {
        (Value::Object(members), _) => {
            for (name, sent) in members {
                if let Some(part) = attribute
                    .part(name)
                    .filter(|part| part.mutability != Mutability::ReadOnly)
                {
                    set(&mut parts, part, value(part, sent)?);
                }
            }
        }
        // A manager, or a member, by the id alone.
        (Value::String(_), Some(part)) => set(&mut parts, part, single(part, sent)?),
        _ => return Err(refused(attribute, "is an object")),
    }
    Ok((!parts.is_empty()).then_some(Value::Object(parts)))
}

fn check(attribute: &Attribute, text: &str) -> Result<(), ScimError> {
    if text.chars().count() > MAX_TEXT {
        return Err(refused(
            attribute,
            &format!("has {MAX_TEXT} characters at most"),
        ));
    }
    let is_forbidden = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.contains(is_forbidden) {
        return Err(refused(attribute, "has no control characters"));
    }
    Ok(())
}

/// The value that stands for the list: the primary one, one for work, or the first.
pub(super) fn lead(values: &[Value]) -> Option<usize> {
    values
        .iter()
        .position(|value| value["primary"] == true)
        .or_else(|| values.iter().position(|value| value["type"] == "work"))
        .or_else(|| (!values.is_empty()).then_some(0))
}

fn refused(attribute: &Attribute, words: &str) -> ScimError {
    ScimError::new(
        ScimType::InvalidValue,
        format!("`{}` {words}", attribute.name),
    )
}
