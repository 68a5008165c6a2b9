use serde_json::Value;
use url::Url;

/// What a standard claim looks like (OpenID Connect Core 5.1).
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Text,
    Page,
    Date,
    TimeZone,
    Language,
    Flag,
    Address,
}

/// What an `address` is made of (Core 5.1.1).
const OF_AN_ADDRESS: [&str; 6] = [
    "formatted",
    "street_address",
    "locality",
    "region",
    "postal_code",
    "country",
];

impl Form {
    /// That of the claim of this name; `None` if it is not a standard one.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "name" | "family_name" | "given_name" | "middle_name" | "nickname"
            | "preferred_username" | "gender" | "phone_number" => Self::Text,
            "profile" | "picture" | "website" => Self::Page,
            "birthdate" => Self::Date,
            "zoneinfo" => Self::TimeZone,
            "locale" => Self::Language,
            "phone_number_verified" => Self::Flag,
            "address" => Self::Address,
            _ => return None,
        })
    }

    /// After "must be".
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Text => "a text that is not empty",
            Self::Page => "an http or https URL",
            Self::Date => "a date, as in `1815-12-10`, `0000-12-10` without the year, or `1815`",
            Self::TimeZone => "the name of a time zone, as in `Europe/London`",
            Self::Language => "a language tag, as in `de` or `pt-BR`",
            Self::Flag => "true or false",
            Self::Address => {
                "an object with texts in `formatted`, `street_address`, `locality`, `region`, `postal_code` and `country`"
            }
        }
    }

    pub(super) fn fits(self, value: &Value) -> bool {
        let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
        match (self, value) {
            (Self::Text, value) => is_text(value),
            (Self::Page, Value::String(text)) => {
                Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
            }
            (Self::Date, Value::String(text)) => is_date(text),
            (Self::TimeZone, Value::String(text)) => is_time_zone(text),
            (Self::Language, Value::String(text)) => is_language(text),
            (Self::Flag, value) => value.is_boolean(),
            (Self::Address, Value::Object(members)) => members
                .iter()
                .all(|(name, value)| OF_AN_ADDRESS.contains(&name.as_str()) && is_text(value)),
            _ => false,
        }
    }
}

fn is_date(text: &str) -> bool {
    let number = |part: &str, digits: usize| {
        let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<i16>().ok()).flatten()
    };
    let mut parts = text.splitn(3, '-');
    let year = parts.next().and_then(|part| number(part, 4));
    match (year, parts.next(), parts.next()) {
        (Some(year), None, None) => year > 0,
        (Some(year), Some(month), Some(day)) => {
            let month = number(month, 2).and_then(|month| i8::try_from(month).ok());
            let day = number(day, 2).and_then(|day| i8::try_from(day).ok());
            // Year 0 is a leap year, so that every birthday can do without its year.
            month
                .zip(day)
                .is_some_and(|(month, day)| jiff::civil::Date::new(year, month, day).is_ok())
        }
        _ => false,
    }
}

fn is_time_zone(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.len() <= 32
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
    };
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.split('/').count() <= 3
        && text.split('/').all(is_part)
}

/// The shape of a tag of RFC 5646.
fn is_language(text: &str) -> bool {
    let is_part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let mut parts = text.split('-');
    parts.next().is_some_and(|language| {
        (2..=8).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic())
    }) && parts.all(is_part)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn standard_claims_have_their_types() {
        let cases = [
            ("name", json!("Ada"), json!(" ")),
            ("phone_number", json!("+44 20 7946 0000"), json!(44)),
            (
                "picture",
                json!("https://a.example/a.png"),
                json!("javascript:alert(1)"),
            ),
            ("birthdate", json!("0000-02-29"), json!("1815-02-29")),
            ("birthdate", json!("1815"), json!("0000")),
            ("birthdate", json!("1815-12-10"), json!("10.12.1815")),
            ("birthdate", json!("2000-02-29"), json!("1815-12")),
            (
                "zoneinfo",
                json!("America/Argentina/Ushuaia"),
                json!("../etc"),
            ),
            ("locale", json!("zh-Hant-TW"), json!("de_DE")),
            ("locale", json!("de"), json!("d")),
            ("phone_number_verified", json!(true), json!("true")),
            (
                "address",
                json!({ "country": "GB" }),
                json!({ "country": 44 }),
            ),
            ("address", json!({}), json!({ "planet": "Earth" })),
            ("address", json!({ "formatted": "a\nb" }), json!("London")),
        ];
        for (name, right, wrong) in cases {
            let form = Form::of(name).unwrap();
            assert!(form.fits(&right), "{name} {right}");
            assert!(!form.fits(&wrong), "{name} {wrong}");
        }
        assert!(Form::of("department").is_none());
    }
}
