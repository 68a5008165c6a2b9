//! JSON Schemas of the manifests, in draft-07, which the YAML language servers of editors read.

use jsonschema::{ValidationError, error::ValidationErrorKind};
use schemars::{
    JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, transform::RecursiveTransform,
};
use serde_json::{Value, json};

use crate::{
    diff,
    kind::{API_VERSION, Kind},
    object::Metadata,
    spec::{
        AdminKeySpec, MailTemplateSpec, ModuleName, OidcClientSpec, ScopeSpec, ThemeSpec,
        UpstreamProviderSpec, WebhookSpec, ZanzibarNamespaceSpec, module::ModuleSpecText,
    },
};

/// Draft-07's name for itself.
const DRAFT_07: &str = "http://json-schema.org/draft-07/schema#";

/// Every schema with the name of its file: one for each kind, `assay.json` for all, and `Plan.json`
/// for the plans that `assay diff` writes.
pub fn schemas() -> Vec<(String, Value)> {
    let mut all: Vec<_> = Kind::ALL
        .into_iter()
        .map(|kind| (format!("{kind}.json"), of_kind(kind)))
        .collect();
    all.push(("assay.json".to_owned(), of_all()));
    all.push(("Plan.json".to_owned(), diff::schema()));
    all
}

/// The schema of the manifests of one kind.
pub fn of_kind(kind: Kind) -> Value {
    let mut generator = generator();
    let mut manifest = manifest(kind, &mut generator);
    let head = json!({ "$schema": DRAFT_07, "title": kind.name() });
    if let (Value::Object(head), Value::Object(body)) = (head, &mut manifest) {
        let mut whole = head;
        whole.append(body);
        whole.insert("definitions".into(), definitions(&mut generator));
        return Value::Object(whole);
    }
    manifest
}

/// The schema of a manifest of any kind. The kind decides first, so that an editor names what is
/// wrong with *this* kind of manifest instead of listing why it is none of the others.
fn of_all() -> Value {
    let mut generator = generator();
    let by_kind: Vec<Value> = Kind::ALL
        .into_iter()
        .map(|kind| {
            json!({
                "if": { "required": ["kind"], "properties": { "kind": { "const": kind.name() } } },
                "then": manifest(kind, &mut generator),
            })
        })
        .collect();
    json!({
        "$schema": DRAFT_07,
        "title": "assay manifest",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "properties": {
            "apiVersion": { "const": API_VERSION },
            "kind": { "enum": Kind::ALL.map(Kind::name) },
        },
        "allOf": by_kind,
        "definitions": definitions(&mut generator),
    })
}

fn generator() -> SchemaGenerator {
    // A list that is a set is read as one: what stands in it twice is there once, and no mistake.
    let sets = RecursiveTransform(|schema: &mut Schema| drop(schema.remove("uniqueItems")));
    SchemaSettings::draft07()
        .with_transform(sets)
        .into_generator()
}

fn definitions(generator: &mut SchemaGenerator) -> Value {
    Value::Object(generator.take_definitions(true))
}

fn manifest(kind: Kind, generator: &mut SchemaGenerator) -> Value {
    let mut required = vec!["apiVersion", "kind", "metadata"];
    if !kind.has_optional_spec() {
        required.push("spec");
    }
    let spec = match kind {
        Kind::Module => reference::<ModuleSpecText>(generator),
        Kind::ZanzibarNamespace => reference::<ZanzibarNamespaceSpec>(generator),
        Kind::AdminKey => reference::<AdminKeySpec>(generator),
        Kind::UpstreamProvider => reference::<UpstreamProviderSpec>(generator),
        Kind::Theme => reference::<ThemeSpec>(generator),
        Kind::Scope => reference::<ScopeSpec>(generator),
        Kind::Webhook => reference::<WebhookSpec>(generator),
        Kind::MailTemplate => reference::<MailTemplateSpec>(generator),
        Kind::OidcClient => reference::<OidcClientSpec>(generator),
    };
    let mut manifest = json!({
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": {
            "apiVersion": { "const": API_VERSION },
            "kind": { "const": kind.name() },
            "metadata": reference::<Metadata>(generator),
            "spec": spec,
        },
    });
    if kind == Kind::Module
        && let Value::Object(fields) = &mut manifest
    {
        fields.insert("allOf".into(), Value::Array(settings_by_name(generator)));
    }
    manifest
}

