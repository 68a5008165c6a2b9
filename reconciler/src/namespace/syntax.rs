//! Checks the texts of a namespace that is not decoded yet.

use serde_json::Value;

use super::{
    NamespaceProblem, ParameterType, PermissionExpression, Place, SubjectType, SubjectTypeError,
    SyntaxError, problem::escaped,
};

/// Every subject type, permission expression and type of parameter in `spec` that cannot be read. Decoding would stop
/// at the first one and not say where in the text it is.
///
/// What is not of the right shape is passed over: the JSON Schema has said so.
pub fn check_syntax(namespace: &str, spec: &Value) -> Vec<NamespaceProblem> {
    let mut problems = Vec::new();
    for (relation, value) in entries(spec, "relations") {
        let types = value.get("types").and_then(Value::as_array);
        for (index, item) in types.into_iter().flatten().enumerate() {
            let Some(text) = item.as_str() else { continue };
            if let Err(error) = text.parse::<SubjectType>() {
                let place = Place::Pointer {
                    pointer: format!("/relations/{}/types/{index}", escaped(relation)),
                    range: None,
                };
                problems.push(subject_type(namespace, place, &error));
            }
        }
    }
    for (permission, value) in entries(spec, "permissions") {
        let Some(text) = value.as_str() else { continue };
        if let Err(error) = text.parse::<PermissionExpression>() {
            let place = Place::Expression {
                permission: permission.clone(),
                range: error.range,
            };
            problems.push(expression(namespace, place, error));
        }
    }
    for (caveat, value) in entries(spec, "caveats") {
        for (parameter, value) in entries(value, "parameters") {
            let Some(text) = value.as_str() else { continue };
            if let Err(error) = text.parse::<ParameterType>() {
                let (caveat, parameter) = (escaped(caveat), escaped(parameter));
                let place = Place::Pointer {
                    pointer: format!("/caveats/{caveat}/parameters/{parameter}"),
                    range: None,
                };
                problems.push(NamespaceProblem::error(namespace, place, error.to_string()));
            }
        }
    }
    problems
}

fn entries<'a>(spec: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    spec.get(key)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

fn subject_type(namespace: &str, place: Place, error: &SubjectTypeError) -> NamespaceProblem {
    NamespaceProblem::error(namespace, place, error.to_string())
}

fn expression(namespace: &str, place: Place, error: SyntaxError) -> NamespaceProblem {
    let message = format!("found {}, expected {}", error.found, error.expected);
    NamespaceProblem {
        help: error.help,
        ..NamespaceProblem::error(namespace, place, message)
    }
}
