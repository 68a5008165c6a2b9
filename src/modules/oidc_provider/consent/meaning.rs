//! What a client asks for, in people's words.

use super::super::{claims_request::ClaimNames, scope::Scopes};

/// What the person is shown of these scopes: each with what it lets a client do.
pub(in crate::modules::oidc_provider) fn of_scopes(
    scopes: &Scopes,
) -> Vec<(&str, Option<&'static str>)> {
    let scopes = scopes.for_people().into_iter();
    scopes.map(|scope| (scope, of_scope(scope))).collect()
}

fn of_scope(scope: &str) -> Option<&'static str> {
    Some(match scope {
        "openid" => "Recognise you when you sign in",
        "profile" => "See your name and profile",
        "email" => "See your e-mail address",
        "address" => "See your postal address",
        "phone" => "See your phone number",
        "offline_access" => "Keep this access while you are away",
        _ => return None,
    })
}

/// What the person is shown of claims that are asked for one by one. Two that people would not tell apart
/// are one.
pub(super) fn of_claims(claims: &ClaimNames) -> Vec<(&str, Option<&'static str>)> {
    let mut shown: Vec<(&str, Option<&'static str>)> = Vec::new();
    for name in claims.iter() {
        let meaning = of_claim(name);
        if !shown.iter().any(|(_, other)| *other == meaning) {
            shown.push((name, meaning));
        }
    }
    shown
}

fn of_claim(name: &str) -> Option<&'static str> {
    Some(match name {
        "name" => "See your full name",
        "given_name" => "See your given name",
        "family_name" => "See your family name",
        "middle_name" => "See your middle name",
        "nickname" => "See your nickname",
        "preferred_username" => "See the name you go by",
        "profile" => "See the address of your profile page",
        "picture" => "See your picture",
        "website" => "See the address of your website",
        "gender" => "See your gender",
        "birthdate" => "See your date of birth",
        "zoneinfo" => "See your time zone",
        "locale" => "See your language",
        "updated_at" => "See when your profile last changed",
        "email" | "email_verified" => "See your e-mail address",
        "address" => "See your postal address",
        "phone_number" | "phone_number_verified" => "See your phone number",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{super::super::claims, *};

    #[test]
    fn every_claim_of_the_person_has_words() {
        for name in claims::supported() {
            let is_of_the_person = claims::scope_of(name).is_some();
            assert_eq!(of_claim(name).is_some(), is_of_the_person, "{name}");
        }
    }

    #[test]
    fn people_read_nothing_twice() {
        let names = ClaimNames::parse("email email_verified name");
        let shown: Vec<_> = of_claims(&names)
            .into_iter()
            .map(|(_, says)| says)
            .collect();
        let expected = ["See your e-mail address", "See your full name"];
        assert_eq!(shown, expected.map(Some));
    }
}
