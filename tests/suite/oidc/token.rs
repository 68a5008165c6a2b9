//! `/auth/token`.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use reqwest::Method;

use super::{Bench, CALLBACK, SECRET};
use crate::harness::{ClientAuthentication, Registration, Reply, TestDb, with_form};

both_databases!(
    a_code_is_good_for_its_client_and_request_alone,
    pkce_cannot_be_left_out_or_added,
    one_of_many_redemptions_at_once_succeeds,
    clients_authenticate_by_their_one_method,
    a_secret_that_was_not_encoded_is_understood,
    a_request_that_is_no_form_is_refused,
    clients_act_only_within_their_grants,
    a_changed_secret_is_the_only_one,
);

async fn a_code_is_good_for_its_client_and_request_alone(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let other = bench.client("legacy", "openid").await;
    let request = intranet.authorization();

    let code = bench.code(&intranet, &request).await;
    other
        .redeem(&code, &request)
        .await
        .expect_error("invalid_grant");
    // Somebody else's attempt took nothing away from the client.
    intranet.redeem(&code, &request).await.tokens();

    let code = bench.code(&intranet, &request).await;
    let elsewhere = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", "https://wiki.example.com/other"),
        ("code_verifier", &request.code_verifier),
    ];
    intranet
        .token(&elsewhere)
        .await
        .expect_error("invalid_grant");
    intranet
        .redeem(&code, &request)
        .await
        .expect_error("invalid_grant");

    let code = bench.code(&intranet, &request).await;
    let nowhere = [("grant_type", "authorization_code"), ("code", &code)];
    intranet.token(&nowhere).await.expect_error("invalid_grant");
    intranet
        .redeem(&code, &request)
        .await
        .expect_error("invalid_grant");
    intranet
        .redeem("made-up", &request)
        .await
        .expect_error("invalid_grant");
    let no_code = intranet
        .token(&[("grant_type", "authorization_code")])
        .await;
    no_code.expect_error("invalid_request");

    // What a deleted client was given goes with it.
    let code = bench.code(&intranet, &request).await;
    bench.change(
        "displayName: \"<script>alert(1)</script>\"",
        "enabled: false",
    );
    intranet
        .redeem(&code, &request)
        .await
        .expect_error("invalid_client");
}

async fn pkce_cannot_be_left_out_or_added(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let request = intranet.authorization();
    let wrong = intranet.authorization();
    let code = bench.code(&intranet, &request).await;
    intranet
        .redeem(&code, &wrong)
        .await
        .expect_error("invalid_grant");

    let code = bench.code(&intranet, &request).await;
    let bare = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
    ];
    intranet.token(&bare).await.expect_error("invalid_grant");

    // RFC 9700 4.8.2: a verifier for a code without challenge is a downgrade.
    let legacy = bench.client("legacy", "openid").await;
    let request = legacy
        .authorization()
        .without("code_challenge")
        .without("code_challenge_method");
    let code = bench.code(&legacy, &request).await;
    legacy
        .redeem(&code, &request)
        .await
        .expect_error("invalid_grant");
    let code = bench.code(&legacy, &request).await;
    let bare = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
    ];
    legacy.token(&bare).await.tokens();
}

async fn one_of_many_redemptions_at_once_succeeds(db: TestDb) {
    let bench = Bench::on(db).await;
    let intranet = bench.intranet().await;
    let request = intranet.authorization();
    let code = bench.code(&intranet, &request).await;
    let attempts = (0..40).map(|_| intranet.redeem(&code, &request));
    let replies = futures_util::future::join_all(attempts).await;
    let given = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(given, 1, "{replies:#?}");
    for reply in replies.into_iter().filter(|reply| reply.status != 200) {
        reply.expect_error("invalid_grant");
    }
}

