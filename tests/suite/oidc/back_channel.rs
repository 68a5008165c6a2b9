//! Clients are told of the end of a session (OpenID Connect Back-Channel Logout 1.0).

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jsonwebtoken::decode_header;
use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::Bench;
use crate::harness::{LogoutReceiver, RelyingParty, Reply, TestDb, Tokens, Visitor};

both_databases!(
    a_client_is_told_when_the_session_ends,
    every_way_a_session_ends_is_told,
    a_delivery_is_repeated_until_it_is_taken,
    a_delivery_is_given_up_after_a_day,
    a_delivery_survives_a_crash,
    two_replicas_tell_a_client_once,
    a_private_address_is_not_asked,
);

pub(super) const LOOPBACK: &str = r"apiVersion: assay/v1
kind: Module
metadata: { name: oidc_provider }
spec: { settings: { allowedPrivateNetworks: [127.0.0.0/8] } }
";

fn shop(receiver: &LogoutReceiver) -> String {
    format!(
        "apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: shop }}
spec:
  clientSecret: {{ fromEnv: WIKI_SECRET }}
  redirectUris: [https://wiki.example.com/callback]
  grantTypes: [authorization_code, refresh_token]
  scopes: [openid, offline_access]
  consent: implicit
  backchannelLogoutUri: {}
",
        receiver.uri()
    )
}

async fn bench(db: TestDb) -> (Bench, LogoutReceiver) {
    let receiver = LogoutReceiver::start().await;
    let more = format!("{LOOPBACK}---\n{}", shop(&receiver));
    (Bench::with_more(db, &more).await, receiver)
}

/// What the provider says of notices that were not delivered.
async fn notices(bench: &Bench, state: &str) -> Value {
    let path = format!("/auth/admin/logout-notices?state={state}");
    let request = bench.assay.admin(Method::GET, &path);
    Reply::to(request).await.expect_status(200).json()
}

/// Waits until the one notice says this of the last attempt.
async fn error_of_notice(bench: &Bench, wanted: &str) -> Value {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let listed = notices(bench, "pending").await;
        let notice = &listed["notices"][0];
        let error = notice["lastError"].as_str().unwrap_or_default();
        if error.contains(wanted) {
            assert_eq!(listed["pending"], 1, "{listed:#}");
            return notice.clone();
        }
        assert!(Instant::now() < deadline, "no {wanted}: {listed:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn nothing_is_pending(bench: &Bench) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while notices(bench, "pending").await["pending"] != 0 {
        assert!(Instant::now() < deadline, "a notice is still pending");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn claims_of(shop: &RelyingParty, tokens: &Tokens) -> Value {
    shop.id_token_claims(tokens.id_token.as_deref().unwrap())
        .await
}

/// Signs in at another client of the same session, and out again from there.
async fn sign_out_elsewhere(bench: &Bench, visitor: &mut Visitor) {
    let intranet = bench.intranet().await;
    let tokens = intranet.sign_in(visitor, &bench.ada).await;
    let mut url = intranet.endpoint("end_session_endpoint");
    url.query_pairs_mut()
        .append_pair("id_token_hint", &tokens.id_token.unwrap());
    let page = visitor.open(&url).await.page();
    page.reply.expect_status(200);
}

async fn a_client_is_told_when_the_session_ends(db: TestDb) {
    let (bench, receiver) = bench(db).await;
    let shop = bench.client("shop", "openid").await;
    assert_eq!(shop.provider["backchannel_logout_supported"], true);
    assert_eq!(shop.provider["backchannel_logout_session_supported"], true);
    let (mut visitor, tokens) = bench.tokens(&shop).await;
    let offline = bench.client("shop", "openid offline_access").await;
    let kept = offline.sign_in(&mut visitor, &bench.ada).await;

    sign_out_elsewhere(&bench, &mut visitor).await;

    let told = receiver.wait_for(1).await;
    assert_eq!(decode_header(&told[0]).unwrap().typ.unwrap(), "logout+jwt");
    let said = shop.id_token_claims(&told[0]).await;
    let id = claims_of(&shop, &tokens).await;
    assert_eq!(said["sub"], id["sub"]);
    assert_eq!(said["sid"], id["sid"]);
    assert!(id["sid"].is_string(), "{id:#}");
    let events = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    assert_eq!(said["events"], events);
    assert!(said["jti"].as_str().is_some_and(|jti| jti.len() > 16));
    let lifetime = said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 120);
    assert!(said.get("nonce").is_none(), "{said:#}");

    // What was granted for the session is over; what was granted beyond it is not.
    let refresh_token = tokens.refresh_token.unwrap();
    shop.refresh(&refresh_token)
        .await
        .expect_error("invalid_grant");
    shop.userinfo(&tokens.access_token).await.expect_status(401);
    shop.refresh(&kept.refresh_token.unwrap()).await.tokens();
    nothing_is_pending(&bench).await;
    assert_eq!(
        receiver.tokens().len(),
        1,
        "one session, one client, one token"
    );
    let metrics = bench.assay.get("/metrics").await.body;
    let counted = "assay_logout_notices_total{outcome=\"delivered\"} 1\n";
    assert!(metrics.contains(counted), "{metrics}");
}

async fn user_id(shop: &RelyingParty, tokens: &Tokens) -> String {
    claims_of(shop, tokens).await["sub"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn every_way_a_session_ends_is_told(db: TestDb) {
    let (bench, receiver) = bench(db).await;
    let shop = bench.client("shop", "openid").await;
    let account = bench.assay.url("/auth/account");
    let mut told = 0;
    let mut expect = async |tokens: &Tokens| {
        told += 1;
        let last = receiver.wait_for(told).await.pop().unwrap();
        let said = shop.id_token_claims(&last).await;
        assert_eq!(said["sid"], claims_of(&shop, tokens).await["sid"]);
    };
    let admin = async |method, path: String, body: Option<Value>| {
        let mut request = bench.assay.admin(method, &path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        assert!(Reply::to(request).await.status.is_success(), "{path}");
    };

    // Signed out on the page of their account, with no client involved.
    let (mut visitor, tokens) = bench.tokens(&shop).await;
    let page = visitor.open(&account).await.page();
    let mut forms = page.forms().into_iter();
    let form = forms.find(|form| form.action.path().ends_with("/sign-out"));
    visitor.submit(&form.unwrap()).await.page();
    expect(&tokens).await;

    // Signed out everywhere else, from another browser.
    let (_, tokens) = bench.tokens(&shop).await;
    let (mut other, _) = bench.tokens(&bench.intranet().await).await;
    let page = other.open(&account).await.page();
    let mut forms = page.forms().into_iter();
    let form =
        forms.find(|form| form.action.path().ends_with("/end") && !form.has_field("session"));
    other.submit(&form.unwrap()).await.page();
    expect(&tokens).await;

    // Somebody else signs in at the same browser.
    let grace = bench.assay.user("grace");
    let (mut visitor, tokens) = bench.tokens(&shop).await;
    let again = shop.authorization().with("prompt", "login");
    visitor.sign_in(&again.url(), &grace).await;
    expect(&tokens).await;

    // An operator ends the session.
    let (_, tokens) = bench.tokens(&shop).await;
    let user = user_id(&shop, &tokens).await;
    let request = bench.assay.admin(
        Method::GET,
        &format!("/auth/admin/auth/sessions?user={user}"),
    );
    let listed = Reply::to(request).await.json();
    let session = listed["sessions"][0]["id"].as_str().unwrap();
    let path = format!("/auth/admin/auth/sessions/{session}");
    admin(Method::DELETE, path, None).await;
    expect(&tokens).await;

    // An operator sets another password, closes the account, deletes it.
    let (_, tokens) = bench.tokens(&shop).await;
    let path = format!("/auth/admin/auth/users/{}", user_id(&shop, &tokens).await);
    let password = json!({ "password": bench.ada.password });
    admin(Method::PUT, format!("{path}/password"), Some(password)).await;
    expect(&tokens).await;
    let (_, tokens) = bench.tokens(&shop).await;
    admin(
        Method::PATCH,
        path.clone(),
        Some(json!({ "state": "disabled" })),
    )
    .await;
    expect(&tokens).await;
    admin(
        Method::PATCH,
        path.clone(),
        Some(json!({ "state": "active" })),
    )
    .await;
    let (_, tokens) = bench.tokens(&shop).await;
    admin(Method::DELETE, path, None).await;
    expect(&tokens).await;
    nothing_is_pending(&bench).await;
    assert_eq!(receiver.tokens().len(), 7);
}

async fn a_delivery_is_repeated_until_it_is_taken(db: TestDb) {
    let (bench, receiver) = bench(db).await;
    let shop = bench.client("shop", "openid").await;
    let (mut visitor, tokens) = bench.tokens(&shop).await;
    receiver.answer(400);
    sign_out_elsewhere(&bench, &mut visitor).await;
    let first = receiver.wait_for(1).await.remove(0);
    let notice = error_of_notice(&bench, "400").await;
    assert_eq!(notice["client"], "shop");
    assert_eq!(notice["user"], user_id(&shop, &tokens).await);
    assert_eq!(notice["attempts"], 1);
    let text = notice.to_string();
    assert!(!text.contains(&first), "a token in the open: {text}");
    assert_eq!(notices(&bench, "failed").await["notices"], json!([]));

    receiver.answer(204);
    let second = receiver.wait_for(2).await.remove(1);
    nothing_is_pending(&bench).await;
    // Made anew, as the first may have expired.
    let (first, second) = (
        shop.id_token_claims(&first).await,
        shop.id_token_claims(&second).await,
    );
    assert_ne!(first["jti"], second["jti"]);
    assert_eq!(first["sid"], second["sid"]);
}

async fn a_delivery_is_given_up_after_a_day(db: TestDb) {
    let (bench, receiver) = bench(db).await;
    let shop = bench.client("shop", "openid").await;
    let (mut visitor, _) = bench.tokens(&shop).await;
    receiver.answer(500);
    sign_out_elsewhere(&bench, &mut visitor).await;
    receiver.wait_for(1).await;
    let notice = error_of_notice(&bench, "500").await;
    let life = notice["expiresAt"].as_i64().unwrap() - notice["createdAt"].as_i64().unwrap();
    assert_eq!(life, 24 * 60 * 60 * 1_000);

    // A day later, and due.
    let data = bench.assay.folder().join("data");
    let later = "UPDATE oidc_logout_notices
                    SET expires_at = expires_at - 86400000, next_attempt_at = 1";
    assert_eq!(bench.assay.db().alter(&data, later).await, 1);
    receiver.answer(200);
    let tried = receiver.tokens().len();
    nothing_is_pending(&bench).await;
    let failed = notices(&bench, "failed").await;
    assert_eq!(failed["failed"], 1);
    assert_eq!(failed["notices"][0]["client"], "shop");
    // Another is delivered meanwhile, so there was time for this one.
    let (mut visitor, _) = bench.tokens(&shop).await;
    sign_out_elsewhere(&bench, &mut visitor).await;
    receiver.wait_for(tried + 1).await;
    nothing_is_pending(&bench).await;
    assert_eq!(receiver.tokens().len(), tried + 1);
}

async fn a_delivery_survives_a_crash(db: TestDb) {
    let (mut bench, receiver) = bench(db).await;
    let shop = bench.client("shop", "openid").await;
    let (mut visitor, tokens) = bench.tokens(&shop).await;
    receiver.hang();
    sign_out_elsewhere(&bench, &mut visitor).await;
    receiver.wait_for(1).await;
    bench.assay.kill();
    receiver.answer(200);
    bench.assay.run().await;
    let told = receiver.wait_for(2).await;
    let said = shop.id_token_claims(&told[1]).await;
    assert_eq!(said["sid"], claims_of(&shop, &tokens).await["sid"]);
    nothing_is_pending(&bench).await;
}

async fn two_replicas_tell_a_client_once(db: TestDb) {
    let (bench, receiver) = bench(db).await;
    let _replica = bench.assay.replica().await;
    let shop = bench.client("shop", "openid").await;
    let mut sids = BTreeSet::new();
    let mut tokens = None;
    for _ in 0..10 {
        let (_, given) = bench.tokens(&shop).await;
        let sid = claims_of(&shop, &given).await["sid"].clone();
        sids.insert(sid.as_str().unwrap().to_owned());
        tokens = Some(given);
    }
    let user = user_id(&shop, &tokens.unwrap()).await;
    // Long enough for the other replica to look for what is due.
    receiver.answer_after(Duration::from_secs(3));
    let request = bench
        .assay
        .admin(Method::PATCH, &format!("/auth/admin/auth/users/{user}"))
        .json(&json!({ "state": "disabled" }));
    Reply::to(request).await.expect_status(200);
    receiver.wait_for(10).await;
    nothing_is_pending(&bench).await;
    let mut told = BTreeSet::new();
    for token in receiver.tokens() {
        let sid = shop.id_token_claims(&token).await["sid"].clone();
        assert!(told.insert(sid.as_str().unwrap().to_owned()), "{sid} twice");
    }
    assert_eq!(told, sids);
}

async fn a_private_address_is_not_asked(db: TestDb) {
    let receiver = LogoutReceiver::start().await;
    let bench = Bench::with_more(db, &shop(&receiver)).await;
    let shop = bench.client("shop", "openid").await;
    let (mut visitor, _) = bench.tokens(&shop).await;
    sign_out_elsewhere(&bench, &mut visitor).await;
    error_of_notice(&bench, "private address").await;
    assert_eq!(receiver.tokens(), Vec::<String>::new());
    let path: Url = bench.assay.url("/auth/admin/logout-notices");
    let unasked = Reply::to(bench.assay.request(Method::GET, path.path())).await;
    unasked.expect_status(401);
}
