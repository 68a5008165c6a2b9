use assay_reconciler::spec::scope::RESERVED_CLAIMS;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization as _;

use super::{AttributeRules, Misfits, attribute_form::Form};
use crate::{
    clock::UnixMillis,
    store::{StoreError, Tx, execute, fetch_optional},
};

/// Bytes of all attributes of a person as JSON, and of a change to them.
const MAX_BYTES: usize = 16 * 1024;
/// Objects and lists within each other, the attributes themselves being the first.
const MAX_DEPTH: usize = 5;
/// Characters of a name.
const MAX_NAME: usize = 64;

/// What is known about a person: OpenID Connect standard claims (Core 5.1), and what scopes of manifests
/// release.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Attributes(Map<String, Value>);

/// Why attributes cannot be like that. The words have names, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttributesRefused {
    /// A text, a list.
    #[error("`attributes` must be an object of names and values")]
    NotAnObject,
    /// A claim that only we can make.
    #[error(
        "`attributes.{0}` cannot be set: this provider vouches for the claim `{0}` itself, or says by it what a token is"
    )]
    Reserved(String),
    /// Not the type of the standard claim.
    #[error("`attributes.{0}` must be {1}")]
    WrongForm(String, &'static str),
    /// Not what the operator's schema says.
    #[error("{0}")]
    Misfit(Misfits),
    /// A name that is none.
    #[error("an attribute's name has 1 to {MAX_NAME} characters, none of them a control character")]
    Name,
    /// Over [`MAX_BYTES`].
    #[error("`attributes` may have {MAX_BYTES} bytes of JSON at most")]
    TooLarge,
    /// Over [`MAX_DEPTH`].
    #[error("`attributes` may be {MAX_DEPTH} objects or lists deep at most")]
    TooDeep,
}

/// Why attributes were not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeAttributesError {
    /// There is no such person.
    #[error("there is no such user")]
    Unknown,
    /// What they would be.
    #[error(transparent)]
    Refused(#[from] AttributesRefused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Attributes {
    /// Those of somebody new.
    pub fn of_new(attributes: &Value, rules: &AttributeRules) -> Result<Self, AttributesRefused> {
        let new = Self::default().merged(attributes)?;
        rules.check_new(&Value::Object(new.0.clone()))?;
        Ok(new)
    }

    /// These with a change (RFC 7396): what is `null` in it goes, and so does everything if it is `null`
    /// itself.
    pub fn patched(self, patch: &Value, rules: &AttributeRules) -> Result<Self, AttributesRefused> {
        let before = Value::Object(self.0.clone());
        let patched = self.merged(patch)?;
        let names = patch.as_object().into_iter().flat_map(Map::keys);
        let names: Vec<&str> = names.map(String::as_str).collect();
        rules.check_change(&before, &Value::Object(patched.0.clone()), &names)?;
        Ok(patched)
    }

    fn merged(mut self, patch: &Value) -> Result<Self, AttributesRefused> {
        let Value::Object(changes) = patch else {
            return match patch {
                Value::Null => Ok(Self::default()),
                _ => Err(AttributesRefused::NotAnObject),
            };
        };
        // The names of a change go into the audit log, so it has the limits of what comes of it.
        check_size(changes)?;
        merge(&mut self.0, changes);
        for name in changes.keys() {
            if name.is_empty() || name.chars().count() > MAX_NAME || name.contains(char::is_control)
            {
                return Err(AttributesRefused::Name);
            }
            let Some(value) = self.0.get(name) else {
                continue;
            };
            let form = Form::of(name);
            if form.is_none() && RESERVED_CLAIMS.contains(&name.as_str()) {
                return Err(AttributesRefused::Reserved(name.clone()));
            }
            if let Some(form) = form.filter(|form| !form.fits(value)) {
                return Err(AttributesRefused::WrongForm(name.clone(), form.words()));
            }
        }
        check_size(&self.0)?;
        Ok(self)
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The attribute of this name, if it is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// The `name` as people are searched for by it.
    pub(super) fn name_key(&self) -> Option<String> {
        Some(search_key(self.0.get("name")?.as_str()?))
    }

    /// As it is stored.
    pub fn json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }
}

impl TryFrom<String> for Attributes {
    type Error = serde_json::Error;

    fn try_from(text: String) -> Result<Self, serde_json::Error> {
        serde_json::from_str(&text)
    }
}

