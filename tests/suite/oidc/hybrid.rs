//! Response types that give tokens at the authorization endpoint (OpenID Connect Core 3.2 and 3.3).

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Url;
use serde_json::{Value, json};

use super::{Bench, CALLBACK};
use crate::harness::{Arrival, Authorization, RelyingParty, TestDb, Visitor};

both_databases!(
    every_type_gives_what_it_says,
    an_id_token_tells_a_browser_no_more_than_it_must,
    only_a_client_whose_manifest_says_so_gets_tokens_there,
    a_refusal_travels_in_the_fragment,
    an_answer_can_be_signed_or_posted,
    a_bound_token_does_not_leave_that_way,
    what_was_given_there_ends_like_everything_else,
);

const TYPES: [&str; 5] = [
    "id_token",
    "id_token token",
    "code id_token",
    "code token",
    "code id_token token",
];

const OLD: &str = r"apiVersion: assay/v1
kind: OidcClient
metadata: { name: old }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, implicit, refresh_token]
  responseTypes: [id_token, id_token token, code id_token, code token, code id_token token]
  scopes: [openid, email, offline_access]
  consent: implicit
";

async fn bench(db: TestDb) -> (Bench, RelyingParty) {
    let bench = Bench::with_more(db, OLD).await;
    let old = bench.client("old", "openid email").await;
    (bench, old)
}

fn asking(client: &RelyingParty, response_type: &str) -> Authorization {
    let request = client.authorization().with("response_type", response_type);
    if response_type.contains("code") {
        return request;
    }
    let request = request.without("code_challenge");
    request.without("code_challenge_method")
}

