//! Somebody signs in with a provider that speaks OpenID Connect as it should.

use serde_json::json;

use super::Bench;
use crate::harness::{Assay, Registration, Reply, TestDb, UPSTREAM_CLIENT, claims_of};

both_databases!(
    the_first_sign_in_makes_an_account_and_the_next_finds_it,
    a_client_gets_its_code_after_a_sign_in_with_an_upstream,
    the_sign_in_page_offers_what_there_is,
    a_sign_in_that_is_broken_off_leads_back,
    whoever_is_signed_in_proves_it_anew,
    two_factors_there_count_when_the_manifest_says_so,
    attributes_are_read_by_the_manifest,
    a_moment_may_be_a_text,
);

async fn the_first_sign_in_makes_an_account_and_the_next_finds_it(db: TestDb) {
    let bench = Bench::with(db, "  trustEmail: true\n").await;
    let mut visitor = bench.assay.visitor();

    let page = bench.sign_in(&mut visitor).await.page();

    assert_eq!(page.url.path(), "/auth/account");
    let people = bench.people().await;
    assert_eq!(people.len(), 1, "{people:#?}");
    assert_eq!(people[0]["email"], "ada@example.com");
    assert_eq!(people[0]["emailVerified"], true);
    assert_eq!(people[0]["attributes"]["name"], "Ada");
    let signed_in = bench.audit("session.sign_in").await;
    assert_eq!(signed_in[0]["detail"]["amr"], json!(["fed"]));
    assert_eq!(bench.audit("user.sign_up").await.len(), 1);

    // The same person there, with another address, is the same person here.
    bench
        .up
        .behave(|up| up.claims["email"] = json!("ada@new.example"));
    let mut elsewhere = bench.assay.visitor();
    bench.sign_in(&mut elsewhere).await.page();
    let found = bench.signed_in(&mut elsewhere).await;
    assert_eq!(found.as_deref(), Some("ada@example.com"));
    assert_eq!(bench.people().await.len(), 1);

    // Nothing but the code went to the token endpoint with our credential, and the documents were
    // fetched once for both.
    bench.up.see(|up| {
        assert_eq!(up.redemptions.len(), 2);
        let (form, credential) = &up.redemptions[0];
        assert!(credential.as_ref().unwrap().starts_with("Basic "));
        assert!(!form.contains_key("client_secret"), "{form:?}");
        assert_eq!((up.discovery_asked, up.jwks_asked), (1, 1));
        let scopes: Vec<_> = up.requests[0]["scope"].split(' ').collect();
        assert_eq!(scopes, ["openid", "email", "profile"]);
    });
}

