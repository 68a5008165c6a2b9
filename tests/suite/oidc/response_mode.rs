//! `response_mode`: how an answer travels, and in which hands it can be trusted.

use std::collections::BTreeMap;

use reqwest::{Method, Url};

use super::{Bench, CALLBACK};
use crate::harness::{Arrival, Authorization, RelyingParty, TestDb, Visitor};

both_databases!(
    the_answer_travels_as_the_client_asks,
    a_signed_answer_names_its_reader_and_its_end,
    a_refusal_travels_like_a_code,
);

/// What the browser brings to the client, wherever it is.
fn brought(arrival: Arrival) -> BTreeMap<String, String> {
    let (pairs, place) = match arrival {
        Arrival::Page(page) => {
            let form = page
                .forms()
                .into_iter()
                .find(|form| form.action.as_str() == CALLBACK)
                .unwrap_or_else(|| panic!("no form for the client: {page:#?}"));
            assert_eq!(form.method, Method::POST);
            let form_fields = form.fields.into_iter();
            (form_fields.collect(), form.action)
        }
        Arrival::Left(url) => {
            let text = match (url.query(), url.fragment()) {
                (Some(text), None) | (None, Some(text)) => text.to_owned(),
                other => panic!("one of query and fragment: {other:?}"),
            };
            let pairs = url::form_urlencoded::parse(text.as_bytes());
            let mut place = url.clone();
            place.set_query(None);
            place.set_fragment(None);
            (pairs.into_owned().collect(), place)
        }
    };
    assert_eq!(place.as_str(), CALLBACK);
    pairs
}

/// The browser of somebody who is signed in already.
async fn signed_in(bench: &Bench, client: &RelyingParty) -> Visitor {
    let mut visitor = bench.assay.visitor();
    visitor
        .sign_in(&client.authorization().url(), &bench.ada)
        .await;
    visitor
}

fn asking(client: &RelyingParty, mode: &str) -> Authorization {
    client.authorization().with("response_mode", mode)
}

fn travels_in(arrival: &Arrival) -> &'static str {
    match arrival {
        Arrival::Page(_) => "form",
        Arrival::Left(url) if url.fragment().is_some() => "fragment",
        Arrival::Left(_) => "query",
    }
}

const MODES: [(&str, &str, bool); 7] = [
    ("query", "query", false),
    ("fragment", "fragment", false),
    ("form_post", "form", false),
    ("query.jwt", "query", true),
    ("fragment.jwt", "fragment", true),
    ("form_post.jwt", "form", true),
    ("jwt", "query", true),
];

async fn the_answer_travels_as_the_client_asks(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let mut visitor = signed_in(&bench, &intranet).await;
    for (mode, carrier, is_signed) in MODES {
        let request = asking(&intranet, mode);
        let arrival = visitor.open(&request.url()).await;
        assert_eq!(travels_in(&arrival), carrier, "{mode}");
        let answer = brought(arrival);
        let code = if is_signed {
            // Nothing beside the signature's reach.
            assert_eq!(answer.keys().collect::<Vec<_>>(), ["response"], "{mode}");
            let claims = signed(&intranet, &answer).await;
            assert_eq!(claims["state"], request.state, "{mode}");
            claims["code"].as_str().unwrap().to_owned()
        } else {
            assert_eq!(answer["state"], request.state, "{mode}");
            assert_eq!(answer["iss"], bench.assay.issuer(), "{mode}");
            answer["code"].clone()
        };
        intranet.redeem(&code, &request).await.tokens();
    }
    let supported = &intranet.provider["response_modes_supported"];
    let names: Vec<_> = MODES.iter().map(|(name, ..)| *name).collect();
    assert_eq!(*supported, serde_json::json!(names));
}

/// The claims of a signed answer; its signature, issuer, audience and end are checked.
async fn signed(client: &RelyingParty, answer: &BTreeMap<String, String>) -> serde_json::Value {
    client
        .signed_claims(&answer["response"], &["iss", "aud", "exp"])
        .await
}

async fn a_signed_answer_names_its_reader_and_its_end(db: TestDb) {
    let more = r"apiVersion: assay/v1
kind: OidcClient
metadata: { name: careful }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  scopes: [openid]
  consent: implicit
  authorizationSignedResponseAlg: ES256
---
apiVersion: assay/v1
kind: Module
metadata: { name: jwt }
spec: { settings: { algorithms: [RS256, ES256] } }
";
    let bench = Bench::with_more(db, more).await;
    let careful = bench.client("careful", "openid").await;
    let mut visitor = signed_in(&bench, &careful).await;
    let arrival = visitor.open(&asking(&careful, "jwt").url()).await;
    let answer = brought(arrival);
    let header = jsonwebtoken::decode_header(&answer["response"]).unwrap();
    assert_eq!(header.alg, jsonwebtoken::Algorithm::ES256);
    let claims = signed(&careful, &answer).await;
    assert_eq!(claims["aud"], "careful");
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let end = claims["exp"].as_u64().unwrap();
    assert!((now + 300..=now + 600).contains(&end), "{claims:#}");
    // It is no ID token, although the same keys sign it.
    assert!(claims.get("sub").is_none());
    let hint = careful
        .authorization()
        .with("id_token_hint", &answer["response"]);
    let callback = visitor.open(&hint.url()).await.left();
    assert_eq!(careful.error_in(&callback, &hint), "invalid_request");
    let supported = careful.provider["authorization_signing_alg_values_supported"].to_string();
    assert!(supported.contains("ES256") && !supported.contains("none"));
}

async fn a_refusal_travels_like_a_code(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    for (mode, carrier, is_signed) in MODES {
        let request = asking(&intranet, mode).with("prompt", "none");
        let arrival = bench.assay.visitor().open(&request.url()).await;
        assert_eq!(travels_in(&arrival), carrier, "{mode}");
        let answer = brought(arrival);
        if is_signed {
            let claims = signed(&intranet, &answer).await;
            assert_eq!(claims["error"], "login_required", "{mode}");
            assert_eq!(claims["state"], request.state, "{mode}");
        } else {
            assert_eq!(answer["error"], "login_required", "{mode}");
        }
    }
    // A mode that does not exist cannot carry its own refusal.
    let request = asking(&intranet, "jwt.jwt");
    let callback: Url = bench.assay.visitor().open(&request.url()).await.left();
    assert_eq!(intranet.error_in(&callback, &request), "invalid_request");
}