/// `metadata.name` names the module, and so which settings there are.
fn settings_by_name(generator: &mut SchemaGenerator) -> Vec<Value> {
    let names = json!({ "properties": { "metadata": { "properties": { "name": {
        "enum": ModuleName::ALL.map(ModuleName::name)
    }}}}});
    let settings = ModuleName::ALL.into_iter().map(|module| {
        let is_named = json!({ "properties": { "metadata": {
            "required": ["name"], "properties": { "name": { "const": module.name() } }
        }}});
        let settings = module.settings_schema(generator).to_value();
        json!({
            "if": is_named,
            "then": { "properties": { "spec": { "properties": { "settings": settings } } } },
        })
    });
    std::iter::once(names).chain(settings).collect()
}

fn reference<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

/// The reference of all kinds as Markdown, made from the same schemas.
pub fn reference_markdown() -> String {
    let mut text = String::from(
        "# Manifest reference\n\n\
         Made from the schemas in [`schema/`](../schema) by `UPDATE_SCHEMA=1 cargo test -p assay-reconciler`;\n\
         do not edit. Every manifest has `apiVersion: assay/v1`, `kind`, `metadata` (`name`, and optional\n\
         `labels` and `annotations`) and `spec`. A field that is left out has its default.\n",
    );
    for kind in Kind::ALL.into_iter().rev() {
        let schema = of_kind(kind);
        let spec = resolve(&schema, &schema["properties"]["spec"]);
        section(&mut text, &schema, kind.name(), "##", spec);
        if kind == Kind::Module {
            for module in ModuleName::ALL {
                let mut generator = generator();
                let settings = module.settings_schema(&mut generator).to_value();
                let root = json!({ "definitions": definitions(&mut generator) });
                let settings = resolve(&root, &settings);
                if settings.get("properties").is_some() {
                    section(
                        &mut text,
                        &root,
                        &format!("Module `{module}`"),
                        "###",
                        settings,
                    );
                }
            }
        }
    }
    text
}

fn section(text: &mut String, root: &Value, title: &str, level: &str, schema: &Value) {
    use std::fmt::Write as _;
    let _ = write!(text, "\n{level} {title}\n\n{}\n", description(schema));
    let Some(Value::Object(properties)) = schema.get("properties") else {
        return;
    };
    if properties.is_empty() {
        return;
    }
    text.push_str("\n| field | type | default | |\n|---|---|---|---|\n");
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (name, property) in properties {
        let default = if required.iter().any(|field| field == name) {
            "required".to_owned()
        } else {
            property
                .get("default")
                .filter(|value| !value.is_null())
                .map_or_else(String::new, |value| format!("`{value}`"))
        };
        let own = description(property);
        let words = if own.is_empty() {
            description(resolve(root, property))
        } else {
            own
        };
        let _ = writeln!(
            text,
            "| `{name}` | {} | {} | {} |",
            type_name(root, property),
            default.replace('|', "\\|"),
            words.replace('\n', " ").replace('|', "\\|"),
        );
    }
}