async fn a_client_gets_its_code_after_a_sign_in_with_an_upstream(db: TestDb) {
    let client = "---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: phone }
spec:
  clientType: public
  redirectUris: [https://phone.example.com/callback]
  scopes: [openid]
  consent: implicit
";
    let bench = Bench::with_manifests(db, "", client).await;
    let registration =
        Registration::public("phone", "https://phone.example.com/callback").scope("openid");
    let phone = bench.assay.relying_party(registration).await;
    let authorization = phone.authorization();
    let mut visitor = bench.assay.visitor();

    let login = visitor.open(&authorization.url()).await.page();
    let request = bench.press(&mut visitor, &login, "up").await;
    let callback = visitor.open(&bench.up.answer(&request)).await.left();

    let code = phone.code_in(&callback, &authorization);
    let tokens = phone.redeem(&code, &authorization).await.tokens();
    let claims = claims_of(&tokens.id_token.unwrap());
    assert_eq!(claims["amr"], json!(["fed"]));
    assert_eq!(claims["acr"], "urn:assay:acr:single-factor");
    // What the upstream was asked says nothing of the client that waits.
    bench.up.see(|up| {
        let asked = &up.requests[0];
        assert_eq!(asked["client_id"], UPSTREAM_CLIENT);
        assert!(
            asked.values().all(|value| !value.contains("phone")),
            "{asked:?}"
        );
    });
}

async fn the_sign_in_page_offers_what_there_is(db: TestDb) {
    let off = "---
apiVersion: assay/v1
kind: Module
metadata: { name: password }
spec: { enabled: false }
";
    let bench = Bench::with_manifests(db, "", off).await;
    let mut visitor = bench.assay.visitor();

    // One upstream and no password: still a page, so that nobody is sent away unasked.
    let page = visitor.open(&bench.assay.url("/auth/login")).await.page();
    page.reply.clone().expect_status(200);
    assert!(page.forms().is_empty(), "{page:#?}");
    bench.press(&mut visitor, &page, "up").await;

    bench.change("  enabled: false\n");
    let gone = bench.assay.get("/auth/upstream/up/start").await;
    gone.expect_status(404);
    let page = visitor.open(&bench.assay.url("/auth/login")).await.page();
    assert!(!page.reply.body.contains("/auth/upstream"), "{page:#?}");
}

async fn a_sign_in_that_is_broken_off_leads_back(db: TestDb) {
    let bench = Bench::with(db, "").await;
    let mut visitor = bench.assay.visitor();
    bench.up.behave(|up| {
        up.answer = Some(Box::new(|answer| {
            answer.retain(|(name, _)| name != "code");
            answer.push(("error".into(), "access_denied".into()));
        }));
    });

    let request = bench.leave(&mut visitor, "/auth/account?x=1").await;
    let page = visitor.open(&bench.up.answer(&request)).await.page();

    assert_eq!(page.url.path(), "/auth/login");
    let place = page.url.query_pairs().next().unwrap().1.into_owned();
    assert_eq!(place, "/auth/account?x=1");
}

async fn whoever_is_signed_in_proves_it_anew(db: TestDb) {
    let bench = Bench::with(db, "").await;
    let mut visitor = bench.assay.visitor();
    bench.sign_in(&mut visitor).await.page();
    let signed_in_before = bench.audit("session.sign_in").await.len();

    // Signed in there long ago, and not asked again although we said so.
    bench.up.behave(|up| {
        up.claims["auth_time"] = json!(crate::harness::seconds() - 3_600);
    });
    let request = bench.leave(&mut visitor, "/auth/account?again").await;
    let refused = visitor.open(&bench.up.answer(&request)).await.page();
    refused.reply.expect_status(403);
    assert_eq!(bench.audit("session.sign_in").await.len(), signed_in_before);

    bench
        .up
        .behave(|up| up.claims["auth_time"] = json!(crate::harness::seconds()));
    let request = bench.leave(&mut visitor, "/auth/account?again").await;
    visitor.open(&bench.up.answer(&request)).await.page();
    assert_eq!(
        bench.audit("session.sign_in").await.len(),
        signed_in_before + 1
    );
    bench.up.see(|up| {
        assert!(!up.requests[0].contains_key("max_age"));
        assert_eq!(up.requests[1]["max_age"], "0");
    });
}

const NO_FACTORS_OF_OURS: &str = "---
apiVersion: assay/v1
kind: Module
metadata: { name: account }
spec: { settings: { secondFactor: { policy: 'off' } } }
---
apiVersion: assay/v1
kind: Module
metadata: { name: passkey }
spec: { enabled: false }
";

async fn two_factors_there_count_when_the_manifest_says_so(db: TestDb) {
    let bench = Bench::with_manifests(db, "", NO_FACTORS_OF_OURS).await;
    bench
        .up
        .behave(|up| up.claims["amr"] = json!(["pwd", "mfa"]));
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    let amr = |events: &[serde_json::Value]| events[0]["detail"]["amr"].clone();
    assert_eq!(amr(&bench.audit("session.sign_in").await), json!(["fed"]));
    let supported = acr_values(&bench.assay).await;
    assert_eq!(supported, json!(["urn:assay:acr:single-factor"]));

    bench.change(&format!(
        "  multiFactor: {{ amr: [mfa] }}\n{NO_FACTORS_OF_OURS}"
    ));
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    assert_eq!(
        amr(&bench.audit("session.sign_in").await),
        json!(["fed", "mfa"])
    );
    let supported = acr_values(&bench.assay).await;
    assert_eq!(
        supported,
        json!(["urn:assay:acr:single-factor", "urn:assay:acr:multi-factor"])
    );
}

async fn acr_values(assay: &Assay) -> serde_json::Value {
    let discovery: Reply = assay.get("/.well-known/openid-configuration").await;
    discovery.json()["acr_values_supported"].clone()
}

async fn attributes_are_read_by_the_manifest(db: TestDb) {
    let bench = Bench::with(
        db,
        "  updateAttributes: true
  claims:
    name: nickname
    attributes: { department: /work/department, zoneinfo: zone }
",
    )
    .await;
    bench.up.behave(|up| {
        up.userinfo = Some(json!({
            "sub": "ada-there", "nickname": "Countess", "work": { "department": "Engines" }, "zone": 7,
        }));
    });
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    let people = bench.people().await;
    let attributes = &people[0]["attributes"];
    assert_eq!(attributes["name"], "Countess");
    assert_eq!(attributes["department"], "Engines");
    // What is no time zone is none here either.
    assert!(attributes.get("zoneinfo").is_none(), "{attributes:#}");

    bench.up.behave(|up| {
        up.userinfo = Some(
            json!({ "sub": "ada-there", "nickname": "Ada", "work": {}, "zone": "Europe/London" }),
        );
    });
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    let people = bench.people().await;
    let attributes = &people[0]["attributes"];
    assert_eq!(attributes["name"], "Ada");
    assert_eq!(attributes["zoneinfo"], "Europe/London");
}

/// Auth0 says when a profile was changed as ISO 8601, where OpenID Connect Core 5.1 wants a number.
async fn a_moment_may_be_a_text(db: TestDb) {
    let bench = Bench::with(db, "").await;
    bench
        .up
        .behave(|up| up.claims["updated_at"] = json!("2026-11-24T18:20:00.123Z"));
    let mut visitor = bench.assay.visitor();

    bench.sign_in(&mut visitor).await.page();

    let found = bench.signed_in(&mut visitor).await;
    assert_eq!(found.as_deref(), Some("ada@example.com"));
}
