//! What a client asks for, in people's words.

use super::{
    super::{claims, claims_request::ClaimNames, scope::Scopes},
    Consented,
};
use crate::{generation::Snapshot, modules::pages::Language};

/// What the person is shown of all this: each with what it lets a client do, and nothing twice.
pub(in crate::modules::oidc_provider) fn in_words<'a>(
    given: &'a Consented,
    snapshot: &'a Snapshot,
    language: &Language,
) -> Vec<(&'a str, Option<&'a str>)> {
    let mut shown = of_scopes(&given.scopes, snapshot, language);
    let declared = |name: &str| {
        let scope = claims::declared_scope_of(snapshot, name)?;
        described(scope, snapshot, language)
    };
    for (name, meaning) in of_claims(&given.claims, language, declared) {
        if !shown.iter().any(|(_, other)| *other == meaning) {
            shown.push((name, meaning));
        }
    }
    shown
}

/// What the person is shown of these scopes: each with what it lets a client do.
pub(in crate::modules::oidc_provider) fn of_scopes<'a>(
    scopes: &'a Scopes,
    snapshot: &'a Snapshot,
    language: &Language,
) -> Vec<(&'a str, Option<&'a str>)> {
    let scopes = scopes.for_people().into_iter();
    scopes
        .map(|scope| {
            let words = described(scope, snapshot, language);
            (scope, words.or_else(|| of_scope(scope, language)))
        })
        .collect()
}

/// What a manifest says of it.
fn described<'a>(scope: &str, snapshot: &'a Snapshot, language: &Language) -> Option<&'a str> {
    let description = snapshot.scope(scope)?.spec.description.as_ref()?;
    description.in_language(language.tag).map(String::as_str)
}

fn of_scope(scope: &str, language: &Language) -> Option<&'static str> {
    let texts = &language.scopes;
    Some(match scope {
        "openid" => texts.openid,
        "profile" => texts.profile,
        "email" => texts.email,
        "address" => texts.address,
        "phone" => texts.phone,
        "offline_access" => texts.offline_access,
        _ => return None,
    })
}

/// What the person is shown of claims that are asked for one by one. Two that people would not tell apart
/// are one. `declared` is what a manifest says of a claim.
fn of_claims<'a>(
    claims: &'a ClaimNames,
    language: &Language,
    declared: impl Fn(&str) -> Option<&'a str>,
) -> Vec<(&'a str, Option<&'a str>)> {
    let mut shown: Vec<(&str, Option<&str>)> = Vec::new();
    for name in claims.iter() {
        let meaning = of_claim(name, language).or_else(|| declared(name));
        if !shown.iter().any(|(_, other)| *other == meaning) {
            shown.push((name, meaning));
        }
    }
    shown
}

fn of_claim(name: &str, language: &Language) -> Option<&'static str> {
    let (texts, scopes) = (&language.claims, &language.scopes);
    Some(match name {
        "name" => texts.name,
        "given_name" => texts.given_name,
        "family_name" => texts.family_name,
        "middle_name" => texts.middle_name,
        "nickname" => texts.nickname,
        "preferred_username" => texts.preferred_username,
        "profile" => texts.profile,
        "picture" => texts.picture,
        "website" => texts.website,
        "gender" => texts.gender,
        "birthdate" => texts.birthdate,
        "zoneinfo" => texts.zoneinfo,
        "locale" => texts.locale,
        "updated_at" => texts.updated_at,
        "email" | "email_verified" => scopes.email,
        "address" => scopes.address,
        "phone_number" | "phone_number_verified" => scopes.phone,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_claim_of_the_person_has_words() {
        for name in claims::supported() {
            let is_of_the_person = claims::scope_of(name).is_some();
            let meaning = of_claim(name, Language::fallback());
            assert_eq!(meaning.is_some(), is_of_the_person, "{name}");
        }
    }

    #[test]
    fn people_read_nothing_twice() {
        let names = ClaimNames::parse("email email_verified name");
        let shown: Vec<_> = of_claims(&names, Language::fallback(), |_| None)
            .into_iter()
            .map(|(_, says)| says)
            .collect();
        let expected = ["See your e-mail address", "See your full name"];
        assert_eq!(shown, expected.map(Some));
    }
}
