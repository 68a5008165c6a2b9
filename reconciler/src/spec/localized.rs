//! Texts and addresses that differ by language.

use std::{collections::BTreeMap, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, Visitor},
};

/// The entry for every language that has none of its own.
const DEFAULT: &str = "default";

/// Something for each language, by its tag (BCP 47, as in `de`), and for all others.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Localized<T>(BTreeMap<String, T>);

impl<T> Localized<T> {
    /// What is for this language; what is for all, if it has none of its own.
    pub fn in_language(&self, tag: &str) -> Option<&T> {
        self.0.get(tag).or_else(|| self.0.get(DEFAULT))
    }

    /// Every entry, by language.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(tag, value)| (tag.as_str(), value))
    }
}

/// A language in lower case, with a script or region if need be: `de`, `pt-br`, `zh-hant`.
pub(crate) fn is_language(tag: &str) -> bool {
    let is_part = |part: &str| {
        (2..=8).contains(&part.len())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let mut parts = tag.split('-');
    parts
        .next()
        .is_some_and(|language| (2..=3).contains(&language.len()) && is_part(language))
        && parts.all(is_part)
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Localized<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByLanguage<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ByLanguage<T> {
            type Value = Localized<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of languages, with `default`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = BTreeMap::new();
                while let Some((tag, value)) = map.next_entry::<String, T>()? {
                    if tag != DEFAULT && !is_language(&tag) {
                        return Err(A::Error::custom(format!(
                            "`{tag}` is not a language; write its tag in lower case, as in `de` or `pt-br`"
                        )));
                    }
                    entries.insert(tag, value);
                }
                if entries.contains_key(DEFAULT) {
                    Ok(Localized(entries))
                } else {
                    Err(A::Error::missing_field(DEFAULT))
                }
            }
        }

        deserializer.deserialize_map(ByLanguage(std::marker::PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Localized<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Localized_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({
            "description": "By language (`de`, `pt-br`), and `default` for all others.",
            "type": "object",
            "required": [DEFAULT],
            "propertyNames": { "pattern": "^(default|[a-z]{2,3}(-[a-z0-9]{2,8})*)$" },
            "additionalProperties": value,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Localized<String>, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_language_without_words_of_its_own_has_the_default() {
        let words = read(r#"{"default":"films","de":"Filme"}"#).unwrap();
        assert_eq!(words.in_language("de").unwrap(), "Filme");
        assert_eq!(words.in_language("tr").unwrap(), "films");
    }

    #[test]
    fn there_is_always_a_default_and_nothing_that_is_no_language() {
        assert!(read(r#"{"de":"Filme"}"#).unwrap_err().contains("default"));
        for tag in ["DE", "german", "d", "de_at", "", "default2"] {
            let text = format!(r#"{{"default":"films","{tag}":"x"}}"#);
            assert!(read(&text).is_err(), "{tag}");
        }
    }
}
