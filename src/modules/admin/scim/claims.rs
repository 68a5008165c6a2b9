//! Which attributes of a directory are claims: what clients learn of a person, and what the person sees and
//! may change on the account's pages. Both ways go through one table.

use serde_json::{Map, Value, json};

use super::{document::lead, schema::ENTERPRISE_SCHEMA};
use crate::modules::user::{AttributeRules, Attributes};

/// Where in a resource a claim comes from.
#[derive(Clone, Copy)]
enum Spot {
    Plain(&'static str),
    Part(&'static str, &'static str),
    /// The value that stands for a list.
    Lead(&'static str),
    Enterprise(&'static str),
    EnterprisePart(&'static str, &'static str),
}

/// A claim, and where it comes from: the first of these that has a value which the claim can have.
const CLAIMS: &[(&str, &[Spot])] = &[
    (
        "name",
        &[Spot::Plain("displayName"), Spot::Part("name", "formatted")],
    ),
    ("given_name", &[Spot::Part("name", "givenName")]),
    ("family_name", &[Spot::Part("name", "familyName")]),
    ("middle_name", &[Spot::Part("name", "middleName")]),
    ("nickname", &[Spot::Plain("nickName")]),
    ("profile", &[Spot::Plain("profileUrl")]),
    ("title", &[Spot::Plain("title")]),
    (
        "locale",
        &[Spot::Plain("locale"), Spot::Plain("preferredLanguage")],
    ),
    ("zoneinfo", &[Spot::Plain("timezone")]),
    ("phone_number", &[Spot::Lead("phoneNumbers")]),
    ("picture", &[Spot::Lead("photos")]),
    ("employee_number", &[Spot::Enterprise("employeeNumber")]),
    ("cost_center", &[Spot::Enterprise("costCenter")]),
    ("organization", &[Spot::Enterprise("organization")]),
    ("division", &[Spot::Enterprise("division")]),
    ("department", &[Spot::Enterprise("department")]),
    ("manager", &[Spot::EnterprisePart("manager", "value")]),
];

/// The claims that a resource makes.
fn claims_of(resource: &Map<String, Value>) -> Map<String, Value> {
    let mut claims = Map::new();
    for (claim, spots) in CLAIMS {
        let found = spots
            .iter()
            .filter_map(|spot| spot.get(resource))
            .map(|text| as_claim(claim, text))
            .find(|text| {
                // What a directory has may be anything; what is no language is not told as one.
                let rules = AttributeRules::default();
                Attributes::of_new(&json!({ *claim: text }), &rules).is_ok()
            });
        if let Some(text) = found {
            claims.insert((*claim).to_owned(), text.into());
        }
    }
    claims
}

fn as_claim(claim: &str, text: &str) -> String {
    match claim {
        // `en_US` is what many directories have.
        "locale" => text.replace('_', "-"),
        _ => text.to_owned(),
    }
}

/// Brings a resource up to what the claims are now: whoever changed them last is right.
pub(super) fn bring_up(resource: &mut Map<String, Value>, attributes: &Attributes) {
    let said = claims_of(resource);
    for (claim, spots) in CLAIMS {
        let now = attributes.text(claim);
        if said.get(*claim).and_then(Value::as_str) == now {
            continue;
        }
        let mut value = now;
        for spot in *spots {
            spot.put(resource, value.take());
        }
    }
}

/// How the claims must be changed (RFC 7396) to be what a resource makes them.
pub(super) fn changes(
    resource: &Map<String, Value>,
    attributes: &Attributes,
) -> Map<String, Value> {
    let wanted = claims_of(resource);
    let mut changes = Map::new();
    for (claim, _) in CLAIMS {
        let wanted = wanted.get(*claim);
        if wanted.and_then(Value::as_str) != attributes.text(claim) {
            let wanted = wanted.cloned().unwrap_or(Value::Null);
            changes.insert((*claim).to_owned(), wanted);
        }
    }
    changes
}

impl Spot {
    fn get(self, of: &Map<String, Value>) -> Option<&str> {
        match self {
            Self::Plain(name) => of.get(name)?,
            Self::Part(name, part) => of.get(name)?.get(part)?,
            Self::Lead(name) => {
                let values = of.get(name)?.as_array()?;
                values.get(lead(values)?)?.get("value")?
            }
            Self::Enterprise(name) => of.get(ENTERPRISE_SCHEMA)?.get(name)?,
            Self::EnterprisePart(name, part) => of.get(ENTERPRISE_SCHEMA)?.get(name)?.get(part)?,
        }
        .as_str()
    }

    fn put(self, into: &mut Map<String, Value>, text: Option<&str>) {
        match self {
            Self::Plain(name) => put(into, name, text.map(Value::from)),
            Self::Part(name, part) => put_part(into, name, part, text),
            Self::Lead(name) => put_lead(into, name, text),
            Self::Enterprise(name) => put_part(into, ENTERPRISE_SCHEMA, name, text),
            Self::EnterprisePart(name, part) => {
                // The address of another manager would be wrong.
                let manager = text.map(|text| json!({ part: text }));
                let mut enterprise = object(into, ENTERPRISE_SCHEMA);
                put(&mut enterprise, name, manager);
                put_object(into, ENTERPRISE_SCHEMA, enterprise);
            }
        }
    }
}

fn put(into: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => {
            into.insert(name.to_owned(), value);
        }
        None => {
            into.shift_remove(name);
        }
    }
}

fn put_part(into: &mut Map<String, Value>, name: &str, part: &str, text: Option<&str>) {
    let mut parts = object(into, name);
    put(&mut parts, part, text.map(Value::from));
    put_object(into, name, parts);
}

fn object(of: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    match of.shift_remove(name) {
        Some(Value::Object(parts)) => parts,
        _ => Map::new(),
    }
}

fn put_object(into: &mut Map<String, Value>, name: &str, parts: Map<String, Value>) {
    if !parts.is_empty() {
        into.insert(name.to_owned(), parts.into());
    }
}

fn put_lead(into: &mut Map<String, Value>, name: &str, text: Option<&str>) {
    let mut values = match into.shift_remove(name) {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    };
    match (text, lead(&values)) {
        (Some(text), Some(index)) => values[index]["value"] = text.into(),
        (Some(text), None) => values.push(json!({ "value": text, "primary": true })),
        (None, Some(index)) => {
            values.remove(index);
        }
        (None, None) => {}
    }
    if !values.is_empty() {
        into.insert(name.to_owned(), values.into());
    }
}
