//! Fields in which people tell about themselves, and what they have told.

use assay_reconciler::spec::module::ProfileField;
use serde_json::{Map, Value, json};

use crate::modules::{
    pages::languages::{About, LANGUAGES, ProfileFields, Registration},
    parameters::Parameters,
    user::{AttributeRules, Attributes, AttributesRefused},
};

/// Characters of one field.
const MAX_FIELD: usize = 500;

/// What an `address` is made of here (OpenID Connect Core 5.1.1).
const OF_AN_ADDRESS: [&str; 5] = [
    "street_address",
    "locality",
    "region",
    "postal_code",
    "country",
];

/// One field of a form.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) kind: &'static str,
    pub(super) autocomplete: &'static str,
    pub(super) value: String,
    pub(super) is_required: bool,
    /// Values to choose among, each with what it says. Nothing to choose: any text.
    pub(super) choices: Vec<(String, String)>,
}

/// Why what somebody has told cannot be kept.
#[derive(Debug)]
pub(super) enum FieldRefused {
    /// The field of this label was left empty.
    Missing(&'static str),
    /// What is in the field of this label is not what belongs there.
    Bad(&'static str),
}

impl FieldRefused {
    /// What the person is told.
    pub(super) fn words(&self, texts: &Registration) -> About {
        match self {
            Self::Missing(label) => texts.missing.about(label),
            Self::Bad(label) => texts.bad_field.about(label),
        }
    }

    /// The same, as plain text.
    pub(super) fn plain(&self, texts: &Registration) -> String {
        match self {
            Self::Missing(label) => texts.missing.plain(label),
            Self::Bad(label) => texts.bad_field.plain(label),
        }
    }
}

/// The names of the inputs that make up a field.
fn parts(field: ProfileField) -> Vec<&'static str> {
    match field {
        ProfileField::Address => OF_AN_ADDRESS.to_vec(),
        other => vec![other.name()],
    }
}

fn label(texts: &ProfileFields, name: &str) -> &'static str {
    match name {
        "name" => texts.name,
        "given_name" => texts.given_name,
        "middle_name" => texts.middle_name,
        "family_name" => texts.family_name,
        "nickname" => texts.nickname,
        "preferred_username" => texts.preferred_username,
        "gender" => texts.gender,
        "birthdate" => texts.birthdate,
        "locale" => texts.locale,
        "zoneinfo" => texts.zoneinfo,
        "phone_number" => texts.phone_number,
        "picture" => texts.picture,
        "profile" => texts.profile,
        "website" => texts.website,
        "locality" => texts.locality,
        "region" => texts.region,
        "postal_code" => texts.postal_code,
        "country" => texts.country,
        _ => texts.street_address,
    }
}

/// What HTML calls it (WHATWG HTML 4.10.18.7.1).
fn autocomplete(name: &str) -> &'static str {
    match name {
        "name" => "name",
        "given_name" => "given-name",
        "middle_name" => "additional-name",
        "family_name" => "family-name",
        "nickname" => "nickname",
        "gender" => "sex",
        "birthdate" => "bday",
        "locale" => "language",
        "phone_number" => "tel",
        "picture" => "photo",
        "website" => "url",
        "street_address" => "street-address",
        "locality" => "address-level2",
        "region" => "address-level1",
        "postal_code" => "postal-code",
        "country" => "country-name",
        _ => "off",
    }
}

fn kind(name: &str, value: &str) -> &'static str {
    let is_full_date = value.len() == 10 && !value.starts_with("0000");
    match name {
        "phone_number" => "tel",
        "picture" | "profile" | "website" => "url",
        // A birthday without its year is no date to HTML, which would drop it.
        "birthdate" if value.is_empty() || is_full_date => "date",
        _ => "text",
    }
}

/// Languages by the names that their own speakers give them.
fn languages(value: &str) -> Vec<(String, String)> {
    let own = |tag: &str| match tag {
        "en" => "English",
        "de" => "Deutsch",
        "tr" => "Türkçe",
        "ja" => "日本語",
        "ar" => "العربية",
        _ => "",
    };
    let mut choices = vec![(String::new(), String::new())];
    for language in LANGUAGES {
        choices.push((language.tag.to_owned(), own(language.tag).to_owned()));
    }
    if choices.iter().all(|(tag, _)| tag != value) {
        choices.push((value.to_owned(), value.to_owned()));
    }
    choices
}

/// The inputs of these fields, filled in with what `value` knows of each.
pub(super) fn inputs(
    texts: &ProfileFields,
    fields: impl IntoIterator<Item = ProfileField>,
    is_required: impl Fn(ProfileField) -> bool,
    value: impl Fn(&str) -> String,
) -> Vec<Input> {
    let mut inputs = Vec::new();
    for field in fields {
        for name in parts(field) {
            let value = value(name);
            inputs.push(Input {
                name,
                label: label(texts, name),
                kind: kind(name, &value),
                autocomplete: autocomplete(name),
                // Not every address has a region.
                is_required: is_required(field) && name != "region",
                choices: match field {
                    ProfileField::Locale => languages(&value),
                    _ => Vec::new(),
                },
                value,
            });
        }
    }
    inputs
}

