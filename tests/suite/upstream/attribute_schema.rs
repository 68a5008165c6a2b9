//! What an upstream says of people is held to what attributes must be here.

use serde_json::json;

use super::Bench;
use crate::harness::TestDb;

both_databases!(somebody_new_is_as_the_schema_says_or_nobody);

const SCHEMA: &str = "---
apiVersion: assay/v1
kind: Module
metadata: { name: account }
spec:
  settings:
    attributeSchema:
      required: [department]
      properties: { department: { enum: [sales, research] }, name: { maxLength: 10 } }
";

async fn somebody_new_is_as_the_schema_says_or_nobody(db: TestDb) {
    let mapping = "  claims: { attributes: { department: unit } }\n  updateAttributes: true\n";
    let bench = Bench::with_manifests(db, mapping, SCHEMA).await;
    let told = |unit: Option<&'static str>, name: &'static str| {
        bench.up.behave(|up| {
            up.claims["name"] = json!(name);
            match unit {
                Some(unit) => up.claims["unit"] = json!(unit),
                None => _ = up.claims.as_object_mut().unwrap().remove("unit"),
            }
        });
    };
    for unit in [None, Some("espionage")] {
        told(unit, "Ada");
        let page = bench
            .expect_refusal(&mut bench.assay.visitor(), "attributes")
            .await;
        assert!(page.reply.body.contains("department"), "{page:#?}");
        assert!(!page.reply.body.contains("espionage"), "{page:#?}");
    }
    assert!(bench.people().await.is_empty());
    // What nobody needs is left out.
    told(Some("sales"), "Ada King, Countess of Lovelace");
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    let sales = json!({ "department": "sales" });
    assert_eq!(bench.people().await[0]["attributes"], sales);
    // Later, what does not fit stays as it was.
    told(Some("espionage"), "Ada");
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    let named = json!({ "department": "sales", "name": "Ada" });
    assert_eq!(bench.people().await[0]["attributes"], named);
}
