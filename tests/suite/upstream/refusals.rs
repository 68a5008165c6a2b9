//! An upstream that misbehaves, or somebody in between.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Url;
use serde_json::{Map, Value, json};

use super::Bench;
use crate::harness::{Signer, TestDb, UPSTREAM_SECRET, Upstream, Visitor};

both_databases!(
    an_answer_is_for_the_sign_in_that_waits_for_it,
    an_answer_of_another_upstream_is_not_taken,
    an_answer_of_another_issuer_is_not_taken,
    an_id_token_that_says_something_wrong_is_not_taken,
    an_id_token_that_its_keys_have_not_signed_is_not_taken,
    a_sign_in_leads_nowhere_else,
    a_code_that_is_not_redeemed_signs_nobody_in,
);

fn with_parameter(url: &Url, name: &str, value: Option<&str>) -> Url {
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    pairs.retain(|(other, _)| other != name);
    pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url
}

/// RFC 9700 4.7: `state` missing, invented, of another browser, used before.
async fn an_answer_is_for_the_sign_in_that_waits_for_it(db: TestDb) {
    let bench = Bench::with(db, "").await;
    let mut visitor = bench.assay.visitor();
    let request = bench.leave(&mut visitor, "/auth/account").await;
    let answer = bench.up.answer(&request);

    for state in [None, Some("invented")] {
        let forged = with_parameter(&answer, "state", state);
        let page = visitor.open(&forged).await.page();
        bench.expect_refused(&mut visitor, page, "state").await;
    }
    // An attacker's answer in the victim's browser, or the other way round. It is not used up by that.
    let mut other = bench.assay.visitor();
    bench.leave(&mut other, "/auth/account").await;
    for mut stranger in [other, bench.assay.visitor()] {
        let page = stranger.open(&answer).await.page();
        bench.expect_refused(&mut stranger, page, "state").await;
    }
    assert!(bench.up.see(|up| up.redemptions.is_empty()));

    visitor.open(&answer).await.page();
    assert!(bench.signed_in(&mut visitor).await.is_some());

    let again = visitor.open(&answer).await.page();
    again.reply.expect_status(400);
    assert_eq!(bench.up.see(|up| up.redemptions.len()), 1);
    assert_eq!(bench.audit("session.sign_in").await.len(), 1);
}

/// Mix-up (RFC 9700 4.4): the answer to one upstream's request arrives as another's.
async fn an_answer_of_another_upstream_is_not_taken(db: TestDb) {
    let evil = Upstream::start().await;
    let manifest = evil.manifest("evil", "");
    let bench = Bench::with_manifests(db, "", &manifest).await;
    let mut visitor = bench.assay.visitor();
    let request = bench.leave(&mut visitor, "/auth/account").await;
    let mut answer = bench.up.answer(&request);
    answer.set_path("/auth/upstream/evil/callback");
    let answer = with_parameter(&answer, "iss", Some(&evil.issuer()));

    let page = visitor.open(&answer).await.page();

    page.reply.expect_status(400);
    assert_eq!(bench.signed_in(&mut visitor).await, None);
    assert!(evil.see(|evil| evil.redemptions.is_empty()));
}

/// RFC 9207 2.4.
async fn an_answer_of_another_issuer_is_not_taken(db: TestDb) {
    let bench = Bench::with(db, "").await;
    for issuer in [None, Some("https://evil.example"), Some("")] {
        for is_error in [false, true] {
            let mut visitor = bench.assay.visitor();
            let request = bench.leave(&mut visitor, "/auth/account").await;
            let mut answer = with_parameter(&bench.up.answer(&request), "iss", issuer);
            if is_error {
                answer = with_parameter(&answer, "code", None);
                answer = with_parameter(&answer, "error", Some("access_denied"));
            }
            let page = visitor.open(&answer).await.page();
            bench.expect_refused(&mut visitor, page, "issuer").await;
        }
    }
    assert!(bench.up.see(|up| up.redemptions.is_empty()));
}

type Wrong = (&'static str, &'static str, fn(&mut Map<String, Value>));

/// OpenID Connect Core 3.1.3.7.
async fn an_id_token_that_says_something_wrong_is_not_taken(db: TestDb) {
    let wrongs: [Wrong; 16] = [
        ("another nonce", "id_token", |claims| {
            claims["nonce"] = json!("other");
        }),
        ("no nonce", "id_token", |claims| {
            drop(claims.remove("nonce"));
        }),
        ("another iss", "id_token", |claims| {
            claims["iss"] = json!("https://evil.example");
        }),
        ("no iss", "id_token", |claims| drop(claims.remove("iss"))),
        ("another aud", "id_token", |claims| {
            claims["aud"] = json!("other");
        }),
        ("no aud", "id_token", |claims| drop(claims.remove("aud"))),
        ("one more aud", "id_token", |claims| {
            claims["aud"] = json!(["assay", "other"]);
        }),
        ("another azp", "id_token", |claims| {
            drop(claims.insert("azp".into(), json!("other")));
        }),
        ("no exp", "id_token", |claims| drop(claims.remove("exp"))),
        ("no iat", "id_token", |claims| drop(claims.remove("iat"))),
        ("no sub", "id_token", |claims| drop(claims.remove("sub"))),
        ("empty sub", "id_token", |claims| claims["sub"] = json!("")),
        ("expired", "id_token", |claims| {
            claims["exp"] = json!(crate::harness::seconds() - 60);
        }),
        ("from the future", "id_token", |claims| {
            claims["iat"] = json!(crate::harness::seconds() + 600);
            claims["exp"] = json!(crate::harness::seconds() + 900);
        }),
        ("another at_hash", "id_token", |claims| {
            drop(claims.insert("at_hash".into(), json!("AAAAAAAAAAAAAAAAAAAAAA")));
        }),
        ("userinfo of somebody else", "userinfo", |claims| {
            drop(claims.remove("email"));
        }),
    ];
    let bench = Bench::with(db, "").await;
    bench.up.behave(|up| {
        up.userinfo = Some(json!({ "sub": "eve-there", "email": "eve@example.com" }));
    });
    for (what, reason, wrong) in wrongs {
        bench.up.behave(|up| up.id_token = Some(Box::new(wrong)));
        let page = bench
            .expect_refusal(&mut bench.assay.visitor(), reason)
            .await;
        page.reply.clone().expect_status(403);
        assert!(
            !page.reply.body.contains("eyJ"),
            "a token in the page: {what}"
        );
    }
    assert!(bench.people().await.is_empty());
    let logs = bench.assay.logs();
    assert!(!logs.contains("eyJ") && !logs.contains("token-1"), "{logs}");

    // And one that says it all right is taken, so that each of the above fails for what is wrong in it.
    bench.up.behave(|up| {
        up.id_token = None;
        up.claims["azp"] = json!("assay");
    });
    let mut visitor = bench.assay.visitor();
    bench.sign_in(&mut visitor).await.page();
    assert!(bench.signed_in(&mut visitor).await.is_some());
}