/// What the fragment holds. Nothing is in the query.
fn fragment(url: &Url) -> BTreeMap<String, String> {
    assert!(url.as_str().starts_with(CALLBACK), "{url}");
    assert_eq!(url.query(), None, "{url}");
    let text = url
        .fragment()
        .unwrap_or_else(|| panic!("no fragment: {url}"));
    url::form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

async fn signed_in(bench: &Bench) -> Visitor {
    let mut visitor = bench.assay.visitor();
    let intranet = bench.intranet().await;
    let url = intranet.authorization().url();
    visitor.sign_in(&url, &bench.ada).await;
    visitor
}

fn half_hash(text: &str) -> String {
    let hash = digest(&SHA256, text.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
}

async fn every_type_gives_what_it_says(db: TestDb) {
    let (bench, old) = bench(db).await;
    let mut visitor = signed_in(&bench).await;
    for response_type in TYPES {
        let request = asking(&old, response_type);
        let answer = fragment(&visitor.open(&request.url()).await.left());
        let words: Vec<_> = response_type.split(' ').collect();
        let said: Vec<_> = answer.keys().map(String::as_str).collect();
        let mut expected = vec!["iss", "state"];
        expected.extend(words.contains(&"code").then_some("code"));
        expected.extend(words.contains(&"id_token").then_some("id_token"));
        if words.contains(&"token") {
            expected.extend(["access_token", "expires_in", "scope", "token_type"]);
        }
        expected.sort_unstable();
        // No refresh token, whatever is asked for.
        assert_eq!(said, expected, "{response_type}");
        assert_eq!(answer["state"], request.state);
        assert_eq!(answer["iss"], bench.assay.issuer());

        let mut subject = Value::Null;
        if let Some(id_token) = answer.get("id_token") {
            let claims = old.id_token_claims(id_token).await;
            assert_eq!(claims["nonce"], request.nonce, "{claims:#}");
            assert_eq!(claims["s_hash"], half_hash(&request.state), "{claims:#}");
            for (hash, name) in [("at_hash", "access_token"), ("c_hash", "code")] {
                let expected = answer
                    .get(name)
                    .map_or(Value::Null, |it| half_hash(it).into());
                assert_eq!(claims[hash], expected, "{response_type}: {claims:#}");
            }
            subject = claims["sub"].clone();
        }
        if let Some(token) = answer.get("access_token") {
            assert_eq!(answer["token_type"], "Bearer");
            assert_eq!(answer["scope"], "email openid");
            let person = old.userinfo(token).await.expect_status(200).json();
            assert_eq!(person["email"], bench.ada.email);
        }
        if let Some(code) = answer.get("code") {
            let tokens = old.redeem(code, &request).await.tokens();
            assert!(tokens.refresh_token.is_some());
            let claims = old.id_token_claims(&tokens.id_token.unwrap()).await;
            assert_eq!(claims["nonce"], request.nonce, "{claims:#}");
            assert!(claims.get("c_hash").is_none(), "{claims:#}");
            assert!(subject.is_null() || claims["sub"] == subject, "{claims:#}");
        }
    }
    // The order of the words is nothing.
    let request = asking(&old, "token code id_token");
    let answer = fragment(&visitor.open(&request.url()).await.left());
    assert_eq!(answer.len(), 8, "{answer:?}");
}

async fn an_id_token_tells_a_browser_no_more_than_it_must(db: TestDb) {
    let (bench, old) = bench(db).await;
    let mut visitor = signed_in(&bench).await;
    for (response_type, has_email) in [
        ("id_token", true),
        ("id_token token", false),
        ("code id_token", false),
    ] {
        let request = asking(&old, response_type);
        let answer = fragment(&visitor.open(&request.url()).await.left());
        let claims = old.id_token_claims(&answer["id_token"]).await;
        assert_eq!(claims.get("email").is_some(), has_email, "{response_type}");
        // What is asked for there by name is there.
        let wanted = json!({ "id_token": { "email": null } }).to_string();
        let request = request.with("claims", &wanted);
        let answer = fragment(&visitor.open(&request.url()).await.left());
        let claims = old.id_token_claims(&answer["id_token"]).await;
        assert_eq!(claims["email"], bench.ada.email, "{response_type}");
    }
    // There is nothing to refresh, so there is nothing to use while the person is away.
    let request = asking(&old, "id_token token").with("scope", "openid offline_access");
    let answer = fragment(&visitor.open(&request.url()).await.left());
    assert_eq!(answer["scope"], "openid");
}

async fn only_a_client_whose_manifest_says_so_gets_tokens_there(db: TestDb) {
    let more = OLD.replace(
        "[id_token, id_token token, code id_token, code token, code id_token token]",
        "[code, code id_token]",
    );
    let bench = Bench::with_more(db, &more).await;
    let intranet = bench.intranet().await;
    let old = bench.client("old", "openid").await;
    let mut visitor = signed_in(&bench).await;
    for (client, response_type) in [(&intranet, "code id_token"), (&old, "id_token token")] {
        let request = asking(client, response_type);
        let answer = fragment(&visitor.open(&request.url()).await.left());
        assert_eq!(answer["error"], "unauthorized_client", "{response_type}");
        assert!(!answer.contains_key("id_token"), "{answer:?}");
    }
    for unknown in ["token", "none", "code code", "code magic"] {
        let request = old.authorization().with("response_type", unknown);
        let callback = visitor.open(&request.url()).await.left();
        let error = old.error_in(&callback, &request);
        assert_eq!(error, "unsupported_response_type", "{unknown}");
    }
    let request = asking(&old, "code id_token");
    fragment(&visitor.open(&request.url()).await.left());

    let supported = |client: &RelyingParty, what: &str| client.provider[what].clone();
    let types = supported(&old, "response_types_supported");
    assert_eq!(types, json!(["code", "code id_token"]));
    let grants = supported(&old, "grant_types_supported").to_string();
    assert!(grants.contains("implicit"), "{grants}");
    // Nobody may any more: it is not said any more.
    bench.manifests.write(
        "more.yaml",
        &more.replace("spec:\n", "spec:\n  enabled: false\n"),
    );
    bench.change("displayName: Wiki\n", "displayName: The wiki\n");
    let intranet = bench.intranet().await;
    let types = supported(&intranet, "response_types_supported");
    assert_eq!(types, json!(["code"]));
    let grants = supported(&intranet, "grant_types_supported").to_string();
    assert!(!grants.contains("implicit"), "{grants}");
}

async fn a_refusal_travels_in_the_fragment(db: TestDb) {
    let (bench, old) = bench(db).await;
    let mut visitor = signed_in(&bench).await;
    for response_type in TYPES {
        let request = asking(&old, response_type);
        let mut wrong = vec![
            (
                request.clone().with("response_mode", "query"),
                "invalid_request",
            ),
            (
                request.clone().with("response_mode", "query.jwt"),
                "invalid_request",
            ),
            (
                request.clone().with("response_mode", "x"),
                "invalid_request",
            ),
            (
                request.clone().with("scope", "openid admin"),
                "invalid_scope",
            ),
        ];
        if response_type.contains("id_token") {
            wrong.push((request.clone().without("nonce"), "invalid_request"));
            wrong.push((request.clone().with("scope", "email"), "invalid_scope"));
        }
        if response_type.contains("code") {
            let plain = request.clone().without("code_challenge_method");
            wrong.push((plain.without("code_challenge"), "invalid_request"));
        }
        for (request, error) in wrong {
            let answer = fragment(&visitor.open(&request.url()).await.left());
            assert_eq!(answer["error"], error, "{request:?}");
            assert_eq!(answer["state"], request.state);
            let given = ["code", "id_token", "access_token"];
            assert!(!given.iter().any(|name| answer.contains_key(*name)));
        }
        let silent = request.with("prompt", "none");
        let callback = bench.assay.visitor().open(&silent.url()).await.left();
        assert_eq!(fragment(&callback)["error"], "login_required");
    }
    // Where no ID token is given, no nonce is needed.
    let request = asking(&old, "code token").without("nonce");
    let answer = fragment(&visitor.open(&request.url()).await.left());
    assert!(answer.contains_key("access_token"), "{answer:?}");
}

async fn an_answer_can_be_signed_or_posted(db: TestDb) {
    let (bench, old) = bench(db).await;
    let mut visitor = signed_in(&bench).await;
    for mode in ["jwt", "fragment.jwt"] {
        let request = asking(&old, "code id_token token").with("response_mode", mode);
        let answer = fragment(&visitor.open(&request.url()).await.left());
        assert_eq!(answer.keys().collect::<Vec<_>>(), ["response"], "{mode}");
        let required = ["iss", "aud", "exp"];
        let claims = old.signed_claims(&answer["response"], &required).await;
        old.id_token_claims(claims["id_token"].as_str().unwrap())
            .await;
        let token = claims["access_token"].as_str().unwrap();
        old.userinfo(token).await.expect_status(200);
    }
    let request = asking(&old, "code id_token").with("response_mode", "form_post");
    let Arrival::Page(page) = visitor.open(&request.url()).await else {
        panic!("a page that posts");
    };
    let form = page.form_with("id_token");
    assert_eq!(form.action.as_str(), CALLBACK);
    assert!(form.has_field("code") && form.has_field("state"));
}

async fn a_bound_token_does_not_leave_that_way(db: TestDb) {
    // `assay validate` refuses such a client with types that give access tokens.
    let bound = OLD
        .replace("name: old", "name: bound")
        .replace("id_token token, ", "")
        .replace("code token, code id_token token", "code")
        .replace("spec:\n", "spec:\n  dpopBoundAccessTokens: true\n");
    let bench = Bench::with_more(db, &format!("{OLD}---\n{bound}")).await;
    let mut visitor = signed_in(&bench).await;
    let bound = bench.client("bound", "openid").await;
    let old = bench.client("old", "openid").await;
    for response_type in TYPES {
        let gives_token = response_type.split(' ').any(|word| word == "token");
        let request = asking(&bound, response_type);
        let answer = fragment(&visitor.open(&request.url()).await.left());
        let error = gives_token.then_some("unauthorized_client");
        assert_eq!(answer.get("error").map(String::as_str), error);
        // Nor where the client announces a key.
        let jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        let request = asking(&old, response_type).with("dpop_jkt", jkt);
        let answer = fragment(&visitor.open(&request.url()).await.left());
        let error = gives_token.then_some("invalid_request");
        assert_eq!(answer.get("error").map(String::as_str), error);
    }
}

async fn what_was_given_there_ends_like_everything_else(db: TestDb) {
    let (bench, old) = bench(db).await;
    let mut visitor = signed_in(&bench).await;
    let request = asking(&old, "code id_token token");
    let answer = fragment(&visitor.open(&request.url()).await.left());
    let token = &answer["access_token"];
    // A code that is used twice takes all with it that came from the same grant.
    old.redeem(&answer["code"], &request).await.tokens();
    old.userinfo(token).await.expect_status(200);
    let again = old.redeem(&answer["code"], &request).await;
    again.expect_error("invalid_grant");
    old.userinfo(token).await.expect_status(401);

    let request = asking(&old, "id_token token");
    let answer = fragment(&visitor.open(&request.url()).await.left());
    let token = &answer["access_token"];
    let account = bench.assay.url("/auth/account");
    let page = visitor.open(&account).await.page();
    let sign_out = page
        .forms()
        .into_iter()
        .find(|form| form.action.path() == "/auth/account/sign-out");
    visitor.submit(&sign_out.unwrap()).await.page();
    old.userinfo(token).await.expect_status(401);
}
