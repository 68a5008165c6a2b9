//! Objects back to manifests: what `assay export` writes and `load` reads.

use serde_json::{Map, Value, json};

use crate::{
    kind::{API_VERSION, Kind},
    object::{Object, Spec},
    spec::ModuleName,
};

/// Why an object cannot be written as a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Not possible for what was decoded.
    #[error("{0} cannot be written as YAML")]
    Yaml(String),
    /// Not possible for what was decoded.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// `objects` as YAML, one document each, in the order given. What has its default is left out, for
/// loading puts it back.
///
/// # Errors
/// Never for objects that were loaded.
pub fn to_yaml(objects: &[Object]) -> Result<String, ExportError> {
    let mut text = String::new();
    for object in objects {
        if !text.is_empty() {
            text.push_str("---\n");
        }
        let manifest = to_manifest(object)?;
        let yaml = serde_saphyr::to_string(&manifest)
            .map_err(|_| ExportError::Yaml(object.key().to_string()))?;
        text.push_str(yaml.trim_end());
        text.push('\n');
    }
    Ok(text)
}

/// The shortest manifest that says `object`.
///
/// # Errors
/// As [`to_yaml`].
pub fn to_manifest(object: &Object) -> Result<Value, ExportError> {
    let mut metadata = Map::from_iter([(String::from("name"), json!(object.name()))]);
    for (field, entries) in [
        ("labels", &object.metadata.labels),
        ("annotations", &object.metadata.annotations),
    ] {
        if !entries.is_empty() {
            metadata.insert(field.to_owned(), json!(entries));
        }
    }
    let mut spec = serde_json::to_value(&object.spec)?;
    leave_out(&mut spec, &defaults(object)?);
    Ok(json!({
        "apiVersion": API_VERSION,
        "kind": object.kind().name(),
        "metadata": metadata,
        "spec": spec,
    }))
}

/// A spec of which every field that has a default has it. Fields without one hold something that no
/// real spec holds.
fn defaults(object: &Object) -> Result<Value, serde_json::Error> {
    let least = match object.kind() {
        // `enabled` is what the manifest is about: it is always written.
        Kind::Module => {
            let name: ModuleName = object.name().parse().map_err(serde::de::Error::custom)?;
            return Ok(json!({ "settings": name.default_settings() }));
        }
        Kind::ZanzibarNamespace | Kind::OidcClient => json!({}),
        Kind::AdminKey => json!({ "hash": format!("sha256:{:064}", 0) }),
        Kind::UpstreamProvider => json!({ "issuer": "https://invalid.invalid", "clientId": "" }),
    };
    let required: Vec<String> = least
        .as_object()
        .map(|fields| fields.keys().cloned().collect())
        .unwrap_or_default();
    let mut defaults = serde_json::to_value(Spec::decode(object.kind(), object.name(), least)?)?;
    if let Value::Object(fields) = &mut defaults {
        fields.retain(|field, _| !required.contains(field));
    }
    Ok(defaults)
}

/// Takes out of `value` what is equal in `defaults`, and mappings of which nothing is left.
fn leave_out(value: &mut Value, defaults: &Value) {
    let (Value::Object(fields), Value::Object(defaults)) = (value, defaults) else {
        return;
    };
    fields.retain(|name, field| {
        let Some(default) = defaults.get(name) else {
            return true;
        };
        if field == default {
            return false;
        }
        leave_out(field, default);
        true
    });
}