fn unsigned(header: &Value, claims: &Value) -> String {
    use base64::Engine as _;
    let encode =
        |value: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", encode(header), encode(claims))
}

/// `alg=none`, a MAC keyed with what both sides know or with the public key, a key that is not in the JWKS,
/// and a token of another kind that its keys did sign.
async fn an_id_token_that_its_keys_have_not_signed_is_not_taken(db: TestDb) {
    let bench = Bench::with(db, "").await;
    let stranger = Upstream::start().await;
    let public = bench.up.public_key().to_string();
    let ours = bench.up.public_key()["kid"].clone();
    let mac = |key: &str, kid: Option<String>| {
        let key = key.as_bytes().to_vec();
        move |claims: &Value| {
            let header = Header {
                kid: kid.clone(),
                ..Header::new(Algorithm::HS256)
            };
            jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(&key)).unwrap()
        }
    };
    let kid = ours.as_str().map(str::to_owned);
    let signers: Vec<Signer> = vec![
        Box::new(|claims| unsigned(&json!({ "alg": "none" }), claims)),
        Box::new({
            let kid = ours.clone();
            move |claims| unsigned(&json!({ "alg": "none", "typ": "JWT", "kid": kid }), claims)
        }),
        Box::new(mac(UPSTREAM_SECRET, None)),
        Box::new(mac(UPSTREAM_SECRET, kid.clone())),
        Box::new(mac(&public, kid)),
        Box::new(move |claims| stranger.sign("JWT", claims)),
        Box::new(|_| "not a token".into()),
        Box::new(|_| String::new()),
    ];
    for sign in signers {
        bench.up.behave(|up| up.sign = Some(sign));
        bench
            .expect_refusal(&mut bench.assay.visitor(), "id_token")
            .await;
    }
    // Its own key, but a token that is none of identity.
    let issuer = bench.up.issuer();
    let key = std::sync::Arc::new(bench.up);
    let signer = std::sync::Arc::clone(&key);
    key.behave(|up| {
        up.sign = Some(Box::new(move |claims| signer.sign("at+jwt", claims)));
    });
    let mut visitor = bench.assay.visitor();
    let page = sign_in(&bench.assay, &key, &mut visitor).await;
    assert!(page.contains("ID token"), "{issuer}: {page}");
    key.behave(|up| up.sign = None);
}

/// Signs in with an upstream beside the bench, and gives the page that this leads to.
async fn sign_in(assay: &crate::harness::Assay, up: &Upstream, visitor: &mut Visitor) -> String {
    let start = assay.url("/auth/upstream/up/start");
    let request = visitor.open(&start).await.left();
    visitor.open(&up.answer(&request)).await.page().reply.body
}

/// Open redirects: neither through `return_to` nor through what the upstream sends back.
async fn a_sign_in_leads_nowhere_else(db: TestDb) {
    let bench = Bench::with(db, "").await;
    for place in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
    ] {
        let mut visitor = bench.assay.visitor();
        let mut start = bench.assay.url("/auth/upstream/up/start");
        start.query_pairs_mut().append_pair("return_to", place);
        let request = visitor.open(&start).await.left();
        let answer = bench.up.answer(&request);
        let answer = with_parameter(&answer, "return_to", Some(place));
        let page = visitor.open(&answer).await.page();
        assert_eq!(page.url.path(), "/auth/account", "{place}");
    }
}

async fn a_code_that_is_not_redeemed_signs_nobody_in(db: TestDb) {
    let bench = Bench::with(db, "").await;
    let mut visitor = bench.assay.visitor();
    let request = bench.leave(&mut visitor, "/auth/account").await;
    let answer = bench.up.answer(&request);
    // A code of another sign-in: PKCE binds it to the request that it came of.
    let other = bench
        .leave(&mut bench.assay.visitor(), "/auth/account")
        .await;
    let other = bench.up.answer(&other);
    let code = other
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1;
    let injected = with_parameter(&answer, "code", Some(&code));

    let page = visitor.open(&injected).await.page();

    let page = bench.expect_refused(&mut visitor, page, "token").await;
    assert!(page.reply.body.contains("invalid_grant"), "{page:#?}");
}
