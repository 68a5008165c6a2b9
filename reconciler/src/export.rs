//! Objects back to manifests: what `assay export` writes and `load` reads.

use serde_json::{Map, Value, json};

use crate::{
    kind::{API_VERSION, Kind},
    object::{Object, Spec},
    spec::ModuleName,
};

/// The shortest manifest that says `object`: what has its default is left out, for loading puts it
/// back.
///
/// # Errors
/// Never for objects that were loaded.
pub fn shortest(object: &Object) -> Result<Value, serde_json::Error> {
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
    if object.kind() == Kind::Module {
        // `enabled` is what the manifest is about: it is always written.
        let name: ModuleName = object.name().parse().map_err(serde::de::Error::custom)?;
        return Ok(json!({ "settings": name.default_settings() }));
    }
    let least = Spec::least(object.kind());
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::{io, path::Path};

    use proptest::prelude::*;

    use super::*;
    use crate::{LoadOptions, SecretHandling, SourcePath, load, secret::SecretReader};

    struct Nothing;

    impl SecretReader for Nothing {
        fn env(&self, _: &str) -> Option<String> {
            None
        }

        fn file(&self, _: &Path) -> io::Result<String> {
            Err(io::ErrorKind::NotFound.into())
        }
    }

    fn loaded(text: &str) -> Vec<Object> {
        let options = LoadOptions {
            secrets: SecretHandling::Skip,
        };
        let loaded = load(&[SourcePath::Stdin(text.into())], &Nothing, options)
            .unwrap_or_else(|problems| unreachable!("{problems}\n{text}"));
        loaded
            .manifests
            .into_iter()
            .map(|manifest| manifest.object)
            .collect()
    }

    fn written(objects: &[Object]) -> String {
        let manifests = objects.iter().map(|object| {
            format!(
                "---\n{}",
                crate::to_yaml(&shortest(object).unwrap()).unwrap()
            )
        });
        manifests.collect()
    }

    /// Text that YAML would like to read as something else, and what people write.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            prop::sample::select(vec![
                "yes",
                "null",
                "~",
                "1",
                "0x10",
                "1e3",
                ".5",
                "-",
                "- a",
                "a: b",
                "a #b",
                "#",
                "'",
                "\"",
                "{",
                "[",
                "*a",
                "&a",
                "!t",
                "%",
                "@",
                "`",
                "|",
                ">",
                "?",
                " x",
                "x ",
                "true",
                "2027-01-01",
                "a\nb",
                "a\n\nb\n",
                "\ttab",
                "Zürich",
                "日本",
                "👩‍👩‍👧",
                "\\n",
                "---",
                "...",
                "<<",
                "=",
                "",
                "a\n  b\n c",
                "\n",
                " \n x",
            ])
            .prop_map(String::from),
            "[ -~äöü\n]{0,30}",
        ]
    }

    prop_compose! {
        fn client()(
            name in "[!-~]{1,20}",
            display_name in prop::option::of("[ -~]{0,20}[!-~]"),
            description in prop::option::of(text()),
            label in text(),
            annotation in text(),
            secret in prop::option::of("[A-Z_][A-Z0-9_]{0,20}"),
            uris in prop::collection::btree_set("https://[a-z]{1,10}\\.example/[a-z]{0,5}", 1..4),
            scopes in prop::collection::btree_set("[!#-\\[\\]-~]{1,8}", 0..4),
            consent in prop::sample::select(vec!["explicit", "implicit"]),
            ttl in prop::option::of(1_u32..10_000_000),
            enabled in any::<bool>(),
        ) -> Value {
            let mut spec = json!({
                "displayName": display_name,
                "description": description,
                "enabled": enabled,
                "redirectUris": uris,
                "scopes": scopes,
                "consent": consent,
                "refreshTokenTtl": ttl.map(|ttl| crate::spec::Span::seconds(ttl).to_string()),
            });
            match secret {
                Some(name) => spec["clientSecret"] = json!({ "fromEnv": name }),
                None => spec["clientType"] = json!("public"),
            }
            json!({
                "apiVersion": API_VERSION,
                "kind": "OidcClient",
                "metadata": { "name": name, "labels": { "a": label }, "annotations": { "b": annotation } },
                "spec": spec,
            })
        }
    }

    proptest! {
        #[test]
        fn what_is_exported_loads_as_what_it_was(client in client()) {
            let objects = loaded(&client.to_string());
            let text = written(&objects);
            prop_assert_eq!(loaded(&text), objects.clone(), "{}", text);
            prop_assert_eq!(written(&loaded(&text)), text);
        }
    }

    #[test]
    fn defaults_are_left_out_of_every_kind() {
        let text = format!(
            "apiVersion: assay/v1
kind: AdminKey
metadata:
  name: ci
spec:
  hash: sha256:{:064}
  permissions:
  - config.read
---
apiVersion: assay/v1
kind: Module
metadata:
  name: password
spec:
  enabled: true
  settings:
    iterations: 3
---
apiVersion: assay/v1
kind: UpstreamProvider
metadata:
  name: google
spec:
  issuer: https://accounts.google.com
  clientId: us
  claims:
    name: full_name
---
apiVersion: assay/v1
kind: ZanzibarNamespace
metadata:
  name: user
spec: {{}}
---
apiVersion: assay/v1
kind: OidcClient
metadata:
  name: app
spec:
  clientType: public
  redirectUris:
  - https://app.example
",
            1
        );
        assert_eq!(written(&loaded(&text)), format!("---\n{text}"));
    }
}