/// What is known, by the name of an input.
pub(super) fn known(attributes: &Value, name: &str) -> String {
    let within = if OF_AN_ADDRESS.contains(&name) {
        &attributes["address"]
    } else {
        attributes
    };
    within[name].as_str().unwrap_or_default().to_owned()
}

/// What a form changes about `known`, or says of somebody new (RFC 7396), or why it cannot.
pub(super) fn change(
    texts: &ProfileFields,
    fields: impl IntoIterator<Item = ProfileField>,
    is_required: impl Fn(ProfileField) -> bool,
    known: Option<&Attributes>,
    rules: &AttributeRules,
    form: &Parameters,
) -> Result<Value, FieldRefused> {
    let fields: Vec<ProfileField> = fields.into_iter().collect();
    let mut change = Map::new();
    for field in fields.iter().copied() {
        let mut told = Map::new();
        for name in parts(field) {
            let text = form.get(name).unwrap_or_default().trim();
            let is_fine = text.chars().count() <= MAX_FIELD && !text.contains(char::is_control);
            if !is_fine {
                return Err(FieldRefused::Bad(label(texts, name)));
            }
            if text.is_empty() && is_required(field) && name != "region" {
                return Err(FieldRefused::Missing(label(texts, name)));
            }
            let value = if text.is_empty() {
                Value::Null
            } else {
                json!(text)
            };
            told.insert(name.to_owned(), value);
        }
        if field == ProfileField::Address {
            let is_empty = told.values().all(Value::is_null);
            // The lines as a whole were of what was told before.
            told.insert("formatted".to_owned(), Value::Null);
            let address = if is_empty { Value::Null } else { told.into() };
            change.insert(field.name().to_owned(), address);
        } else {
            change.extend(told);
        }
    }
    let before = known.map_or(Value::Null, |known| json!(known));
    // What was verified is the number that was there.
    if let Some(number) = change.get("phone_number")
        && *number != before["phone_number"]
    {
        change.insert("phone_number_verified".to_owned(), Value::Null);
    }
    let change = Value::Object(change);
    let outcome = match known {
        None => Attributes::of_new(&change, rules),
        Some(known) => known.clone().patched(&change, rules),
    };
    match outcome {
        Ok(_) => Ok(change),
        Err(AttributesRefused::WrongForm(name, _)) => Err(FieldRefused::Bad(label(texts, &name))),
        Err(AttributesRefused::Misfit(misfits)) => {
            let mut paths = misfits.each().map(|(path, _)| path);
            let asked = paths.find_map(|path| {
                let name = path.rsplit('.').next()?.to_owned();
                let mut inputs = fields.iter().flat_map(|field| parts(*field));
                inputs.any(|input| input == name).then_some(name)
            });
            Err(FieldRefused::Bad(
                asked.map_or("", |name| label(texts, &name)),
            ))
        }
        Err(_) => Err(FieldRefused::Bad("")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::modules::pages::Language;

    fn told(field: ProfileField, known: &Value, form: &str) -> Result<Value, FieldRefused> {
        let rules = AttributeRules::default();
        let known = Attributes::of_new(known, &rules).unwrap();
        let form = Parameters::parse(form.as_bytes()).unwrap();
        let texts = &Language::fallback().profile_fields;
        change(texts, [field], |_| false, Some(&known), &rules, &form)
    }

    #[test]
    fn what_is_left_empty_goes_and_what_is_told_comes() {
        let known = json!({ "name": "Ada", "address": { "formatted": "x", "country": "GB" } });
        assert_eq!(
            told(ProfileField::Name, &known, "name=+Countess+").unwrap(),
            json!({ "name": "Countess" })
        );
        assert_eq!(
            told(ProfileField::Name, &known, "").unwrap(),
            json!({ "name": null })
        );
        let address = told(ProfileField::Address, &known, "locality=Ockham").unwrap();
        assert_eq!(address["address"]["locality"], "Ockham");
        assert!(address["address"]["formatted"].is_null());
        assert!(told(ProfileField::Address, &known, "").unwrap()["address"].is_null());
    }

    #[test]
    fn another_number_is_not_the_one_that_was_verified() {
        let known = json!({ "phone_number": "1", "phone_number_verified": true });
        let same = told(ProfileField::PhoneNumber, &known, "phone_number=1").unwrap();
        assert_eq!(same, json!({ "phone_number": "1" }));
        let other = told(ProfileField::PhoneNumber, &known, "phone_number=2").unwrap();
        assert!(
            other
                .get("phone_number_verified")
                .is_some_and(Value::is_null)
        );
    }

    #[test]
    fn what_does_not_belong_there_is_refused_by_its_label() {
        for (field, form) in [
            (ProfileField::Website, "website=javascript:alert(1)"),
            (ProfileField::Birthdate, "birthdate=10.12.1815"),
            (ProfileField::Name, "name=a%0Ab"),
            (
                ProfileField::Name,
                &format!("name={}", "a".repeat(MAX_FIELD + 1)),
            ),
        ] {
            let refused = told(field, &json!({}), form).unwrap_err();
            assert!(
                matches!(refused, FieldRefused::Bad(label) if !label.is_empty()),
                "{form}"
            );
        }
    }
}
