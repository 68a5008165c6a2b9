//! What SpiceDB's own suite says, over HTTP.

use std::path::PathBuf;

use assay_permissions::{
    TupleLine,
    import::{
        Source,
        spicedb::{relationship, relationships, schema},
    },
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::ask;
use crate::harness::{Assay, Manifests, Reply, TestDb};

both_databases!(every_assertion_of_spicedbs_suite_holds);

#[derive(Deserialize)]
struct Suite {
    schema: String,
    relationships: String,
    #[serde(default)]
    assertions: Option<Assertions>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_field_names)] // The suite's names.
struct Assertions {
    #[serde(default)]
    assert_true: Vec<String>,
    #[serde(default)]
    assert_false: Vec<String>,
    #[serde(default)]
    assert_caveated: Vec<String>,
}

/// Beside the repository, or where the variable says.
fn data() -> Option<PathBuf> {
    if let Ok(folder) = std::env::var("ASSAY_SHARED_DATA") {
        return Some(PathBuf::from(folder).join("spicedb"));
    }
    let above = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    above.ancestors().skip(1).find_map(|folder| {
        let data = folder.join("shared/data/spicedb");
        data.is_dir().then_some(data)
    })
}

async fn every_assertion_of_spicedbs_suite_holds(db: TestDb) {
    let Some(folder) = data() else {
        eprintln!("skipped: there is no shared/data/spicedb above this repository");
        return;
    };
    let assay = Assay::start(db).await;
    let mut files: Vec<_> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut wrong = Vec::new();
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(file).unwrap();
        let suite: Suite = serde_saphyr::from_str(&text).unwrap();
        run(&assay, &name, suite, &mut wrong).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn run(assay: &Assay, file: &str, suite: Suite, wrong: &mut Vec<String>) {
    let source = |text| Source { name: file, text };
    let namespaces = schema(source(&suite.schema)).unwrap().namespaces;
    // As manifests, where JSON is YAML.
    let documents: Vec<String> = namespaces
        .iter()
        .map(|(name, spec)| {
            json!({
                "apiVersion": "assay/v1", "kind": "ZanzibarNamespace",
                "metadata": { "name": name }, "spec": spec,
            })
            .to_string()
        })
        .collect();
    let everything = assay.admin(Method::DELETE, "/auth/zanzibar/tuples?all=true");
    Reply::to(everything).await.expect_status(200);
    let manifests = Manifests::new().file("namespaces.yaml", &documents.join("\n---\n"));
    let path = manifests.path().to_str().unwrap();
    let applied = assay.remote_command(["apply", "-f", path, "--prune", "--yes"]);
    applied.run().expect_code(0);

    let tuples = relationships(source(&suite.relationships)).unwrap();
    let lines: Vec<String> = tuples
        .into_iter()
        .map(|placed| serde_json::to_string(&TupleLine::from(placed.tuple)).unwrap())
        .collect();
    let import = assay.admin(Method::POST, "/auth/zanzibar/import");
    let import = import.header("content-type", "application/x-ndjson");
    let imported = Reply::to(import.body(lines.join("\n"))).await;
    let revision = super::revision(&imported.expect_status(200));

    let assertions = suite.assertions.unwrap_or_default();
    for (texts, right) in [
        (assertions.assert_true, "HAS"),
        (assertions.assert_false, "NO"),
        (assertions.assert_caveated, "CONDITIONAL"),
    ] {
        for text in texts {
            let (asked, context) = match text.split_once(" with ") {
                Some((asked, context)) => (asked, serde_json::from_str(context).unwrap()),
                None => (text.as_str(), Map::<String, Value>::new()),
            };
            let asked = relationship(asked.trim()).unwrap();
            let mut body = serde_json::to_value(TupleLine::from(asked)).unwrap();
            body["context"] = Value::Object(context);
            body["consistency"] = json!({ "at_least_as_fresh": revision });
            let reply = ask(assay, "check", &body).await;
            if reply.status != 200 || super::result(&reply) != right {
                wrong.push(format!(
                    "{file}: {text}: {right} is right, and not {}",
                    reply.body
                ));
            }
        }
    }
}
