//! What an upstream says of a person, read by its manifest.

use assay_reconciler::spec::UpstreamProviderSpec;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{FEDERATED, FEDERATED_MULTI_FACTOR, error::UpstreamError, exchange::Told};
use crate::modules::user::Email;

/// Longest subject that is kept.
const MAX_SUBJECT: usize = 255;
/// Longest claims that are kept, in bytes of JSON.
const MAX_CLAIMS: usize = 16 * 1_024;

/// Somebody, as an upstream knows them.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Identity {
    pub(super) issuer: String,
    pub(super) subject: String,
    /// `sub`, which logout tokens speak of, whatever the subject is read from.
    pub(super) sub: Option<String>,
    /// In our normal form.
    pub(super) email: Option<String>,
    /// Whether the upstream says that the address is theirs.
    pub(super) email_verified: bool,
    /// What the attributes of the person are to be.
    pub(super) attributes: Map<String, Value>,
    /// All that was told, for the record.
    pub(super) claims: Map<String, Value>,
    /// The session there (OpenID Connect Back-Channel Logout 2.1).
    pub(super) sid: Option<String>,
    /// Whether they have shown two factors there.
    pub(super) is_multi_factor: bool,
}

/// Why somebody is not let in by the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotAllowed {
    /// `requiredClaims`
    Claims,
    /// `allowedDomains`
    Domain,
}

impl NotAllowed {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Claims => "required_claims",
            Self::Domain => "allowed_domains",
        }
    }
}

/// A claim by its name, or by a JSON pointer.
fn claim<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let value = match name.strip_prefix('/') {
        None => claims.get(name),
        Some(path) => {
            let (first, rest) = path.split_once('/').map_or((path, ""), |parts| parts);
            let first = claims.get(&first.replace("~1", "/").replace("~0", "~"))?;
            if rest.is_empty() {
                Some(first)
            } else {
                first.pointer(&format!("/{rest}"))
            }
        }
    };
    value.filter(|value| !value.is_null())
}

fn is_true(value: &Value) -> bool {
    // Apple says it as a text.
    value.as_bool().unwrap_or(value == "true")
}

/// Whether the ID token leaves open what the manifest reads.
pub(super) fn wants_more(spec: &UpstreamProviderSpec, claims: &Map<String, Value>) -> bool {
    let mapping = &spec.claims;
    let fixed = [&mapping.subject, &mapping.email, &mapping.name];
    fixed
        .into_iter()
        .chain(mapping.attributes.values())
        .chain(spec.required_claims.keys())
        .any(|name| claim(claims, name).is_none())
}

impl Identity {
    /// Reads what was told.
    pub(super) fn of(spec: &UpstreamProviderSpec, told: &Told) -> Result<Self, UpstreamError> {
        let claims = &told.claims;
        let mapping = &spec.claims;
        let text = |name: &str| claim(claims, name).and_then(Value::as_str);
        let subject = match claim(claims, &mapping.subject) {
            Some(Value::String(text)) => text.clone(),
            // GitHub numbers people.
            Some(Value::Number(number)) if number.is_u64() => number.to_string(),
            _ => String::new(),
        };
        if subject.is_empty() || subject.len() > MAX_SUBJECT {
            return Err(UpstreamError::Subject(mapping.subject.clone()));
        }
        let email = text(&mapping.email)
            .and_then(|text| text.parse::<Email>().ok())
            .map(|email| email.to_string());
        let email_verified =
            email.is_some() && claim(claims, &mapping.email_verified).is_some_and(is_true);
        let named = [
            ("name", &mapping.name),
            ("preferred_username", &mapping.preferred_username),
            ("picture", &mapping.picture),
        ];
        let more = mapping.attributes.iter();
        let attributes = named
            .into_iter()
            .chain(more.map(|(attribute, claim)| (attribute.as_str(), claim)))
            .filter_map(|(attribute, name)| {
                Some((attribute.to_owned(), claim(claims, name)?.clone()))
            })
            .collect();
        let is_short = serde_json::to_vec(claims).is_ok_and(|json| json.len() <= MAX_CLAIMS);
        Ok(Self {
            issuer: told.issuer.clone(),
            subject,
            sub: text("sub").map(str::to_owned),
            email,
            email_verified,
            attributes,
            claims: if is_short { claims.clone() } else { Map::new() },
            sid: text("sid").map(str::to_owned),
            is_multi_factor: is_multi_factor(spec, claims),
        })
    }

    /// Whether the manifest lets such people in.
    pub(super) fn check(&self, spec: &UpstreamProviderSpec) -> Result<(), NotAllowed> {
        let fits = |(name, wanted): (&String, &Value)| match claim(&self.claims, name) {
            Some(Value::Array(values)) if !wanted.is_array() => values.contains(wanted),
            Some(value) => value == wanted,
            None => false,
        };
        if !spec.required_claims.iter().all(fits) {
            return Err(NotAllowed::Claims);
        }
        let is_of_domain = || {
            let email = self.email.as_deref().filter(|_| self.email_verified);
            let domain = email.and_then(|email| email.rsplit_once('@'));
            domain.is_some_and(|(_, domain)| spec.allowed_domains.contains(domain))
        };
        if !spec.allowed_domains.is_empty() && !is_of_domain() {
            return Err(NotAllowed::Domain);
        }
        Ok(())
    }

