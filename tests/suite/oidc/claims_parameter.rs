//! The `claims` parameter (OpenID Connect Core 5.5).

use serde_json::{Value, json};

use super::Bench;
use crate::harness::{Authorization, RelyingParty, TestDb, Visitor};

both_databases!(
    a_claim_is_given_where_it_was_asked_for,
    what_is_asked_for_one_by_one_is_allowed_one_by_one,
    a_client_learns_no_more_than_its_manifest_says,
    a_malformed_request_is_refused,
    the_answer_is_about_the_subject_asked_for,
);

const READER: &str = "apiVersion: assay/v1
kind: OidcClient
metadata: { name: reader }
spec:
  displayName: Reader
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, refresh_token]
  scopes: [openid, profile, email]
";

async fn bench(db: TestDb) -> (Bench, RelyingParty) {
    let bench = Bench::with_more(db, READER).await;
    let data = bench.assay.folder().join("data");
    let known = "UPDATE users SET attributes =
        '{\"name\": \"Ada Lovelace\", \"nickname\": \"Ada\", \"phone_number\": \"+44 1\"}'";
    assert_eq!(bench.assay.db().alter(&data, known).await, 1);
    let reader = bench.client("reader", "openid").await;
    (bench, reader)
}

fn asking(client: &RelyingParty, claims: &Value) -> Authorization {
    client.authorization().with("claims", &claims.to_string())
}

/// The ID token of the request, that of its refresh token, and what userinfo says.
async fn told(
    bench: &Bench,
    client: &RelyingParty,
    visitor: &mut Visitor,
    request: &Authorization,
) -> [Value; 3] {
    let callback = visitor.sign_in(&request.url(), &bench.ada).await;
    let code = client.code_in(&callback, request);
    let tokens = client.redeem(&code, request).await.tokens();
    let first = client.id_token_claims(&tokens.id_token.unwrap()).await;
    let refreshed = client
        .refresh(&tokens.refresh_token.unwrap())
        .await
        .tokens();
    let second = client.id_token_claims(&refreshed.id_token.unwrap()).await;
    let userinfo = client.userinfo(&refreshed.access_token).await.json();
    [first, second, userinfo]
}

async fn a_claim_is_given_where_it_was_asked_for(db: TestDb) {
    let (bench, reader) = bench(db).await;
    let request = asking(
        &reader,
        &json!({
            "userinfo": {
                "name": { "essential": true }, "locale": { "essential": true }, "shoe_size": null,
                "nickname": { "value": "Countess" },
            },
            "id_token": {
                "email": null, "auth_time": { "essential": true }, "acr": { "essential": true },
                "nickname": { "values": ["Ada", "Augusta"] },
            },
            "elsewhere": { "name": null },
        }),
    )
    .with("claims_locales", "de en");
    let mut visitor = bench.assay.visitor();
    let [first, second, userinfo] = told(&bench, &reader, &mut visitor, &request).await;
    for id_token in [first, second] {
        assert_eq!(id_token["email"], bench.ada.email, "{id_token:#}");
        assert_eq!(id_token["nickname"], "Ada", "{id_token:#}");
        assert!(id_token["auth_time"].is_i64(), "{id_token:#}");
        assert_eq!(id_token["acr"], "urn:assay:acr:single-factor");
        assert!(id_token.get("name").is_none(), "{id_token:#}");
        assert!(id_token.get("email_verified").is_none(), "{id_token:#}");
    }
    // What there is not, nobody misses; what has another value is of no use.
    let mut names: Vec<_> = userinfo.as_object().unwrap().keys().collect();
    names.sort_unstable();
    assert_eq!(names, ["name", "sub"], "{userinfo:#}");
    assert_eq!(userinfo["name"], "Ada Lovelace");
    // The next request asks for nothing, and gets nothing.
    let request = reader.authorization();
    let [first, _, userinfo] = told(&bench, &reader, &mut visitor, &request).await;
    assert!(first.get("email").is_none(), "{first:#}");
    assert!(userinfo.get("name").is_none(), "{userinfo:#}");
    assert_eq!(reader.provider["claims_parameter_supported"], true);
}

