//! The `claims` parameter: what a client asks for claim by claim (OpenID Connect Core 5.5).

use std::collections::{BTreeMap, BTreeSet};

use assay_reconciler::spec::oidc_client::Scope;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{claims, scope::Scopes};

/// What is asked for of the person, for either place.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct ClaimsRequest {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    userinfo: BTreeMap<String, Wish>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    id_token: BTreeMap<String, Wish>,
    /// Those that manifests declare, each with the scope that it belongs to.
    #[serde(skip)]
    declared: BTreeMap<String, String>,
}

/// How one claim is wanted.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct Wish {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    essential: bool,
    /// The only values that are of use; any, if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<Value>,
}

impl Wish {
    pub(super) fn is_essential(&self) -> bool {
        self.essential
    }

    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }

    /// Whether this value is one that is wanted.
    pub(super) fn takes(&self, value: &Value) -> bool {
        self.values.is_empty() || self.values.contains(value)
    }

    fn parse(value: &Value) -> Result<Self, &'static str> {
        let members = match value {
            // OpenID Connect Core 5.5.1: wanted as by default.
            Value::Null => return Ok(Self::default()),
            Value::Object(members) => members,
            _ => return Err("claims: what is asked of a claim must be null or an object"),
        };
        let essential = match members.get("essential") {
            None => false,
            Some(Value::Bool(essential)) => *essential,
            Some(_) => return Err("claims: essential must be true or false"),
        };
        let mut values = match members.get("values") {
            None => Vec::new(),
            Some(Value::Array(values)) => values.clone(),
            Some(_) => return Err("claims: values must be an array"),
        };
        values.extend(members.get("value").cloned());
        Ok(Self { essential, values })
    }
}

/// Where a claim is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Userinfo,
    IdToken,
}

impl ClaimsRequest {
    /// Reads the parameter. Members that nobody has defined are left out (OpenID Connect Core 5.5).
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let Ok(Value::Object(members)) = serde_json::from_str(text) else {
            return Err("claims must be a JSON object");
        };
        let place = |name: &str| match members.get(name) {
            None | Some(Value::Null) => Ok(BTreeMap::new()),
            Some(Value::Object(claims)) => wishes(claims),
            Some(_) => Err("claims: userinfo and id_token must be objects"),
        };
        Ok(Self {
            userinfo: place("userinfo")?,
            id_token: place("id_token")?,
            declared: BTreeMap::new(),
        })
    }

    /// Finds those that manifests declare: `scope_of` says which scope a claim belongs to.
    pub(super) fn with_declared<'a>(mut self, scope_of: impl Fn(&str) -> Option<&'a str>) -> Self {
        let asked = self.userinfo.keys().chain(self.id_token.keys());
        let found = asked.filter_map(|name| Some((name.clone(), scope_of(name)?.to_owned())));
        self.declared = found.collect();
        self
    }

    /// The scope that releases the claim; `None` if it is not about the person, or unknown.
    fn scope_of(&self, name: &str) -> Option<&str> {
        claims::scope_of(name).or_else(|| self.declared.get(name).map(String::as_str))
    }

    /// What was kept of it with the grant.
    pub(super) fn kept(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }

    /// What is kept of it: what is asked of the person. `None` if that is nothing.
    pub(super) fn to_keep(&self) -> Option<String> {
        let of_the_person = |wishes: &BTreeMap<String, Wish>| -> BTreeMap<String, Wish> {
            let known = |(name, _): &(&String, &Wish)| self.scope_of(name).is_some();
            let kept = wishes.iter().filter(known);
            kept.map(|(name, wish)| (name.clone(), wish.clone()))
                .collect()
        };
        let kept = Self {
            userinfo: of_the_person(&self.userinfo),
            id_token: of_the_person(&self.id_token),
            declared: BTreeMap::new(),
        };
        if kept == Self::default() {
            return None;
        }
        serde_json::to_string(&kept).ok()
    }

    /// What is wanted in this place.
    pub(super) fn wishes(&self, place: Place) -> impl Iterator<Item = (&str, &Wish)> {
        let wishes = match place {
            Place::Userinfo => &self.userinfo,
            Place::IdToken => &self.id_token,
        };
        wishes.iter().map(|(name, wish)| (name.as_str(), wish))
    }

    /// What is asked of the person beyond these scopes, among what the client may have at all.
    pub(super) fn beyond(&self, scopes: &Scopes, allowed: &BTreeSet<Scope>) -> ClaimNames {
        let asked = self.userinfo.keys().chain(self.id_token.keys());
        let names = asked.filter(|name| {
            self.scope_of(name)
                .is_some_and(|scope| allowed.contains(scope) && !scopes.contains(scope))
        });
        ClaimNames(names.cloned().collect())
    }

    /// How the authentication context is wanted (OpenID Connect Core 5.5.1.1).
    pub(super) fn acr(&self) -> Option<&Wish> {
        self.id_token.get("acr")
    }

    /// Whether the answer may be about this person (OpenID Connect Core 5.5.1: `sub` with a value).
    pub(super) fn is_about(&self, subject: &str) -> bool {
        let subject = Value::from(subject);
        let asked = [&self.userinfo, &self.id_token];
        asked
            .into_iter()
            .filter_map(|wishes| wishes.get("sub"))
            .all(|wish| wish.takes(&subject))
    }
}

