//! What is fetched of an upstream: from nowhere that this server alone can reach, not for long, not much.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Bench;
use crate::harness::{Assay, Document, Manifests, TestDb, UPSTREAM_SECRET, Upstream};

both_databases!(
    a_private_address_is_not_asked_unless_it_is_allowed,
    documents_that_lead_elsewhere_or_never_end_are_not_taken,
    an_endpoint_that_is_private_is_not_asked,
    a_discovery_document_of_another_issuer_is_not_taken,
    an_upstream_that_is_silent_does_not_hold_the_server,
);

async fn a_private_address_is_not_asked_unless_it_is_allowed(db: TestDb) {
    let up = Upstream::start().await;
    let manifests = Manifests::new().file("up.yaml", &up.manifest("up", ""));
    let assay = Assay::with(db)
        .env("UPSTREAM_SECRET", UPSTREAM_SECRET)
        .manifests(&manifests)
        .start()
        .await;

    let refused = assay.get("/auth/upstream/up/start").await;

    let page = refused.expect_status(502).body;
    assert!(page.contains("private address"), "{page}");
    assert_eq!(up.see(|up| up.discovery_asked), 0);
}

async fn documents_that_lead_elsewhere_or_never_end_are_not_taken(db: TestDb) {
    let inside = Upstream::start().await;
    let bench = Bench::with(db, "").await;
    let elsewhere = format!("{}/.well-known/openid-configuration", inside.issuer());
    bench
        .up
        .behave(|up| up.discovery_is = Document::Redirect(elsewhere));
    let refused = bench.assay.get("/auth/upstream/up/start").await;
    refused.expect_status(502);
    assert_eq!(inside.see(|inside| inside.discovery_asked), 0);

    // Nobody asks again and again while it fails.
    let again = bench.assay.get("/auth/upstream/up/start").await;
    again.expect_status(502);
    assert_eq!(bench.up.see(|up| up.discovery_asked), 1);
}

async fn an_endpoint_that_is_private_is_not_asked(db: TestDb) {
    let bench = Bench::with(db, "").await;
    bench.up.behave(|up| {
        up.discovery = Some(Box::new(|document| {
            document["token_endpoint"] = json!("https://169.254.169.254/token");
        }));
    });
    let page = bench
        .expect_refusal(&mut bench.assay.visitor(), "unreachable")
        .await;
    assert!(page.reply.body.contains("private address"), "{page:#?}");

    let up = Bench::with(TestDb::sqlite(), "").await;
    up.up.behave(|up| up.jwks_is = Document::Endless);
    let page = up
        .expect_refusal(&mut up.assay.visitor(), "unreachable")
        .await;
    assert!(page.reply.body.contains("more than"), "{page:#?}");
}

async fn a_discovery_document_of_another_issuer_is_not_taken(db: TestDb) {
    let bench = Bench::with(db, "").await;
    bench.up.behave(|up| {
        up.discovery = Some(Box::new(|document| {
            document["issuer"] = json!("https://evil.example");
        }));
    });
    let refused = bench.assay.get("/auth/upstream/up/start").await;
    let page = refused.expect_status(403).body;
    assert!(page.contains("another issuer"), "{page}");

    let insecure = Bench::with(TestDb::sqlite(), "").await;
    insecure.up.behave(|up| {
        up.discovery = Some(Box::new(|document| {
            document["authorization_endpoint"] = json!("http://up.example/authorize");
        }));
    });
    let refused = insecure.assay.get("/auth/upstream/up/start").await;
    refused.expect_status(403);
}

async fn an_upstream_that_is_silent_does_not_hold_the_server(db: TestDb) {
    let bench = Bench::with(db, "").await;
    bench.up.behave(|up| up.discovery_is = Document::Silent);
    let asked_at = Instant::now();
    let refused = bench.assay.get("/auth/upstream/up/start").await;
    refused.expect_status(502);
    assert!(asked_at.elapsed() < Duration::from_secs(25));
}
