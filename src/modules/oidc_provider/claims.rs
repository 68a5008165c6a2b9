//! Claims about a person, by scope (OpenID Connect Core 5.4) or one by one (5.5).

use std::collections::BTreeSet;

use assay_reconciler::spec::{
    oidc_client::Scope,
    scope::{ClaimSource, ClaimTarget},
};
use serde_json::{Map, Value};

use super::{
    claims_request::{ClaimsRequest, Place, Wish},
    grant::LiveGrant,
    scope::Scopes,
};
use crate::{
    generation::{Client, Snapshot},
    modules::{
        Context,
        zanzibar::{self, RelatedError},
    },
};

/// The scope and the claim of the groups that the person is in.
pub(super) const GROUPS: &str = "groups";

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
        "c_hash",
        "s_hash",
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

/// Those, and what manifests put into answers that clients read, by scope.
pub(super) fn supported_in(snapshot: &Snapshot) -> BTreeSet<&str> {
    let declared = snapshot.scopes().into_iter().flat_map(|scope| {
        let claims = scope.spec.claims.iter();
        claims.filter(|(_, source)| is_read(source))
    });
    supported()
        .into_iter()
        .chain(declared.map(|(name, _)| name.as_str()))
        .chain([GROUPS])
        .collect()
}

/// All that the client sees of the person in this place, without `sub`: what manifests put there, and
/// what [`given`] gives, which counts where both speak of one claim.
pub(super) fn of_person(
    context: &Context,
    client: &Client,
    grant: &LiveGrant,
    scopes: &Scopes,
    place: Place,
) -> Result<Map<String, Value>, RelatedError> {
    let snapshot = &context.snapshot;
    let attributes = attributes(grant);
    let target = match place {
        Place::Userinfo => ClaimTarget::Userinfo,
        Place::IdToken => ClaimTarget::IdToken,
    };
    let mut sources = sources(snapshot, scopes, target);
    let asked = ClaimsRequest::kept(grant.claims.as_deref());
    let declared: Vec<_> = asked
        .wishes(place)
        .filter(|(name, _)| scope_of(name).is_none())
        .flat_map(|(name, wish)| {
            let found = declared(snapshot, name);
            found.map(move |(scope, claim)| (scope, claim, wish))
        })
        .filter(|(scope, (_, source), _)| {
            client.spec.scopes.contains(*scope) && source.into.contains(&target)
        })
        .collect();
    sources.retain(|(name, _)| !declared.iter().any(|(_, (asked, _), _)| asked == name));
    let mut claims = values(context, grant, &sources, &attributes)?;
    for (_, claim, wish) in declared {
        let mut found = values(context, grant, &[claim], &attributes)?;
        found.retain(|_, value| wish.takes(value));
        claims.extend(found);
    }
    // Unless a manifest says what the scope gives.
    if scopes.contains(GROUPS) && snapshot.scope(GROUPS).is_none() && grant.group_names.is_some() {
        claims.extend(
            attributes
                .get(GROUPS)
                .map(|all| (GROUPS.to_owned(), all.clone())),
        );
    }
    let wishes = asked.wishes(place);
    let allowed = &client.spec.scopes;
    claims.extend(given(grant, &attributes, scopes, wishes, allowed));
    Ok(claims)
}

/// What manifests put into an access token by the scopes that were granted.
pub(super) fn in_access_token(
    context: &Context,
    grant: &LiveGrant,
    scopes: &Scopes,
) -> Result<Map<String, Value>, RelatedError> {
    match sources(&context.snapshot, scopes, ClaimTarget::AccessToken) {
        sources if sources.is_empty() => Ok(Map::new()),
        sources => values(context, grant, &sources, &attributes(grant)),
    }
}

/// A claim that a manifest declares.
type Declared<'a> = (&'a String, &'a ClaimSource);

/// Where manifests say that the claims of these scopes come from.
fn sources<'a>(snapshot: &'a Snapshot, scopes: &Scopes, target: ClaimTarget) -> Vec<Declared<'a>> {
    scopes
        .iter()
        .filter_map(|scope| snapshot.scope(scope))
        .flat_map(|scope| &scope.spec.claims)
        .filter(|(_, source)| source.into.contains(&target))
        .collect()
}

/// The scopes that declare this claim, by name.
fn declared<'a>(
    snapshot: &'a Snapshot,
    name: &str,
) -> impl Iterator<Item = (&'a str, Declared<'a>)> {
    let name = name.to_owned();
    snapshot.scopes().into_iter().filter_map(move |scope| {
        let claim = scope.spec.claims.get_key_value(&name)?;
        Some((scope.name.as_str(), claim))
    })
}

/// The first scope that declares a claim which clients can read.
pub(super) fn declared_scope_of<'a>(snapshot: &'a Snapshot, name: &str) -> Option<&'a str> {
    let mut found = declared(snapshot, name).filter(|(_, (_, source))| is_read(source));
    found.next().map(|(scope, _)| scope)
}

fn is_read(source: &ClaimSource) -> bool {
    [ClaimTarget::IdToken, ClaimTarget::Userinfo]
        .iter()
        .any(|target| source.into.contains(target))
}