fn wishes(claims: &Map<String, Value>) -> Result<BTreeMap<String, Wish>, &'static str> {
    let claims = claims.iter();
    claims
        .map(|(name, value)| Ok((name.clone(), Wish::parse(value)?)))
        .collect()
}

/// Names of claims, written like scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClaimNames(BTreeSet<String>);

impl ClaimNames {
    /// Reads the column.
    pub(super) fn parse(text: &str) -> Self {
        let names = text.split(' ').filter(|name| !name.is_empty());
        Self(names.map(str::to_owned).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// As it is written into the column.
    pub(super) fn to_text(&self) -> String {
        self.0.iter().cloned().collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_example_of_the_standard_is_read() {
        let text = json!({
            "userinfo": {
                "given_name": { "essential": true }, "nickname": null, "email": { "essential": true },
                "picture": null, "http://example.info/claims/groups": null,
            },
            "id_token": {
                "auth_time": { "essential": true },
                "acr": { "values": ["urn:mace:incommon:iap:silver"] },
            },
            "later": 7,
        });
        let asked = ClaimsRequest::parse(&text.to_string()).unwrap();
        assert!(!asked.acr().unwrap().is_essential());
        let kept = asked.to_keep().unwrap();
        assert_eq!(ClaimsRequest::kept(Some(&kept)).to_keep().unwrap(), kept);
        assert!(!kept.contains("groups") && !kept.contains("acr"), "{kept}");
        let names: Vec<_> = ClaimsRequest::kept(Some(&kept))
            .wishes(Place::Userinfo)
            .map(|(name, wish)| (name.to_owned(), wish.is_essential()))
            .collect();
        let expected = [
            ("email", true),
            ("given_name", true),
            ("nickname", false),
            ("picture", false),
        ];
        assert_eq!(names, expected.map(|(name, is)| (name.to_owned(), is)));
    }

    #[test]
    fn what_is_malformed_is_none() {
        for text in [
            "",
            "{",
            "[]",
            "null",
            "\"x\"",
            r#"{"userinfo":[]}"#,
            r#"{"id_token":"acr"}"#,
            r#"{"userinfo":{"name":true}}"#,
            r#"{"userinfo":{"name":{"essential":"yes"}}}"#,
            r#"{"id_token":{"acr":{"values":"1"}}}"#,
        ] {
            assert!(ClaimsRequest::parse(text).is_err(), "{text}");
        }
        assert_eq!(
            ClaimsRequest::parse(r#"{"userinfo":null}"#).unwrap(),
            ClaimsRequest::default()
        );
    }

    #[test]
    fn a_subject_is_one_of_those_asked_for() {
        let about = |text: &str| ClaimsRequest::parse(text).unwrap().is_about("ada");
        assert!(about("{}"));
        assert!(about(r#"{"id_token":{"sub":null}}"#));
        assert!(about(r#"{"id_token":{"sub":{"value":"ada"}}}"#));
        assert!(about(r#"{"userinfo":{"sub":{"values":["eve","ada"]}}}"#));
        assert!(!about(r#"{"userinfo":{"sub":{"value":"eve"}}}"#));
        assert!(!about(r#"{"id_token":{"sub":{"value":7}}}"#));
    }

    #[test]
    fn what_a_scope_gives_is_not_asked_for_twice() {
        let text = r#"{"userinfo":{"email":null,"name":null,"iss":null,"phone_number":null}}"#;
        let asked = ClaimsRequest::parse(text).unwrap();
        let allowed = ["openid", "profile", "email"].map(|scope| scope.parse().unwrap());
        let beyond = |scopes| asked.beyond(&Scopes::parse(scopes), &allowed.clone().into());
        assert_eq!(beyond("openid").to_text(), "email name");
        assert_eq!(beyond("openid email").to_text(), "name");
        assert_eq!(beyond("openid email profile"), ClaimNames::default());
    }
}