async fn clients_authenticate_by_their_one_method(db: TestDb) {
    let bench = Bench::on(db).await;
    let basic = |id: &str, secret: &str, body: &str| {
        let request = bench
            .assay
            .request(Method::POST, "/auth/token")
            .basic_auth(id, Some(secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_owned());
        Reply::to(request)
    };
    let grant = "grant_type=client_credentials";
    let posted = format!("{grant}&client_id=reporter&client_secret={SECRET}");
    bench.post("/auth/token", &posted).await.tokens();

    // The right secret by a method that is not the client's.
    basic("reporter", SECRET, grant)
        .await
        .expect_status(401)
        .expect_error("invalid_client");
    let wiki =
        format!("grant_type=refresh_token&refresh_token=x&client_id=wiki&client_secret={SECRET}");
    bench
        .post("/auth/token", &wiki)
        .await
        .expect_error("invalid_client");
    // Two at once.
    basic("reporter", SECRET, &posted)
        .await
        .expect_error("invalid_request");
    basic("wiki", SECRET, &wiki)
        .await
        .expect_error("invalid_request");
    // In the query.
    let in_query = format!("/auth/token?client_id=reporter&client_secret={SECRET}");
    bench
        .post(&in_query, grant)
        .await
        .expect_error("invalid_request");
    // A wrong one, none, one too long, and none at all.
    let wrong = format!("{grant}&client_id=reporter&client_secret=guess");
    bench
        .post("/auth/token", &wrong)
        .await
        .expect_status(401)
        .expect_error("invalid_client");
    let none = format!("{grant}&client_id=reporter");
    bench
        .post("/auth/token", &none)
        .await
        .expect_error("invalid_client");
    let long = format!(
        "{grant}&client_id=reporter&client_secret={}",
        "x".repeat(5_000)
    );
    bench
        .post("/auth/token", &long)
        .await
        .expect_error("invalid_client");
    bench
        .post("/auth/token", grant)
        .await
        .expect_error("invalid_client");
    let unknown = format!("{grant}&client_id=nobody&client_secret={SECRET}");
    let unknown = bench
        .post("/auth/token", &unknown)
        .await
        .expect_error("invalid_client");
    let wrong = bench.post("/auth/token", &wrong).await;
    assert_eq!(
        unknown.body, wrong.body,
        "an unknown client can be told from a wrong secret"
    );
    // A public client has no secret, and an assertion is not taken for one.
    let public =
        format!("grant_type=authorization_code&code=x&client_id=phone&client_secret={SECRET}");
    bench
        .post("/auth/token", &public)
        .await
        .expect_error("invalid_client");
    let assertion =
        format!("{grant}&client_id=reporter&client_assertion=eyJ&client_assertion_type=x");
    bench
        .post("/auth/token", &assertion)
        .await
        .expect_error("invalid_client");
}

async fn a_secret_that_was_not_encoded_is_understood(db: TestDb) {
    let secret = "plus+slash/percent%41-and-more-0123456789=";
    let hash = digest(&SHA256, secret.as_bytes());
    let hash: String = hash.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    let more = format!(
        "apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: raw }}
spec:
  clientSecret: {{ hash: \"sha256:{hash}\" }}
  grantTypes: [client_credentials]
  scopes: [reports.read]
"
    );
    let bench = Bench::with_more(db, &more).await;
    let ask = async |secret: &str| {
        let request = bench
            .assay
            .request(Method::POST, "/auth/token")
            .basic_auth("raw", Some(secret));
        Reply::to(with_form(request, &[("grant_type", "client_credentials")])).await
    };
    ask(secret).await.tokens();
    ask("plus%2Bslash%2Fpercent%2541-and-more-0123456789%3D")
        .await
        .tokens();
    for wrong in [
        "plus slash/percentA-and-more-0123456789=",
        "plus+slash/percentA-and-more-0123456789=",
        "plus%252Bslash%252Fpercent%252541-and-more-0123456789%253D",
    ] {
        ask(wrong)
            .await
            .expect_status(401)
            .expect_error("invalid_client");
    }
}

async fn a_request_that_is_no_form_is_refused(db: TestDb) {
    let bench = Bench::on(db).await;
    let body = format!("grant_type=client_credentials&client_id=reporter&client_secret={SECRET}");
    let twice = format!("{body}&scope=reports.read&scope=reports.write");
    bench
        .post("/auth/token", &twice)
        .await
        .expect_error("invalid_request");
    let request = bench.assay.request(Method::POST, "/auth/token");
    let json = request
        .header("content-type", "application/json")
        .body("{}");
    Reply::to(json).await.expect_error("invalid_request");
    let request = bench
        .assay
        .request(Method::POST, "/auth/token")
        .body(body.clone());
    Reply::to(request).await.expect_error("invalid_request");
    let huge = format!("{body}&x={}", "y".repeat(100_000));
    bench
        .post("/auth/token", &huge)
        .await
        .expect_status(413)
        .expect_error("invalid_request");
    bench
        .post("/auth/token", &format!("{body}&x=%ff"))
        .await
        .expect_error("invalid_request");
    bench.assay.get("/auth/token").await.expect_status(405);
}

async fn clients_act_only_within_their_grants(db: TestDb) {
    let bench = Bench::on(db).await;
    let reporter = bench.reporter().await;
    let all = reporter
        .token(&[("grant_type", "client_credentials")])
        .await
        .tokens();
    assert_eq!(all.scope.as_deref(), Some("reports.read reports.write"));
    for scope in ["openid", "reports.delete", "reports.read openid"] {
        let refused = reporter.client_credentials(scope).await;
        refused.expect_error("invalid_scope");
    }
    let unknown = reporter.token(&[("grant_type", "password")]).await;
    unknown.expect_error("unsupported_grant_type");
    let missing = reporter.token(&[]).await;
    missing.expect_error("invalid_request");
    let not_its_own = reporter.token(&[("grant_type", "refresh_token"), ("refresh_token", "x")]);
    not_its_own.await.expect_error("unauthorized_client");
    let wiki = bench.wiki().await;
    wiki.client_credentials("email")
        .await
        .expect_error("unauthorized_client");
    let public = Registration::public("phone", CALLBACK).authentication(ClientAuthentication::None);
    let public = bench.assay.relying_party(public).await;
    public
        .client_credentials("openid")
        .await
        .expect_error("unauthorized_client");
    // What a manifest asks for is not replaced with less.
    bench.change(
        "requirePushedAuthorizationRequests: true",
        "tlsClientCertificateBoundAccessTokens: true",
    );
    let bank = bench.client("bank", "pay").await;
    bank.client_credentials("pay")
        .await
        .expect_error("invalid_request");
    let target = [
        ("grant_type", "client_credentials"),
        ("resource", "https://api.example"),
    ];
    reporter.token(&target).await.expect_error("invalid_target");
}

async fn a_changed_secret_is_the_only_one(db: TestDb) {
    let bench = Bench::on(db).await;
    let reporter = bench.reporter().await;
    reporter.client_credentials("reports.read").await.tokens();
    let hash = "sha256:74f2a34e1cc8b4a5c1d3f6f7b7cf2f2e0f6d0a4d0f7ad1b0b7c4e4ff25b0c111";
    let secret = "metadata: { name: reporter }\nspec:\n  clientSecret: ";
    bench.change(
        &format!("{secret}{{ fromEnv: WIKI_SECRET }}"),
        &format!("{secret}{{ hash: \"{hash}\" }}"),
    );
    let old = reporter.client_credentials("reports.read").await;
    old.expect_error("invalid_client");
}
