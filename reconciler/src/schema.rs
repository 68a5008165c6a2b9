//! JSON Schemas of manifests, in draft-07, which editors read. Validation uses these very schemas.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    kind::{API_VERSION, Kind},
    object::Metadata,
    spec::{
        AdminKeySpec, ModuleName, OidcClientSpec, UpstreamProviderSpec, ZanzibarNamespaceSpec,
        module::ModuleSpecText,
    },
};

const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The file with the schema of all kinds together.
pub const ALL_KINDS_FILE: &str = "assay.json";

/// Every schema with its file name: one per kind, and one for all.
pub fn schemas() -> Vec<(String, Value)> {
    let mut files: Vec<(String, Value)> = Kind::ALL
        .into_iter()
        .map(|kind| (format!("{kind}.json"), of_kind(kind)))
        .collect();
    files.push((ALL_KINDS_FILE.to_owned(), of_all_kinds()));
    files
}

/// The schema of manifests of `kind`.
pub fn of_kind(kind: Kind) -> Value {
    let mut generator = SchemaSettings::draft07().into_generator();
    let mut schema = envelope(&mut generator, &json!({ "const": kind.name() }));
    schema["title"] = kind.name().into();
    let spec = spec(kind, &mut generator);
    schema["properties"]["spec"] = spec;
    if !kind.has_optional_spec() {
        schema["required"] = json!(["apiVersion", "kind", "metadata", "spec"]);
    }
    if kind == Kind::Module {
        schema["allOf"] = settings_by_name(&mut generator);
    }
    finish(schema, generator)
}

/// The schema of any manifest: `kind` decides, by if and then, so that an editor shows what is wrong
/// with this kind rather than that none of five fits.
fn of_all_kinds() -> Value {
    let mut generator = SchemaSettings::draft07().into_generator();
    let kinds = Kind::ALL.map(Kind::name);
    let mut schema = envelope(&mut generator, &json!({ "enum": kinds }));
    schema["title"] = "Manifest of assay".into();
    let by_kind: Vec<Value> = Kind::ALL
        .into_iter()
        .map(|kind| {
            let mut then = json!({ "properties": { "spec": spec(kind, &mut generator) } });
            if !kind.has_optional_spec() {
                then["required"] = json!(["spec"]);
            }
            if kind == Kind::Module {
                then["allOf"] = settings_by_name(&mut generator);
            }
            json!({
                "if": { "properties": { "kind": { "const": kind.name() } }, "required": ["kind"] },
                "then": then,
            })
        })
        .collect();
    schema["allOf"] = Value::Array(by_kind);
    finish(schema, generator)
}

fn envelope(generator: &mut SchemaGenerator, kind: &Value) -> Value {
    let mut kind = kind.clone();
    kind["description"] = "What the manifest describes.".into();
    json!({
        "$schema": DRAFT,
        "title": "",
        "type": "object",
        "additionalProperties": false,
        "required": ["apiVersion", "kind", "metadata"],
        "properties": {
            "apiVersion": { "const": API_VERSION, "description": "The version of the format." },
            "kind": kind,
            "metadata": generator.subschema_for::<Metadata>(),
            "spec": { "type": "object" },
        },
    })
}

fn spec(kind: Kind, generator: &mut SchemaGenerator) -> Value {
    fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
        generator.subschema_for::<T>().to_value()
    }
    match kind {
        Kind::Module => of::<ModuleSpecText>(generator),
        Kind::ZanzibarNamespace => of::<ZanzibarNamespaceSpec>(generator),
        Kind::AdminKey => of::<AdminKeySpec>(generator),
        Kind::UpstreamProvider => of::<UpstreamProviderSpec>(generator),
        Kind::OidcClient => of::<OidcClientSpec>(generator),
    }
}

/// Which settings a module takes depends on `metadata.name`.
fn settings_by_name(generator: &mut SchemaGenerator) -> Value {
    let names = ModuleName::ALL.map(ModuleName::name);
    let mut branches = vec![json!({
        "properties": { "metadata": { "properties": { "name": { "enum": names } } } },
    })];
    for module in ModuleName::ALL {
        let name =
            json!({ "properties": { "name": { "const": module.name() } }, "required": ["name"] });
        let mut spec = json!({ "settings": module.settings_schema(generator) });
        if module.is_always_on() {
            spec["enabled"] = json!({ "const": true });
        }
        branches.push(json!({
            "if": { "properties": { "metadata": name }, "required": ["metadata"] },
            "then": { "properties": { "spec": { "properties": spec } } },
        }));
    }
    Value::Array(branches)
}

fn finish(mut schema: Value, mut generator: SchemaGenerator) -> Value {
    let definitions: Map<String, Value> = generator.take_definitions(true);
    schema["definitions"] = Value::Object(definitions);
    schema
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::{env, fs, path::Path};

    use super::*;

    /// `UPDATE_SCHEMA=1 cargo test -p assay-reconciler schema` writes them anew.
    #[test]
    fn the_committed_schemas_are_these() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema");
        for (file, schema) in schemas() {
            let text = format!("{schema:#}\n");
            let path = folder.join(&file);
            if env::var_os("UPDATE_SCHEMA").is_some() {
                fs::create_dir_all(&folder).unwrap();
                fs::write(&path, text).unwrap();
            } else {
                let committed = fs::read_to_string(&path).unwrap_or_default();
                assert!(
                    committed == text,
                    "schema/{file} is stale: UPDATE_SCHEMA=1 cargo test -p assay-reconciler schema"
                );
            }
        }
    }

    #[test]
    fn every_schema_is_a_schema_of_draft_07() {
        for (file, schema) in schemas() {
            jsonschema::draft7::meta::validate(&schema).unwrap_or_else(|error| {
                unreachable!("{file}: {error}");
            });
            jsonschema::draft7::new(&schema).unwrap();
        }
    }

    #[test]
    fn every_field_of_every_kind_has_hover_text() {
        for kind in Kind::ALL {
            let schema = of_kind(kind);
            for (name, definition) in schema["definitions"].as_object().unwrap() {
                let fields = definition["properties"].as_object();
                for (field, schema) in fields.into_iter().flatten() {
                    assert!(schema["description"].is_string(), "{kind}: {name}.{field}");
                }
            }
        }
    }
}
