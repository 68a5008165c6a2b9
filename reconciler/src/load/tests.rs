use std::{collections::BTreeMap, io, path::Path};

use super::*;
use crate::kind::Kind;

/// An environment and files that exist only here.
#[derive(Default)]
pub(crate) struct Secrets(pub(crate) BTreeMap<&'static str, &'static str>);

impl SecretReader for Secrets {
    fn env(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| (*value).to_owned())
    }

    fn file(&self, path: &Path) -> io::Result<String> {
        let path = path.to_str().unwrap();
        self.env(path).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn load_text(text: &str) -> Result<Loaded, Problems> {
    let options = LoadOptions {
        secrets: SecretHandling::Skip,
    };
    load(
        &[SourcePath::Stdin(text.into())],
        &Secrets::default(),
        options,
    )
}

#[test]
fn several_documents_become_objects_with_places() {
    let text = "
# yaml-language-server: $schema=schema/assay.json
apiVersion: assay/v1
kind: OidcClient
metadata: { name: grafana, labels: &labels { team: platform } }
spec:
  displayName: \"Grafana\"
  clientType: public
  redirectUris: [https://grafana.example.com/cb]
---
---
apiVersion: assay/v1
kind: Module
metadata:
  name: passkey
  labels: *labels2
spec: { settings: { rpName: Acme } }
"
    .replace("*labels2", "{ <<: &base { a: b }, c: d }");
    let loaded = load_text(&text).unwrap();
    let named: Vec<String> = loaded
        .manifests
        .iter()
        .map(|manifest| format!("{} {}", manifest.at, manifest.object.key()))
        .collect();
    assert_eq!(
        named,
        [
            "<stdin>:5:19 OidcClient/grafana",
            "<stdin>:15:9 Module/passkey"
        ]
    );
    assert_eq!(loaded.manifests[1].object.metadata.labels.len(), 2);
}

#[test]
fn the_examples_load() {
    for folder in [
        "company/shared",
        "quickstart",
        "company/production",
        "company/staging",
        "company/kustomize",
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../config-examples")
            .join(folder);
        let options = LoadOptions {
            secrets: SecretHandling::Skip,
        };
        match load(&[SourcePath::Path(path)], &Secrets::default(), options) {
            Ok(loaded) => assert!(
                loaded
                    .manifests
                    .iter()
                    .any(|m| m.object.kind() == Kind::OidcClient || folder == "company/shared")
            ),
            Err(problems) => panic!("{problems}"),
        }
    }
}
