//! What operators say the attributes of people must be.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
    sync::Arc,
};

use jsonschema::{Draft, PatternOptions, Validator};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::schema;

/// Bytes of a schema.
const MAX_BYTES: usize = 32 * 1_024;
/// Schemas within each other, those included that a `$ref` leads to. Attributes have five levels.
const MAX_DEPTH: usize = 32;
/// Parts of a schema with each `$ref` followed, which is what looking at somebody's attributes may cost.
const MAX_PARTS: usize = 2_000;
/// Characters of a regular expression, and bytes of what it becomes.
const MAX_PATTERN: usize = 500;
const MAX_COMPILED_PATTERN: usize = 256 * 1_024;
/// Misfits that are looked for. With so many, nobody knows whether these are all.
pub const MAX_MISFITS: usize = 200;

/// A JSON Schema of attributes (draft 2020-12, or draft-07 if `$schema` says so) that can be relied on: it
/// refers to nothing outside of it, ends, and costs little.
#[derive(Clone)]
pub struct AttributeSchema {
    text: Arc<Value>,
    validator: Arc<Validator>,
}

/// Why it is none. The words name places of the schema.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAttributeSchema {
    /// `true`, a list.
    #[error("must be an object: a JSON Schema whose `properties` are the attributes")]
    NotAnObject,
    /// Over [`MAX_BYTES`].
    #[error("may have {MAX_BYTES} bytes of JSON at most")]
    TooLarge,
    /// Another `$schema`.
    #[error(
        "`$schema` may be `https://json-schema.org/draft/2020-12/schema`, which it is unless set, or `http://json-schema.org/draft-07/schema#`"
    )]
    Draft,
    /// A keyword that leads elsewhere, or nobody knows where.
    #[error("`{0}` is not taken here; `$ref` with a pointer within the schema is")]
    Keyword(&'static str),
    /// A `$ref` to another document, or to nothing.
    #[error("`$ref` must be a pointer to a part of this schema, as in `#/$defs/name`")]
    Reference,
    /// Over [`MAX_DEPTH`].
    #[error("is deeper than {MAX_DEPTH} levels, or a `$ref` leads back to where it came from")]
    TooDeep,
    /// Over [`MAX_PARTS`].
    #[error("has more than {MAX_PARTS} parts with each `$ref` followed")]
    TooManyParts,
    /// Over [`MAX_PATTERN`].
    #[error("a regular expression may have {MAX_PATTERN} characters at most")]
    Pattern,
    /// What the draft does not allow.
    #[error("is no JSON Schema: at `{at}`, {why}")]
    Invalid {
        /// A JSON pointer into the schema.
        at: String,
        /// What is wrong there.
        why: String,
    },
}

/// Where attributes are not as they must be. Has no values.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Misfit {
    /// The attribute; none for all of them together.
    pub attribute: Option<String>,
    /// The attribute, or a part of it, as in `address.country`; empty for all of them together.
    pub path: String,
    /// What would be right.
    pub words: String,
}

impl AttributeSchema {
    /// The schema, if it is one.
    pub fn new(text: Value) -> Result<Self, NotAnAttributeSchema> {
        if !text.is_object() {
            return Err(NotAnAttributeSchema::NotAnObject);
        }
        if text.to_string().len() > MAX_BYTES {
            return Err(NotAnAttributeSchema::TooLarge);
        }
        let draft = match text.get("$schema").map(Value::as_str) {
            None => Draft::Draft202012,
            Some(Some(uri)) => match uri.trim_end_matches('#') {
                "https://json-schema.org/draft/2020-12/schema" => Draft::Draft202012,
                "http://json-schema.org/draft-07/schema" => Draft::Draft7,
                _ => return Err(NotAnAttributeSchema::Draft),
            },
            Some(None) => return Err(NotAnAttributeSchema::Draft),
        };
        Walk {
            whole: &text,
            parts: 0,
        }
        .through(&text, 0)?;
        // An engine that never goes back: a text of somebody takes time in proportion to its length.
        let patterns = PatternOptions::regex().size_limit(MAX_COMPILED_PATTERN);
        let validator = jsonschema::options()
            .with_draft(draft)
            .with_pattern_options(patterns)
            .should_validate_formats(true)
            .build(&text)
            .map_err(|error| NotAnAttributeSchema::Invalid {
                at: error.instance_path().to_string(),
                why: schema::words(&error, "this"),
            })?;
        Ok(Self {
            text: Arc::new(text),
            validator: Arc::new(validator),
        })
    }

