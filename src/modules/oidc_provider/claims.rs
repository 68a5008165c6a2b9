//! Claims about a person, by scope (OpenID Connect Core 5.4).

use serde_json::{Map, Value};

use super::{grant::LiveGrant, scope::Scopes};

/// What `profile` allows.
const PROFILE: [&str; 13] = [
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
];

/// Every claim that can be asked for, for discovery.
pub(super) fn supported() -> Vec<&'static str> {
    let mut claims = vec![
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "at_hash",
        "amr",
        "acr",
        "sid",
    ];
    claims.extend(PROFILE);
    claims.extend([
        "updated_at",
        "email",
        "email_verified",
        "address",
        "phone_number",
        "phone_number_verified",
    ]);
    claims
}

/// What the client may see of the person, without `sub`.
pub(super) fn by_scope(grant: &LiveGrant, scopes: &Scopes) -> Map<String, Value> {
    let attributes: Map<String, Value> =
        serde_json::from_str(&grant.attributes).unwrap_or_default();
    let mut claims = Map::new();
    let mut take = |name: &str| {
        if let Some(value) = attributes.get(name).filter(|value| !value.is_null()) {
            claims.insert(name.to_owned(), value.clone());
        }
    };
    if scopes.contains("profile") {
        PROFILE.into_iter().for_each(&mut take);
    }
    if scopes.contains("address") {
        take("address");
    }
    if scopes.contains("phone") {
        take("phone_number");
        take("phone_number_verified");
    }
    if scopes.contains("profile") {
        let updated_at = grant.user_updated_at.as_seconds();
        claims.insert("updated_at".into(), updated_at.into());
    }
    if scopes.contains("email") {
        claims.insert("email".into(), grant.email.as_str().into());
        claims.insert("email_verified".into(), grant.email_verified.into());
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::UnixMillis;

    fn grant() -> LiveGrant {
        LiveGrant {
            id: "g".into(),
            client_uid: "c".into(),
            user_id: "u".into(),
            scope: String::new(),
            nonce: None,
            authenticated_at: UnixMillis::from_seconds(1),
            amr: "[]".into(),
            acr: None,
            sid: None,
            dpop_jkt: None,
            email: "ada@example.com".into(),
            email_verified: true,
            attributes:
                r#"{"name":"Ada","phone_number":"+1","sub":"evil","email":"other@x","locale":null}"#
                    .into(),
            user_updated_at: UnixMillis::from_seconds(7),
        }
    }

    fn names(scope: &str) -> Vec<String> {
        by_scope(&grant(), &Scopes::parse(scope))
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn a_scope_shows_its_claims_and_no_others() {
        assert_eq!(names("openid"), Vec::<String>::new());
        assert_eq!(names("openid profile"), ["name", "updated_at"]);
        assert_eq!(names("openid email"), ["email", "email_verified"]);
        assert_eq!(names("phone"), ["phone_number"]);
    }

    #[test]
    fn attributes_cannot_stand_in_for_what_we_vouch_for() {
        let claims = by_scope(&grant(), &Scopes::parse("openid profile email"));
        assert_eq!(claims["email"], "ada@example.com");
        assert!(!claims.contains_key("sub"));
    }
}