async fn what_is_asked_for_one_by_one_is_allowed_one_by_one(db: TestDb) {
    let (bench, reader) = bench(db).await;
    let request = asking(
        &reader,
        &json!({ "userinfo": { "name": null, "email": null, "email_verified": null } }),
    );
    let mut visitor = bench.assay.visitor();
    let page = visitor.open(&request.url()).await.page();
    let form = page
        .form_with("password")
        .fill("email", &bench.ada.email)
        .fill("password", &bench.ada.password);
    let page = visitor.submit(&form).await.page();
    for words in ["See your full name", "See your e-mail address"] {
        assert_eq!(page.reply.body.matches(words).count(), 1, "{page:#?}");
    }
    assert!(!page.reply.body.contains("email_verified"), "{page:#?}");
    let allow = page.form_with_button("decision").press("decision", "allow");
    let callback = visitor.submit(&allow).await.left();
    reader.code_in(&callback, &request);

    let event = &bench.audit("oidc.consent").await[0];
    assert_eq!(event["detail"]["claims"], "email email_verified name");
    // It is remembered, in part as well as in whole.
    let less = asking(&reader, &json!({ "id_token": { "name": null } }));
    reader.code_in(&visitor.open(&less.url()).await.left(), &less);
    let more = asking(&reader, &json!({ "id_token": { "nickname": null } }));
    let page = visitor.open(&more.url()).await.page();
    assert!(page.reply.body.contains("See your nickname"), "{page:#?}");
    let silent = more.with("prompt", "none");
    let callback = visitor.open(&silent.url()).await.left();
    assert_eq!(reader.error_in(&callback, &silent), "consent_required");
    // The scope covers its claims.
    let scope = reader.authorization().with("scope", "openid profile");
    visitor.sign_in(&scope.url(), &bench.ada).await;
    let covered = asking(&reader, &json!({ "id_token": { "nickname": null } }));
    reader.code_in(&visitor.open(&covered.url()).await.left(), &covered);
}

async fn a_client_learns_no_more_than_its_manifest_says(db: TestDb) {
    let (bench, reader) = bench(db).await;
    let claims = json!({ "userinfo": { "phone_number": { "essential": true } } });
    let request = asking(&reader, &claims);
    let mut visitor = bench.assay.visitor();
    let [_, _, userinfo] = told(&bench, &reader, &mut visitor, &request).await;
    assert!(userinfo.get("phone_number").is_none(), "{userinfo:#}");

    // Nor what it may no longer have.
    let request = asking(&reader, &json!({ "userinfo": { "name": null } }));
    let callback = visitor.sign_in(&request.url(), &bench.ada).await;
    let code = reader.code_in(&callback, &request);
    let tokens = reader.redeem(&code, &request).await.tokens();
    let userinfo = reader.userinfo(&tokens.access_token).await.json();
    assert_eq!(userinfo["name"], "Ada Lovelace");
    let less = READER.replace("openid, profile, email", "openid");
    bench.manifests.write("more.yaml", &less);
    bench.change("displayName: Wiki\n", "displayName: The wiki\n");
    let userinfo = reader.userinfo(&tokens.access_token).await.json();
    assert!(userinfo.get("name").is_none(), "{userinfo:#}");
}

async fn a_malformed_request_is_refused(db: TestDb) {
    let (bench, reader) = bench(db).await;
    for claims in [
        "name",
        "[]",
        "{",
        r#"{"userinfo":["name"]}"#,
        r#"{"userinfo":{"name":1}}"#,
        r#"{"id_token":{"name":{"essential":"yes"}}}"#,
        r#"{"id_token":{"acr":{"values":"x"}}}"#,
    ] {
        let request = reader.authorization().with("claims", claims);
        let callback = bench.assay.visitor().open(&request.url()).await.left();
        let error = reader.error_in(&callback, &request);
        assert_eq!(error, "invalid_request", "{claims}");
    }
    let long = json!({ "userinfo": { "x".repeat(4_200): null } });
    let request = asking(&reader, &long);
    let callback = bench.assay.visitor().open(&request.url()).await.left();
    assert_eq!(reader.error_in(&callback, &request), "invalid_request");
}

async fn the_answer_is_about_the_subject_asked_for(db: TestDb) {
    let (bench, _) = bench(db).await;
    let intranet = bench.intranet().await;
    let mut visitor = bench.assay.visitor();
    let tokens = intranet.sign_in(&mut visitor, &bench.ada).await;
    let userinfo = intranet.userinfo(&tokens.access_token).await.json();
    let ada = &userinfo["sub"];

    let herself = asking(
        &intranet,
        &json!({ "id_token": { "sub": { "value": ada } } }),
    );
    let callback = visitor.open(&herself.url()).await.left();
    intranet.code_in(&callback, &herself);
    let other = asking(
        &intranet,
        &json!({ "id_token": { "sub": { "value": "eve" } } }),
    );
    let silent = other.clone().with("prompt", "none");
    let callback = visitor.open(&silent.url()).await.left();
    assert_eq!(intranet.error_in(&callback, &silent), "login_required");
    // There is a chance to become the one asked for; who does not is refused.
    let callback = visitor.sign_in(&other.url(), &bench.ada).await;
    assert_eq!(intranet.error_in(&callback, &other), "login_required");
}
