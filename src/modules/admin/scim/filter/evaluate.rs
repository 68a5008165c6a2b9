use serde_json::{Map, Value};

use super::{Comparable, Filter, Operator, Resolved};
use crate::modules::admin::scim::{attribute::Attribute, path::Target};

/// Whether the filter holds for a resource, or for a value that has parts.
pub(in crate::modules::admin::scim) fn holds(filter: &Resolved, of: &Map<String, Value>) -> bool {
    match filter {
        Filter::And(left, right) => holds(left, of) && holds(right, of),
        Filter::Or(left, right) => holds(left, of) || holds(right, of),
        Filter::Not(inner) => !holds(inner, of),
        Filter::Present(target) => values(*target, of).into_iter().any(is_something),
        Filter::Values(target, inner) => values(*target, of)
            .into_iter()
            .filter_map(Value::as_object)
            .any(|value| holds(inner, value)),
        Filter::Compare(target, operator, with) => compare(*target, *operator, with, of),
    }
}

fn compare(target: Target, operator: Operator, with: &Comparable, of: &Map<String, Value>) -> bool {
    // What has no value is not equal to any.
    if operator == Operator::NotEqual {
        return !compare(target, Operator::Equal, with, of);
    }
    let values = values(target, of);
    if *with == Comparable::Nothing {
        return !values.into_iter().any(is_something);
    }
    values
        .into_iter()
        .filter_map(|value| comparable(target.last(), value))
        .any(|value| stands(&value, operator, with))
}

fn stands(value: &Comparable, operator: Operator, with: &Comparable) -> bool {
    use Comparable as C;
    match (value, with) {
        (C::Flag(value), C::Flag(with)) => operator == Operator::Equal && value == with,
        (C::Moment(value), C::Moment(with)) => is_ordered(value, operator, with),
        (C::Exact(value), C::Exact(with)) | (C::Folded(value), C::Folded(with)) => match operator {
            Operator::Contains => value.contains(with.as_str()),
            Operator::StartsWith => value.starts_with(with.as_str()),
            Operator::EndsWith => value.ends_with(with.as_str()),
            _ => is_ordered(value, operator, with),
        },
        _ => false,
    }
}

fn is_ordered<T: Ord>(value: &T, operator: Operator, with: &T) -> bool {
    match operator {
        Operator::Equal => value == with,
        Operator::Greater => value > with,
        Operator::GreaterOrEqual => value >= with,
        Operator::Less => value < with,
        Operator::LessOrEqual => value <= with,
        _ => false,
    }
}

fn comparable(attribute: &Attribute, value: &Value) -> Option<Comparable> {
    match value {
        Value::Bool(flag) => Some(Comparable::Flag(*flag)),
        Value::String(text) => Comparable::of(attribute, text),
        _ => None,
    }
}

/// RFC 7644 3.4.2.2, `pr`: an empty text or list is no value.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// The values that a target has, those of lists one by one.
fn values(target: Target, of: &Map<String, Value>) -> Vec<&Value> {
    let among = match target.extension {
        None => Some(of),
        Some(extension) => of.get(extension.urn).and_then(Value::as_object),
    };
    let Some(value) = among.and_then(|among| among.get(target.attribute.name)) else {
        return Vec::new();
    };
    let each: Vec<&Value> = match value {
        Value::Array(values) => values.iter().collect(),
        value => vec![value],
    };
    match target.part {
        None => each,
        Some(part) => each
            .into_iter()
            .filter_map(|value| value.get(part.name))
            .collect(),
    }
}