    /// How the person has proved who they are (RFC 8176).
    pub(super) fn amr(&self) -> &'static [&'static str] {
        if self.is_multi_factor {
            &[FEDERATED, FEDERATED_MULTI_FACTOR]
        } else {
            &[FEDERATED]
        }
    }

    /// What the person knows it by.
    pub(super) fn shown(&self) -> &str {
        let name = |attribute: &str| self.attributes.get(attribute).and_then(Value::as_str);
        self.email
            .as_deref()
            .or_else(|| name("preferred_username"))
            .or_else(|| name("name"))
            .unwrap_or(&self.subject)
    }
}

fn is_multi_factor(spec: &UpstreamProviderSpec, claims: &Map<String, Value>) -> bool {
    let signs = &spec.multi_factor;
    let has_acr = claims
        .get("acr")
        .and_then(Value::as_str)
        .is_some_and(|acr| signs.acr.contains(acr));
    let has_amr = claims
        .get("amr")
        .and_then(Value::as_array)
        .is_some_and(|amr| {
            amr.iter()
                .filter_map(Value::as_str)
                .any(|one| signs.amr.contains(one))
        });
    has_acr || has_amr
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(more: &Value) -> UpstreamProviderSpec {
        let mut spec = json!({ "issuer": "https://up.example", "clientId": "us" });
        spec.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        serde_json::from_value(spec).unwrap()
    }

    fn identity(spec: &UpstreamProviderSpec, claims: &Value) -> Result<Identity, UpstreamError> {
        let told = Told {
            issuer: "https://up.example".into(),
            claims: claims.as_object().unwrap().clone(),
            tokens: super::super::exchange::UpstreamTokens {
                access_token: String::new(),
                refresh_token: None,
                scope: None,
                expires_at: None,
            },
        };
        Identity::of(spec, &told)
    }

    #[test]
    fn claims_are_read_by_name_and_by_pointer() {
        let spec = spec(&json!({ "claims": {
            "subject": "/user/id", "email": "mail",
            "attributes": { "department": "/user/tags/0" },
        } }));
        let told = json!({
            "user": { "id": 7, "tags": ["a"] }, "mail": " Ada@Example.com", "name": "Ada",
        });
        let ada = identity(&spec, &told).unwrap();
        assert_eq!(ada.subject, "7");
        assert_eq!(ada.email.as_deref(), Some("ada@example.com"));
        assert!(!ada.email_verified);
        assert_eq!(
            Value::Object(ada.attributes),
            json!({ "name": "Ada", "department": "a" })
        );
    }

    #[test]
    fn nobody_is_known_by_nothing() {
        for subject in [
            json!(null),
            json!(""),
            json!(1.5),
            json!(["a"]),
            json!("a".repeat(256)),
        ] {
            assert!(identity(&spec(&json!({})), &json!({ "sub": subject })).is_err());
        }
    }

    #[test]
    fn a_domain_counts_only_with_an_address_that_is_verified() {
        let spec = spec(&json!({ "allowedDomains": ["example.com"] }));
        let check = |email: &str, verified: Value| {
            let told = json!({ "sub": "a", "email": email, "email_verified": verified });
            identity(&spec, &told).unwrap().check(&spec)
        };
        assert_eq!(check("ada@example.com", json!(true)), Ok(()));
        assert_eq!(check("ada@EXAMPLE.com", json!("true")), Ok(()));
        for (email, verified) in [
            ("ada@example.com", json!(false)),
            ("ada@example.com", json!(null)),
            ("ada@example.com", json!("yes")),
            ("ada@example.com.evil.example", json!(true)),
            ("ada@sub.example.com", json!(true)),
            ("no address", json!(true)),
        ] {
            assert_eq!(check(email, verified), Err(NotAllowed::Domain), "{email}");
        }
    }

    #[test]
    fn required_claims_are_compared_exactly() {
        let spec = spec(&json!({ "requiredClaims": { "tid": "t", "groups": "staff" } }));
        let check = |claims: &Value| identity(&spec, claims).unwrap().check(&spec);
        let good = json!({ "sub": "a", "tid": "t", "groups": ["staff", "x"] });
        assert_eq!(check(&good), Ok(()));
        for claims in [
            json!({ "sub": "a" }),
            json!({ "sub": "a", "tid": "T", "groups": "staff" }),
            json!({ "sub": "a", "tid": "t", "groups": ["x"] }),
            json!({ "sub": "a", "tid": ["x"], "groups": "staff" }),
        ] {
            assert_eq!(check(&claims), Err(NotAllowed::Claims), "{claims}");
        }
    }

    #[test]
    fn two_factors_are_believed_only_of_signs_that_the_manifest_names() {
        let told = json!({ "sub": "a", "acr": "2", "amr": ["pwd", "mfa"] });
        let amr = |more: &Value| identity(&spec(more), &told).unwrap().amr();
        assert_eq!(amr(&json!({})), ["fed"]);
        assert_eq!(
            amr(&json!({ "multiFactor": { "amr": ["mfa"] } })),
            ["fed", "mfa"]
        );
        assert_eq!(
            amr(&json!({ "multiFactor": { "acr": ["2"] } })),
            ["fed", "mfa"]
        );
        assert_eq!(
            amr(&json!({ "multiFactor": { "acr": ["3"], "amr": ["hwk"] } })),
            ["fed"]
        );
    }
}