    /// Where these attributes, an object, are not as they must be.
    pub fn misfits(&self, attributes: &Value) -> Vec<Misfit> {
        let errors = self.validator.iter_errors(attributes).take(MAX_MISFITS);
        let misfit = |error: jsonschema::ValidationError<'_>| {
            let pointer = error.instance_path().as_str();
            Misfit {
                attribute: parts(pointer).next(),
                path: path(pointer),
                words: schema::words(&error, "this value"),
            }
        };
        errors.map(misfit).collect()
    }
}

/// The parts of a JSON pointer (RFC 6901).
fn parts(pointer: &str) -> impl Iterator<Item = String> {
    let parts = pointer.split('/').skip(1);
    parts.map(|part| part.replace("~1", "/").replace("~0", "~"))
}

/// `/address/country` as `address.country`, and `/phones/0` as `phones[0]`.
fn path(pointer: &str) -> String {
    let mut path = String::new();
    for part in parts(pointer) {
        if !path.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            // A String takes everything.
            _ = write!(path, "[{part}]");
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&part);
        }
    }
    path
}

/// Goes where a validator would go, before there is one.
struct Walk<'s> {
    whole: &'s Value,
    parts: usize,
}

impl<'s> Walk<'s> {
    fn through(&mut self, part: &'s Value, depth: usize) -> Result<(), NotAnAttributeSchema> {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(NotAnAttributeSchema::TooManyParts);
        }
        if depth > 2 * MAX_DEPTH {
            return Err(NotAnAttributeSchema::TooDeep);
        }
        match part {
            Value::Array(parts) => {
                for part in parts {
                    self.through(part, depth + 1)?;
                }
            }
            Value::Object(members) => {
                for (name, value) in members {
                    self.keyword(name, value, depth)?;
                    self.through(value, depth + 1)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn keyword(
        &mut self,
        name: &str,
        value: &'s Value,
        depth: usize,
    ) -> Result<(), NotAnAttributeSchema> {
        // An attribute may be called like a keyword; what stands there is then a schema and no text.
        let Some(text) = value.as_str() else {
            if name == "patternProperties" {
                let patterns = value.as_object().into_iter().flat_map(|all| all.keys());
                return patterns.map(String::as_str).try_for_each(pattern);
            }
            return Ok(());
        };
        match name {
            "$ref" => {
                let target = text.strip_prefix('#').and_then(|pointer| {
                    // What is percent-encoded would be found elsewhere by the validator.
                    (!pointer.contains('%')).then(|| self.whole.pointer(pointer))?
                });
                self.through(target.ok_or(NotAnAttributeSchema::Reference)?, depth + 1)
            }
            "$id" => Err(NotAnAttributeSchema::Keyword("$id")),
            "id" if depth == 0 => Err(NotAnAttributeSchema::Keyword("id")),
            "$anchor" => Err(NotAnAttributeSchema::Keyword("$anchor")),
            "$dynamicRef" => Err(NotAnAttributeSchema::Keyword("$dynamicRef")),
            "$dynamicAnchor" => Err(NotAnAttributeSchema::Keyword("$dynamicAnchor")),
            "$recursiveRef" => Err(NotAnAttributeSchema::Keyword("$recursiveRef")),
            "$schema" if depth > 0 => Err(NotAnAttributeSchema::Keyword("$schema")),
            "pattern" => pattern(text),
            _ => Ok(()),
        }
    }
}

fn pattern(text: &str) -> Result<(), NotAnAttributeSchema> {
    if text.chars().count() > MAX_PATTERN {
        return Err(NotAnAttributeSchema::Pattern);
    }
    Ok(())
}

impl PartialEq for AttributeSchema {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for AttributeSchema {}

impl fmt::Debug for AttributeSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AttributeSchema").field(&self.text).finish()
    }
}

impl Serialize for AttributeSchema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AttributeSchema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for AttributeSchema {
    fn schema_name() -> Cow<'static, str> {
        "AttributeSchema".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A JSON Schema, draft 2020-12 or draft-07, whose `properties` are the attributes."
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn misfits(schema: Value, attributes: &Value) -> Vec<(String, String)> {
        let misfits = AttributeSchema::new(schema).unwrap().misfits(attributes);
        let misfits = misfits.into_iter();
        misfits.map(|misfit| (misfit.path, misfit.words)).collect()
    }

    #[test]
    fn attributes_are_told_where_they_do_not_fit_and_never_what_they_are() {
        let schema = json!({
            "type": "object",
            "properties": {
                "department": { "enum": ["sales", "research"] },
                "phones": { "type": "array", "items": { "type": "string", "pattern": "^[+][0-9]+$" } },
                "address": { "properties": { "country": { "maxLength": 2 } } },
                "mail": { "type": "string", "format": "email" },
                "level": { "$ref": "#/$defs/level" },
            },
            "required": ["department"],
            "additionalProperties": false,
            "$defs": { "level": { "type": "integer", "maximum": 9 } },
        });
        assert!(
            misfits(
                schema.clone(),
                &json!({ "department": "sales", "level": 9 })
            )
            .is_empty()
        );
        let secret = json!({
            "department": "secret", "phones": ["+1", "secret"], "address": { "country": "secret" },
            "mail": "secret", "level": "secret", "other": "secret",
        });
        let mut found = misfits(schema.clone(), &secret);
        found.sort();
        insta::assert_debug_snapshot!(found);
        insta::assert_debug_snapshot!(misfits(schema, &json!({})));
    }

    #[test]
    fn both_drafts_are_taken_and_differ() {
        let list = |draft: &str| {
            json!({
                "$schema": draft,
                "properties": { "pair": { "prefixItems": [{ "type": "string" }] } },
            })
        };
        let pair = json!({ "pair": [1] });
        let newer = list("https://json-schema.org/draft/2020-12/schema");
        assert_eq!(misfits(newer, &pair).len(), 1);
        let older = list("http://json-schema.org/draft-07/schema#");
        assert!(misfits(older, &pair).is_empty());
    }

    #[test]
    fn what_leads_elsewhere_never_ends_or_costs_too_much_is_refused() {
        let twice = |name: &str| json!({ "allOf": [{ "$ref": format!("#/$defs/{name}") }, { "$ref": format!("#/$defs/{name}") }] });
        let mut doubling = json!({ "$defs": { "a0": {} }, "properties": { "x": twice("a12") } });
        for number in 0..12 {
            doubling["$defs"][format!("a{}", number + 1)] = twice(&format!("a{number}"));
        }
        let mut deep = json!({});
        for _ in 0..100 {
            deep = json!({ "not": deep });
        }
        let long = "a".repeat(MAX_PATTERN + 1);
        let refused = [
            json!(true),
            json!({ "title": "a".repeat(MAX_BYTES) }),
            json!({ "$schema": "http://json-schema.org/draft-04/schema#" }),
            json!({ "$ref": "https://evil.example/schema.json" }),
            json!({ "properties": { "a": { "$ref": "file:///etc/passwd" } } }),
            json!({ "$ref": "#/$defs/missing" }),
            json!({ "$ref": "#" }),
            json!({ "properties": { "a": { "$ref": "#" } } }),
            json!({ "$id": "https://evil.example/", "$ref": "#/title" }),
            json!({ "properties": { "a": { "$dynamicRef": "#a" } } }),
            doubling,
            deep,
            json!({ "properties": { "a": { "pattern": long } } }),
            json!({ "patternProperties": { long: {} } }),
            json!({ "properties": { "a": { "pattern": "(a" } } }),
            json!({ "properties": { "a": { "pattern": "(?=a)b" } } }),
            json!({ "properties": { "a": { "pattern": "(((a{100}){100}){100})" } } }),
            json!({ "properties": { "a": { "type": "text" } } }),
        ];
        let words: Vec<String> = refused
            .into_iter()
            .map(|schema| AttributeSchema::new(schema).unwrap_err().to_string())
            .collect();
        insta::assert_debug_snapshot!(words);
        // An attribute can be called like a keyword.
        let named = json!({ "properties": { "$id": { "type": "string" }, "id": {}, "$ref": {} } });
        assert!(AttributeSchema::new(named).is_ok());
    }

    #[test]
    fn a_text_of_somebody_takes_no_time_to_speak_of() {
        let schema = json!({ "properties": { "a": { "pattern": "^(a+)+$" } } });
        let schema = AttributeSchema::new(schema).unwrap();
        let began = std::time::Instant::now();
        let text = json!({ "a": "a".repeat(10_000) + "!" });
        assert_eq!(schema.misfits(&text).len(), 1);
        assert!(began.elapsed() < std::time::Duration::from_secs(1));
    }
}
