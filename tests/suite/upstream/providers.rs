//! Providers that do it their own way: GitHub, Apple, Microsoft.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::json;

use super::{Bench, LOOPBACK};
use crate::harness::{
    Assay, Manifests, TestDb, UPSTREAM_CLIENT, UPSTREAM_SECRET, Upstream, post_answer,
};

both_databases!(
    people_sign_in_with_github,
    people_sign_in_with_apple,
    people_sign_in_with_any_tenant_of_microsoft,
    a_secret_is_sent_as_the_manifest_says,
);

/// OAuth 2.0 without an ID token: claims are read, and addresses from a list of their own.
async fn people_sign_in_with_github(db: TestDb) {
    let up = Upstream::start().await;
    let issuer = up.issuer();
    let more = format!(
        "  scopes: [read:user, user:email]
  endpoints:
    authorization: {issuer}/authorize
    token: {issuer}/token
    userinfo: {issuer}/userinfo
    emails: {issuer}/emails
  claims: {{ subject: id, preferredUsername: login, picture: avatar_url }}
  trustEmail: true
"
    );
    let manifests = Manifests::new().file(
        "up.yaml",
        &format!("{LOOPBACK}{}", up.manifest("up", &more)),
    );
    let assay = Assay::with(db)
        .env("UPSTREAM_SECRET", UPSTREAM_SECRET)
        .manifests(&manifests)
        .start()
        .await;
    let bench = Bench {
        assay,
        up,
        manifests,
    };
    bench.up.behave(|up| {
        up.claims = json!({ "id": 583_231, "login": "ada", "name": "Ada", "email": "public@other.example" });
        up.emails = json!([
            { "email": "old@example.com", "primary": false, "verified": true },
            { "email": "ada@example.com", "primary": true, "verified": true },
            { "email": "new@example.com", "primary": false, "verified": false },
        ]);
        up.answer = Some(Box::new(|answer| answer.retain(|(name, _)| name != "iss")));
    });
    let mut visitor = bench.assay.visitor();

    bench.sign_in(&mut visitor).await.page();

    let people = bench.people().await;
    assert_eq!(people[0]["email"], "ada@example.com");
    assert_eq!(people[0]["emailVerified"], true);
    assert_eq!(people[0]["attributes"]["preferred_username"], "ada");
    bench.up.see(|up| {
        assert_eq!(up.requests[0]["scope"], "read:user user:email");
        assert_eq!(up.discovery_asked, 0);
    });

    // An address that GitHub has not seen verified is not.
    bench.up.behave(|up| {
        up.claims["id"] = json!(7);
        up.emails = json!([{ "email": "eve@example.com", "primary": true, "verified": false }]);
    });
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    let people = bench.people().await;
    let eve = people
        .iter()
        .find(|person| person["email"] == "eve@example.com")
        .unwrap();
    assert_eq!(eve["emailVerified"], false);
}

/// The answer is a form that another site's page sends, without our cookies; the secret is a JWT.
async fn people_sign_in_with_apple(db: TestDb) {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(pkcs8.as_ref())
    );
    let up = Upstream::start().await;
    let manifest = format!(
        "{LOOPBACK}---
apiVersion: assay/v1
kind: UpstreamProvider
metadata: {{ name: up }}
spec:
  issuer: {}
  clientId: {UPSTREAM_CLIENT}
  signedClientSecret: {{ issuer: TEAM123456, keyId: KEY1234567, key: {{ fromFile: AuthKey.p8 }} }}
  responseMode: form_post
  scopes: [openid, email, name]
",
        up.issuer()
    );
    let manifests = Manifests::new()
        .file("up.yaml", &manifest)
        .file("AuthKey.p8", &pem);
    let assay = Assay::with(db).manifests(&manifests).start().await;
    let bench = Bench {
        assay,
        up,
        manifests,
    };
    bench.up.behave(|up| {
        up.claims =
            json!({ "sub": "ada-there", "email": "ada@example.com", "email_verified": "true" });
        up.answer = Some(Box::new(|answer| {
            let user = json!({ "name": { "firstName": "Ada", "lastName": "Lovelace" } });
            answer.push(("user".into(), user.to_string()));
        }));
    });
    let mut visitor = bench.assay.visitor();
    let request = bench.leave(&mut visitor, "/auth/account").await;
    let answer = bench.up.answer(&request);

    let path = "/auth/upstream/up/callback";
    let sent_on = post_answer(bench.assay.request(Method::POST, path), &answer).await;
    let sent_on = sent_on.expect_status(303);
    // A cookie set now would take the place of the one that stayed behind.
    assert_eq!(sent_on.header("set-cookie"), None);
    let location = sent_on.header("location").unwrap();
    let page = visitor.open(&bench.assay.url(location)).await.page();

    assert_eq!(page.url.path(), "/auth/account");
    let people = bench.people().await;
    assert_eq!(people[0]["attributes"]["name"], "Ada Lovelace");
    bench.up.see(|up| {
        assert_eq!(up.requests[0]["response_mode"], "form_post");
        let (form, credential) = &up.redemptions[0];
        assert!(credential.is_none());
        assert_eq!(form["client_id"], UPSTREAM_CLIENT);
        let secret = &form["client_secret"];
        let header = jsonwebtoken::decode_header(secret).unwrap();
        assert_eq!(header.kid.as_deref(), Some("KEY1234567"));
        assert_eq!(header.alg, jsonwebtoken::Algorithm::ES256);
        let claims = crate::harness::claims_of(secret);
        assert_eq!(claims["iss"], "TEAM123456");
        assert_eq!(claims["sub"], UPSTREAM_CLIENT);
        assert_eq!(claims["aud"], bench.up.issuer());
        let (message, signature) = secret.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let key = aws_lc_rs::signature::UnparsedPublicKey::new(
            &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED,
            pair.public_key().as_ref(),
        );
        key.verify(message.as_bytes(), &signature).unwrap();
    });
}

