//! Which fields of two JSON values differ.

use serde_json::Value;

/// A field that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What was there; `None` if nothing.
    pub before: Option<Value>,
    /// What is there; `None` if nothing.
    pub after: Option<Value>,
    /// Members that came, where both sides are lists of distinct plain values.
    pub added: Vec<Value>,
    /// Members that went, likewise.
    pub removed: Vec<Value>,
}

/// Every field that differs, in document order, what only `after` has last. Objects are walked
/// into; a list is one field.
pub fn between(before: &Value, after: &Value) -> Vec<Field> {
    let mut fields = Vec::new();
    walk(&mut String::new(), before, after, &mut fields);
    fields
}

fn walk(pointer: &mut String, before: &Value, after: &Value, fields: &mut Vec<Field>) {
    if before == after {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        let (added, removed) = members(before, after);
        fields.push(Field {
            pointer: pointer.clone(),
            before: Some(before.clone()),
            after: Some(after.clone()),
            added,
            removed,
        });
        return;
    };
    let length = pointer.len();
    for (name, value) in old {
        push(pointer, name);
        match new.get(name) {
            Some(other) => walk(pointer, value, other, fields),
            None => fields.push(one_sided(pointer, Some(value), None)),
        }
        pointer.truncate(length);
    }
    for (name, value) in new {
        if !old.contains_key(name) {
            push(pointer, name);
            fields.push(one_sided(pointer, None, Some(value)));
            pointer.truncate(length);
        }
    }
}

fn one_sided(pointer: &str, before: Option<&Value>, after: Option<&Value>) -> Field {
    Field {
        pointer: pointer.to_owned(),
        before: before.cloned(),
        after: after.cloned(),
        added: Vec::new(),
        removed: Vec::new(),
    }
}

/// RFC 6901 section 3.
fn push(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

/// What came and what went, if both are lists in which members can be told apart. Both are empty
/// where only the order differs.
fn members(before: &Value, after: &Value) -> (Vec<Value>, Vec<Value>) {
    let distinct = |value: &Value| -> Option<std::collections::BTreeSet<String>> {
        let list = value.as_array()?;
        let set: std::collections::BTreeSet<String> = list
            .iter()
            .map(|member| (!member.is_object() && !member.is_array()).then(|| member.to_string()))
            .collect::<Option<_>>()?;
        (set.len() == list.len()).then_some(set)
    };
    let (Some(old), Some(new)) = (distinct(before), distinct(after)) else {
        return (Vec::new(), Vec::new());
    };
    let outside = |list: &Value, other: &std::collections::BTreeSet<String>| -> Vec<Value> {
        let members = list.as_array().into_iter().flatten();
        members
            .filter(|member| !other.contains(&member.to_string()))
            .cloned()
            .collect()
    };
    (outside(after, &old), outside(before, &new))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_field_is_named_by_its_pointer() {
        let before = json!({ "same": 1, "a": { "b/c": 1, "gone": true }, "list": ["x", "y"] });
        let after = json!({ "same": 1, "a": { "b/c": 2, "new~": {} }, "list": ["y", "z"] });

        let fields = between(&before, &after);

        let found: Vec<&str> = fields.iter().map(|field| field.pointer.as_str()).collect();
        assert_eq!(found, ["/a/b~1c", "/a/gone", "/a/new~0", "/list"]);
        assert_eq!(fields[1].after, None);
        assert_eq!(fields[2].before, None);
        assert_eq!(
            (&fields[3].added, &fields[3].removed),
            (&vec![json!("z")], &vec![json!("x")])
        );
    }

    #[test]
    fn a_list_in_another_order_has_no_new_members() {
        let fields = between(&json!(["a", "b"]), &json!(["b", "a"]));
        assert_eq!(fields.len(), 1);
        assert!(fields[0].added.is_empty() && fields[0].removed.is_empty());
    }

    #[test]
    fn members_that_cannot_be_told_apart_are_not_compared() {
        let fields = between(&json!([{ "a": 1 }]), &json!([{ "a": 2 }]));
        assert!(fields[0].added.is_empty() && fields[0].removed.is_empty());
    }

    #[test]
    fn equal_values_have_no_differing_field() {
        let value = json!({ "a": [1, { "b": null }] });
        assert_eq!(between(&value, &value.clone()), []);
    }
}