fn description(schema: &Value) -> String {
    schema["description"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// What a `$ref`, or an `allOf`/`anyOf` around a single one, points at.
fn resolve<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    if let Some(path) = schema["$ref"].as_str() {
        return root.pointer(path.trim_start_matches('#')).unwrap_or(schema);
    }
    for around in ["allOf", "anyOf"] {
        let mut inner = schema[around].as_array().into_iter().flatten();
        if let Some(first) = inner.find(|inner| inner["type"] != "null") {
            return resolve(root, first);
        }
    }
    schema
}

fn type_name(root: &Value, property: &Value) -> String {
    let target = resolve(root, property);
    let choices = |values: Vec<&Value>| {
        let names: Vec<String> = values
            .into_iter()
            .filter_map(|v| v.as_str())
            .map(|v| format!("`{v}`"))
            .collect();
        names.join(", ")
    };
    if let Some(values) = target["enum"].as_array() {
        return choices(values.iter().collect());
    }
    if let Some(options) = target["oneOf"].as_array() {
        let constants: Vec<&Value> = options
            .iter()
            .flat_map(|option| match &option["const"] {
                Value::Null => option["enum"].as_array().into_iter().flatten().collect(),
                constant => vec![constant],
            })
            .collect();
        if !constants.is_empty() {
            return choices(constants);
        }
        let fields: Vec<String> = options
            .iter()
            .filter_map(|option| Some(format!("`{}`", option["required"][0].as_str()?)))
            .collect();
        return format!("one of {}", fields.join(", "));
    }
    match plain_type(target).as_str() {
        "array" => format!("list of {}", type_name(root, &target["items"])),
        "object" => "object".to_owned(),
        other => other.to_owned(),
    }
}

fn plain_type(schema: &Value) -> String {
    match &schema["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .find(|name| *name != "null")
            .unwrap_or("any")
            .to_owned(),
        _ => "any".to_owned(),
    }
}

/// A schema as the text that is committed.
pub fn to_text(schema: &Value) -> String {
    let mut text = serde_json::to_string_pretty(schema).unwrap_or_default();
    text.push('\n');
    text
}

/// What a schema refuses, in our words and without what stands there.
pub(crate) fn words(error: &ValidationError<'_>, what: &str) -> String {
    match error.kind() {
        ValidationErrorKind::MaxLength { limit } => format!("more than {limit} characters"),
        ValidationErrorKind::MinLength { limit: 1 } => String::from("the text is empty"),
        ValidationErrorKind::MinLength { limit } => format!("fewer than {limit} characters"),
        ValidationErrorKind::Maximum { limit } => format!("more than {limit}"),
        ValidationErrorKind::Minimum { limit } => format!("less than {limit}"),
        ValidationErrorKind::MaxItems { limit } => format!("more than {limit} elements"),
        ValidationErrorKind::MinItems { limit } => format!("fewer than {limit} elements"),
        ValidationErrorKind::Required { property } => {
            format!("missing field `{}`", property.as_str().unwrap_or_default())
        }
        ValidationErrorKind::Pattern { pattern } => format!("does not have the form `{pattern}`"),
        ValidationErrorKind::Constant { expected_value } => format!("must be {expected_value}"),
        ValidationErrorKind::Enum { options } => format!("must be one of {options}"),
        _ => error.masked_with(what).to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// Committed files that are made from the code; `UPDATE_SCHEMA=1` writes them.
    #[test]
    fn what_is_committed_is_what_the_code_says() {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut files: Vec<_> = schemas()
            .into_iter()
            .map(|(name, schema)| (top.join("schema").join(name), to_text(&schema)))
            .collect();
        files.push((top.join("docs/manifests.md"), reference_markdown()));
        for (path, text) in files {
            if std::env::var_os("UPDATE_SCHEMA").is_some() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &text).unwrap();
            }
            let committed = fs::read_to_string(&path).unwrap_or_default();
            assert!(
                committed == text,
                "{} is out of date: run UPDATE_SCHEMA=1 cargo test -p assay-reconciler schema",
                path.display()
            );
        }
    }

    #[test]
    fn every_schema_is_a_schema() {
        for (name, schema) in schemas() {
            if let Err(error) = jsonschema::draft7::new(&schema) {
                panic!("{name}: {error}");
            }
        }
    }
}