/// Changes what is known about a person.
pub async fn change_attributes(
    tx: &mut Tx,
    user_id: &str,
    patch: &Value,
    rules: &AttributeRules,
    now: UnixMillis,
) -> Result<(), ChangeAttributesError> {
    // A write, so that of two changes at once the second sees what the first has made.
    let (text,) = fetch_optional!(
        tx,
        (String,),
        "UPDATE users SET updated_at = $2 WHERE id = $1 RETURNING attributes",
        user_id,
        now
    )?
    .ok_or(ChangeAttributesError::Unknown)?;
    let attributes = Attributes::try_from(text).unwrap_or_default();
    let changed = attributes.patched(patch, rules)?;
    execute!(
        tx,
        "UPDATE users SET attributes = $2, name_key = $3 WHERE id = $1",
        user_id,
        changed.json(),
        changed.name_key()
    )?;
    Ok(())
}

/// A text as it is compared in searches: composed (NFC), lower case, without blanks around it.
pub fn search_key(text: &str) -> String {
    text.trim().nfc().collect::<String>().to_lowercase()
}

/// RFC 7396 2, for an object in an object.
fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, change) in patch {
        match change {
            Value::Null => {
                target.remove(name);
            }
            Value::Object(changes) => {
                let member = target.entry(name.clone()).or_insert(Value::Null);
                if !member.is_object() {
                    *member = Value::Object(Map::new());
                }
                if let Value::Object(members) = member {
                    merge(members, changes);
                }
            }
            other => {
                target.insert(name.clone(), other.clone());
            }
        }
    }
}

fn check_size(attributes: &Map<String, Value>) -> Result<(), AttributesRefused> {
    if attributes.values().any(|value| depth(value) >= MAX_DEPTH) {
        return Err(AttributesRefused::TooDeep);
    }
    let mut bytes = 2;
    for (name, value) in attributes {
        bytes += name.len() + value.to_string().len() + 4;
    }
    if bytes > MAX_BYTES {
        return Err(AttributesRefused::TooLarge);
    }
    Ok(())
}

/// The JSON parser lets 128 pass, which is safe to walk.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(from: &Value, patch: &Value) -> Result<Value, AttributesRefused> {
        let from = Attributes::try_from(from.to_string()).unwrap();
        Ok(json!(from.patched(patch, &AttributeRules::default())?))
    }

    #[test]
    fn a_change_is_a_merge_patch() {
        let ada = json!({ "name": "Ada", "address": { "locality": "London", "country": "GB" } });
        let change = json!({ "name": null, "level": 3, "address": { "locality": "Ockham", "country": null } });
        assert_eq!(
            patched(&ada, &change),
            Ok(json!({ "level": 3, "address": { "locality": "Ockham" } }))
        );
        assert_eq!(patched(&ada, &json!({})), Ok(ada.clone()));
        assert_eq!(patched(&ada, &Value::Null), Ok(json!({})));
        let text = patched(&ada, &json!("Ada"));
        assert_eq!(text, Err(AttributesRefused::NotAnObject));
    }

    #[test]
    fn what_we_vouch_for_can_go_but_not_come() {
        let refused = patched(&json!({}), &json!({ "email_verified": true }));
        assert_eq!(
            refused,
            Err(AttributesRefused::Reserved("email_verified".into()))
        );
        let old = json!({ "sub": "evil" });
        assert_eq!(patched(&old, &json!({ "sub": null })), Ok(json!({})));
    }

    #[test]
    fn attributes_are_bounded() {
        let none = json!({});
        let large = json!({ "notes": "a".repeat(MAX_BYTES) });
        assert_eq!(patched(&none, &large), Err(AttributesRefused::TooLarge));
        let half = json!({ "other": "a".repeat(MAX_BYTES / 2) });
        let full = json!({ "notes": "a".repeat(MAX_BYTES / 2) });
        assert_eq!(patched(&full, &half), Err(AttributesRefused::TooLarge));
        let deep = json!({ "a": [[[[[]]]]] });
        assert_eq!(patched(&none, &deep), Err(AttributesRefused::TooDeep));
        assert!(patched(&none, &json!({ "a": [[[[]]]] })).is_ok());
        for name in ["", "a\nb", &"a".repeat(MAX_NAME + 1)] {
            let named = json!({ name: 1 });
            assert_eq!(patched(&none, &named), Err(AttributesRefused::Name));
        }
    }
}