fn values(
    context: &Context,
    grant: &LiveGrant,
    sources: &[Declared<'_>],
    attributes: &Map<String, Value>,
) -> Result<Map<String, Value>, RelatedError> {
    let mut values = Map::new();
    for (name, source) in sources {
        let value = match &source.every {
            Some(every) => zanzibar::objects_of(context, every, &grant.user_id)?.map(Value::from),
            None => source.value_for(attributes).cloned(),
        };
        values.extend(value.map(|value| ((*name).clone(), value)));
    }
    Ok(values)
}

/// What is known about the person, the groups they are in as the attribute `groups`.
fn attributes(grant: &LiveGrant) -> Map<String, Value> {
    let mut attributes: Map<String, Value> =
        serde_json::from_str(&grant.attributes).unwrap_or_default();
    if let Some(names) = &grant.group_names {
        let names: BTreeSet<&str> = names.lines().collect();
        attributes.insert(GROUPS.to_owned(), names.into_iter().collect());
    }
    attributes
}

/// The scope by which a claim about the person is given; `None` if it is not about the person, or unknown.
pub(super) fn scope_of(name: &str) -> Option<&'static str> {
    match name {
        "updated_at" => Some("profile"),
        "email" | "email_verified" => Some("email"),
        "address" => Some("address"),
        "phone_number" | "phone_number_verified" => Some("phone"),
        name => PROFILE.contains(&name).then_some("profile"),
    }
}

/// What the client may see of the person in this place by the standard: by scope, and what was asked for
/// one by one among what the client may have at all. What has another value than the one asked for is
/// left out.
fn given<'a>(
    grant: &LiveGrant,
    attributes: &Map<String, Value>,
    scopes: &Scopes,
    wishes: impl Iterator<Item = (&'a str, &'a Wish)>,
    allowed: &BTreeSet<Scope>,
) -> Map<String, Value> {
    let mut given = by_scope(grant, attributes, scopes);
    if grant.claims.is_none() {
        return given;
    }
    let everything = Scopes::parse("profile email address phone");
    let all = by_scope(grant, attributes, &everything);
    for (name, wish) in wishes {
        let may = scope_of(name).is_some_and(|scope| allowed.contains(scope));
        if let Some(value) = all.get(name).filter(|value| may && wish.takes(value)) {
            given.insert(name.to_owned(), value.clone());
        }
    }
    given
}

/// What scopes show of the person.
fn by_scope(
    grant: &LiveGrant,
    attributes: &Map<String, Value>,
    scopes: &Scopes,
) -> Map<String, Value> {
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
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::clock::UnixMillis;

    fn grant() -> LiveGrant {
        LiveGrant {
            id: "g".into(),
            client_uid: "c".into(),
            user_id: "u".into(),
            scope: String::new(),
            resource: None,
            nonce: None,
            claims: None,
            authenticated_at: UnixMillis::from_seconds(1),
            amr: "[]".into(),
            acr: None,
            sid: None,
            dpop_jkt: None,
            x5t_s256: None,
            email: "ada@example.com".into(),
            email_verified: true,
            attributes:
                r#"{"name":"Ada","phone_number":"+1","sub":"evil","email":"other@x","locale":null}"#
                    .into(),
            group_names: None,
            user_updated_at: UnixMillis::from_seconds(7),
        }
    }

    fn names(scope: &str) -> Vec<String> {
        by_scope(&grant(), &attributes(&grant()), &Scopes::parse(scope))
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
    fn a_claim_is_given_where_it_was_asked_for() {
        let asked = r#"{"userinfo":{"name":{},"email":{},"locale":{},"phone_number":{"values":["+2"]}},
            "id_token":{"email_verified":{"values":[true]},"updated_at":{}}}"#;
        let grant = LiveGrant {
            claims: Some(asked.into()),
            ..grant()
        };
        let names = |place, scopes: &[&str]| {
            let allowed = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
            let known = attributes(&grant);
            let asked = ClaimsRequest::kept(grant.claims.as_deref());
            let openid = Scopes::parse("openid");
            let given = given(&grant, &known, &openid, asked.wishes(place), &allowed);
            given.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        let all = ["openid", "profile", "email", "phone"];
        assert_eq!(names(Place::Userinfo, &all), ["email", "name"]);
        assert_eq!(names(Place::Userinfo, &["openid", "email"]), ["email"]);
        assert_eq!(
            names(Place::IdToken, &all),
            ["email_verified", "updated_at"]
        );
        assert!(names(Place::IdToken, &["openid"]).is_empty());
    }

    #[test]
    fn every_claim_of_the_person_in_discovery_has_its_scope() {
        let of_the_token = [
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "nonce",
            "at_hash",
            "c_hash",
            "s_hash",
            "amr",
            "acr",
            "sid",
        ];
        for name in supported() {
            assert_eq!(
                scope_of(name).is_none(),
                of_the_token.contains(&name),
                "{name}"
            );
        }
    }

    #[test]
    fn attributes_cannot_stand_in_for_what_we_vouch_for() {
        let scopes = Scopes::parse("openid profile email");
        let claims = by_scope(&grant(), &attributes(&grant()), &scopes);
        assert_eq!(claims["email"], "ada@example.com");
        assert!(!claims.contains_key("sub"));
    }
}