const TENANT: &str = "11111111-2222-4333-8444-555555555555";
const OTHER_TENANT: &str = "99999999-2222-4333-8444-555555555555";

/// One document for all, an issuer for each.
async fn people_sign_in_with_any_tenant_of_microsoft(db: TestDb) {
    let up = Upstream::start().await;
    let issuer = up.issuer();
    let manifest = format!(
        "{LOOPBACK}---
apiVersion: assay/v1
kind: UpstreamProvider
metadata: {{ name: up }}
spec:
  issuer: \"{issuer}/{{tenantid}}/v2.0\"
  discovery: {issuer}/.well-known/openid-configuration
  clientId: {UPSTREAM_CLIENT}
  clientSecret: {{ fromEnv: UPSTREAM_SECRET }}
"
    );
    let manifests = Manifests::new().file("up.yaml", &manifest);
    let assay = Assay::with(db)
        .env("UPSTREAM_SECRET", UPSTREAM_SECRET)
        .manifests(&manifests)
        .start()
        .await;
    let bench = Bench {
        assay,
        up,
        manifests,
    };
    let template = format!("{issuer}/{{tenantid}}/v2.0");
    bench.up.behave(|up| {
        up.answer = Some(Box::new(|answer| answer.retain(|(name, _)| name != "iss")));
        up.discovery = Some(Box::new(move |document| {
            document["issuer"] = json!(template);
            document["authorization_response_iss_parameter_supported"] = json!(false);
        }));
    });
    let arrives = |tid: &str, iss: &str, email: &str| {
        let (tid, iss) = (json!(tid), json!(format!("{issuer}/{iss}/v2.0")));
        let email = json!(email);
        bench.up.behave(|up| {
            up.id_token = Some(Box::new(move |claims| {
                claims.insert("tid".into(), tid.clone());
                claims.insert("iss".into(), iss.clone());
                claims.insert("email".into(), email.clone());
            }));
        });
    };

    arrives(TENANT, TENANT, "ada@example.com");
    let mut visitor = bench.assay.visitor();
    bench.sign_in(&mut visitor).await.page();
    assert!(bench.signed_in(&mut visitor).await.is_some());

    // The same subject of another tenant is another person.
    arrives(OTHER_TENANT, OTHER_TENANT, "grace@example.com");
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    assert_eq!(bench.people().await.len(), 2);

    for (tid, iss) in [(TENANT, OTHER_TENANT), ("common", "common"), ("", "")] {
        arrives(tid, iss, "eve@example.com");
        bench
            .expect_refusal(&mut bench.assay.visitor(), "id_token")
            .await;
    }
}

async fn a_secret_is_sent_as_the_manifest_says(db: TestDb) {
    let bench = Bench::with(db, "  tokenEndpointAuthMethod: client_secret_post\n").await;
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    bench.up.see(|up| {
        let (form, credential) = &up.redemptions[0];
        assert_eq!(form["client_secret"], UPSTREAM_SECRET);
        assert!(credential.is_none());
    });

    bench.change("  tokenEndpointAuthMethod: client_secret_jwt\n");
    bench.sign_in(&mut bench.assay.visitor()).await.page();
    bench.up.see(|up| {
        let (form, credential) = &up.redemptions[1];
        assert!(credential.is_none() && !form.contains_key("client_secret"));
        let jwt =
            assay::crypto::foreign::verify_mac(&form["client_assertion"], UPSTREAM_SECRET, None);
        let claims = jwt.unwrap().claims;
        assert_eq!(claims["iss"], UPSTREAM_CLIENT);
        assert_eq!(claims["aud"], format!("{}/token", bench.up.issuer()));
    });
}
