//! Kind `Scope`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Localized;

/// What a client may ask a person for, and what it learns by it. `metadata.name` is the value of
/// `scope`. The standard scopes can be described here, too.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScopeSpec {
    /// What the consent page says the client would do, as in `See your teams`. The scope's name,
    /// unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Localized<String>>,
    /// The claims that a client learns which was granted the scope, by name.
    #[serde(default)]
    pub claims: BTreeMap<String, ClaimSource>,
}

/// Where the value of a claim comes from: `attribute`, `value` or `every`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimSource {
    /// An attribute of the person, or what is within it: `department`, `address.locality`. A person
    /// without it has no such claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub attribute: Option<String>,
    /// The same value for everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The ids of every object that the person has a relation or permission to, as a list: the groups
    /// they are a member of. They are looked up when an answer is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<RelatedObjects>,
    /// What the value must be; one that is not is left out. Anything, unless set.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub claim_type: Option<ClaimType>,
    /// Which answers carry the claim.
    #[serde(default = "id_token_and_userinfo")]
    pub into: BTreeSet<ClaimTarget>,
}

/// Objects of one type by what the person is to them, in the namespaces of kind `ZanzibarNamespace`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RelatedObjects {
    /// The namespace, such as `group`.
    #[serde(rename = "type")]
    pub object_type: String,
    /// The relation or permission, such as `member`.
    pub relation: String,
    /// The namespace of people, whose ids are those of their accounts.
    #[serde(default = "user")]
    pub subject_type: String,
}

fn user() -> String {
    String::from("user")
}

fn id_token_and_userinfo() -> BTreeSet<ClaimTarget> {
    [ClaimTarget::IdToken, ClaimTarget::Userinfo].into()
}

/// What a claim's value is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimType {
    /// A text.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list of texts, such as groups.
    Strings,
    /// Fields with values.
    Object,
}

impl ClaimType {
    /// Whether the value is of this type.
    pub fn fits(self, value: &Value) -> bool {
        match self {
            ClaimType::String => value.is_string(),
            ClaimType::Number => value.is_number(),
            ClaimType::Boolean => value.is_boolean(),
            ClaimType::Strings => value
                .as_array()
                .is_some_and(|values| values.iter().all(Value::is_string)),
            ClaimType::Object => value.is_object(),
        }
    }
}

/// An answer that carries claims.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ClaimTarget {
    /// The ID token.
    IdToken,
    /// The answer of the userinfo endpoint.
    Userinfo,
    /// The access token, and what introspection says of it.
    AccessToken,
}

impl ClaimSource {
    /// The claim's value for a person with these attributes; `None` if they have none that fits.
    pub fn value_for<'a>(
        &'a self,
        attributes: &'a serde_json::Map<String, Value>,
    ) -> Option<&'a Value> {
        let found = match (&self.attribute, &self.value) {
            (Some(path), _) => {
                let mut names = path.split('.');
                let first = attributes.get(names.next()?)?;
                names.try_fold(first, |value, name| value.get(name))?
            }
            (None, value) => value.as_ref()?,
        };
        let fits = self
            .claim_type
            .is_none_or(|claim_type| claim_type.fits(found));
        (fits && !found.is_null()).then_some(found)
    }
}

/// Scopes that OpenID Connect gives a meaning.
pub const STANDARD_SCOPES: [&str; 6] = [
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "offline_access",
];

/// Claims that are not a manifest's to give: this provider vouches for them, or the token says by them
/// what it is (OpenID Connect Core 2 and 5.1, RFC 9068, RFC 8693, RFC 7800, RFC 7662).
pub const RESERVED_CLAIMS: [&str; 36] = [
    "_claim_names",
    "_claim_sources",
    "acr",
    "act",
    "active",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "c_hash",
    "client_id",
    "cnf",
    "email",
    "email_verified",
    "events",
    "exchange",
    "exp",
    "gid",
    "iat",
    "iss",
    "jti",
    "may_act",
    "nbf",
    "nonce",
    "phone_number_verified",
    "s_hash",
    "scope",
    "sid",
    "sub",
    "sub_jwk",
    "toe",
    "token_type",
    "txn",
    "updated_at",
    "username",
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(source: Value) -> Option<Value> {
        let attributes = json!({
            "department": "R&D", "groups": ["a", "b"], "address": { "locality": "Berlin" },
            "level": 3, "gone": null,
        });
        let source: ClaimSource = serde_json::from_value(source).unwrap();
        source.value_for(attributes.as_object().unwrap()).cloned()
    }

    #[test]
    fn a_claim_is_an_attribute_a_part_of_one_or_a_constant() {
        assert_eq!(
            value(json!({ "attribute": "department" })),
            Some(json!("R&D"))
        );
        assert_eq!(
            value(json!({ "attribute": "address.locality" })),
            Some(json!("Berlin"))
        );
        assert_eq!(
            value(json!({ "value": { "a": 1 } })),
            Some(json!({ "a": 1 }))
        );
        for missing in [
            "nothing",
            "address.nothing",
            "department.x",
            "gone",
            "groups.0",
        ] {
            assert_eq!(value(json!({ "attribute": missing })), None, "{missing}");
        }
    }

    #[test]
    fn a_value_of_another_type_is_left_out() {
        let typed = |attribute: &str, claim_type: &str| {
            value(json!({ "attribute": attribute, "type": claim_type })).is_some()
        };
        assert!(typed("groups", "strings") && typed("level", "number"));
        assert!(typed("department", "string") && typed("address", "object"));
        assert!(!typed("level", "string") && !typed("groups", "string"));
        assert!(!typed("department", "strings") && !typed("level", "boolean"));
    }
}
