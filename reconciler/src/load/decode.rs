//! From a tree to a typed spec, with errors that know their place.

use std::{borrow::Cow, fmt};

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, IntoDeserializer as _,
    MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};

use super::tree::{Content, Entry, Node};
use crate::problem::ByteRange;

/// Why a tree is not what it should be.
#[derive(Debug)]
pub(crate) struct DecodeError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    at: Option<ByteRange>,
    what: What,
}

/// What a [`DecodeError`] is about.
#[derive(Debug)]
pub(crate) enum What {
    UnknownField {
        name: String,
        known: &'static [&'static str],
    },
    UnknownValue {
        name: String,
        known: &'static [&'static str],
    },
    Missing(&'static str),
    WrongType {
        expected: String,
    },
    /// A secret where it should only be pointed at.
    SecretInClear,
    Custom(String),
}

impl DecodeError {
    fn new(what: What) -> Self {
        Self(Box::new(Inner { at: None, what }))
    }

    /// The innermost place wins: errors pass through here on their way out.
    fn or_at(mut self, at: ByteRange) -> Self {
        self.0.at.get_or_insert(at);
        self
    }

    pub(crate) fn at(&self) -> Option<ByteRange> {
        self.0.at
    }

    pub(crate) fn what(&self) -> &What {
        &self.0.what
    }

    pub(crate) fn into_what(self) -> What {
        self.0.what
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.what)
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(What::Custom(message.to_string()))
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(What::WrongType {
            expected: expected.to_string(),
        })
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::new(What::UnknownField {
            name: field.to_owned(),
            known,
        })
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        Self::new(What::UnknownValue {
            name: variant.to_owned(),
            known,
        })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(What::Missing(field))
    }
}

/// The one enum whose variants are mappings. Its name is how serde's derive announces it.
const SECRET_SOURCE: &str = "SecretSource";

impl Node<'_> {
    fn wrong_type<T>(&self, expected: &str) -> Result<T, DecodeError> {
        Err(DecodeError::new(What::WrongType {
            expected: expected.to_owned(),
        })
        .or_at(self.at))
    }
}

impl<'de> Deserializer<'de> for &'de Node<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let at = self.at;
        match &self.content {
            Content::Null => visitor.visit_unit(),
            Content::Bool(value) => visitor.visit_bool(*value),
            Content::Number(number) => {
                if let Some(value) = number.as_u64() {
                    visitor.visit_u64(value)
                } else if let Some(value) = number.as_i64() {
                    visitor.visit_i64(value)
                } else {
                    visitor.visit_f64(number.as_f64().unwrap_or_default())
                }
            }
            Content::Text(text) => visitor.visit_borrowed_str(text),
            Content::List(items) => visitor.visit_seq(Items(items.iter())),
            Content::Map(entries) => visitor.visit_map(Entries {
                rest: entries.iter(),
                value: None,
            }),
        }
        .map_err(|error: DecodeError| error.or_at(at))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.content {
            Content::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
        .map_err(|error: DecodeError| error.or_at(self.at))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match &self.content {
            Content::Text(_) if name == SECRET_SOURCE => Err(DecodeError::new(What::SecretInClear)),
            Content::Number(_) if name == SECRET_SOURCE => {
                Err(DecodeError::new(What::SecretInClear))
            }
            Content::Map(_) if name != SECRET_SOURCE => self.wrong_type("text"),
            Content::Text(text) => visitor.visit_enum(Variant {
                name: text,
                name_at: self.at,
                value: None,
            }),
            Content::Map(entries) => match entries.as_slice() {
                [entry] => visitor.visit_enum(Variant {
                    name: &entry.key,
                    name_at: entry.key_at,
                    value: Some(&entry.value),
                }),
                _ => Err(DecodeError::custom(
                    "a secret has exactly one source: `fromEnv`, `fromFile` or `hash`",
                )),
            },
            _ if name == SECRET_SOURCE => {
                self.wrong_type("`{ fromEnv: NAME }`, `{ fromFile: PATH }` or `{ hash: ... }`")
            }
            _ => self.wrong_type("text"),
        }
        .map_err(|error: DecodeError| error.or_at(self.at))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.content {
            Content::Text(_) => self.deserialize_any(visitor),
            _ => self.wrong_type("text"),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.content {
            Content::Bool(_) => self.deserialize_any(visitor),
            _ => self.wrong_type("`true` or `false`"),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.content {
            Content::List(_) => self.deserialize_any(visitor),
            _ => self.wrong_type("a list"),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.content {
            Content::Map(_) => self.deserialize_any(visitor),
            _ => self.wrong_type("a mapping"),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple
        tuple_struct identifier
    }
}

struct Items<'de, 's>(std::slice::Iter<'de, Node<'s>>);

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        self.0
            .next()
            .map(|item| seed.deserialize(item).map_err(|error| error.or_at(item.at)))
            .transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Entries<'de, 's> {
    rest: std::slice::Iter<'de, Entry<'s>>,
    value: Option<&'de Node<'s>>,
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        let Some(entry) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some(&entry.value);
        seed.deserialize(Name(&entry.key))
            .map(Some)
            .map_err(|error| error.or_at(entry.key_at))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        let value = self
            .value
            .take()
            .ok_or_else(|| DecodeError::custom("a value without a key"))?;
        seed.deserialize(value)
            .map_err(|error| error.or_at(value.at))
    }
}

/// A key, or the name of a variant.
struct Name<'de>(&'de Cow<'de, str>);

impl<'de> Deserializer<'de> for Name<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let text: &str = self.0;
        visitor.visit_enum(text.into_deserializer())
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Variant<'de, 's> {
    name: &'de str,
    name_at: ByteRange,
    value: Option<&'de Node<'s>>,
}

impl<'de, 's: 'de> EnumAccess<'de> for Variant<'de, 's> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), DecodeError> {
        let name: de::value::StrDeserializer<'_, DecodeError> = self.name.into_deserializer();
        let value = seed
            .deserialize(name)
            .map_err(|error| error.or_at(self.name_at))?;
        Ok((value, self))
    }
}

impl<'de, 's: 'de> VariantAccess<'de> for Variant<'de, 's> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        match self.value {
            None => Ok(()),
            Some(value) => value.wrong_type("text"),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, DecodeError> {
        let value = self
            .value
            .ok_or_else(|| DecodeError::custom("a value is missing").or_at(self.name_at))?;
        seed.deserialize(value)
            .map_err(|error| error.or_at(value.at))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::custom("no such form").or_at(self.name_at))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, DecodeError> {
        Err(DecodeError::custom("no such form").or_at(self.name_at))
    }
}
