//! A passkey as the second factor.

use serde_json::{Value, json};

use super::{Bench, MANAGE, MULTI, PROMPT, SET_UP, asks_for_code, manifests};
use crate::harness::{
    Page, Reply, SecurityKey, TestDb, Visitor,
    passkey::{allowed, auth_start, register_start},
};

both_databases!(
    where_two_factors_are_demanded_a_passkey_is_the_second,
    a_passkey_asks_for_nothing_where_nothing_is_demanded,
    a_passkey_of_somebody_else_does_not_count,
    a_challenge_is_good_for_one_sign_in_and_once,
    a_client_that_demands_two_factors_is_shown_a_passkey,
    the_first_factor_does_not_do_away_with_the_passkey,
    it_stands_beside_an_authenticator_and_is_remembered,
    two_things_that_somebody_has_are_one_factor,
    a_recovery_code_stands_in_for_a_lost_passkey,
);

const START: &str = "/auth/login/second-factor/passkey/start";
const FINISH: &str = "/auth/login/second-factor/passkey/finish";

/// A server where ada has a passkey, and these settings of `secondFactor` since then.
async fn with_passkey(db: TestDb, settings: &str) -> (Bench, SecurityKey) {
    let bench = Bench::with_manifests(db, &manifests("{}")).await;
    let mut visitor = bench.assay.visitor();
    bench.enter_password(&mut visitor).await;
    let mut phone = SecurityKey::new();
    let added = phone.register(&bench.assay, &mut visitor, "Phone").await;
    added.expect_status(200);
    bench.change_settings(settings);
    (bench, phone)
}

fn asks_for_passkey(page: &Page) -> bool {
    page.url.path() == PROMPT
        && page.tags("button").iter().any(|button| {
            button.attribute("data-path") == Some("/auth/login/second-factor/passkey/")
        })
}

async fn started(bench: &Bench, visitor: &mut Visitor, return_to: &str) -> Reply {
    let body = json!({ "return_to": return_to });
    visitor.post_json(&bench.assay.url(START), &body).await
}

async fn finished(bench: &Bench, visitor: &mut Visitor, credential: &Value, more: Value) -> Reply {
    let mut body = more;
    body["credential"] = credential.clone();
    visitor.post_json(&bench.assay.url(FINISH), &body).await
}

/// Shows the passkey at the page that asks, and gives where to go on.
async fn show(bench: &Bench, visitor: &mut Visitor, phone: &mut SecurityKey) -> String {
    let challenge = started(bench, visitor, "").await.expect_status(200).json();
    let signed = phone.sign(&bench.assay, &challenge);
    let reply = finished(bench, visitor, &signed, json!({})).await;
    location(&reply.expect_status(200))
}

fn location(reply: &Reply) -> String {
    let location = reply.json()["location"].as_str().map(str::to_owned);
    location.unwrap_or_else(|| panic!("no way on: {reply:?}"))
}

#[track_caller]
fn expect_problem(reply: Reply, status: u16, kind: &str) {
    let reply = reply.expect_status(status);
    let expected = format!("urn:assay:problem:{kind}");
    assert_eq!(reply.json()["type"], expected, "{reply:?}");
}

async fn where_two_factors_are_demanded_a_passkey_is_the_second(db: TestDb) {
    let (bench, mut phone) = with_passkey(db, "{ policy: required }").await;
    let mut visitor = bench.assay.visitor();
    let page = bench.enter_password(&mut visitor).await;
    assert!(asks_for_passkey(&page), "{page:#?}");
    assert!(page.forms().iter().all(|form| !form.has_field("code")));
    assert!(!bench.is_signed_in(&mut visitor).await);
    // Setting up something else instead would be a way around it.
    let setting_up = bench.password(&bench.open(&mut visitor, "/auth/login").await);
    let mut setting_up = setting_up.fill("return_to", "");
    setting_up.action = bench.assay.url(&format!("{PROMPT}/set-up"));
    let page = visitor.submit(&setting_up).await.page();
    assert!(asks_for_passkey(&page), "{page:#?}");
    assert!(!bench.is_signed_in(&mut visitor).await);

    let challenge = started(&bench, &mut visitor, "").await.expect_status(200);
    let ids = allowed(&challenge.json());
    assert_eq!(ids.len(), 1);
    assert_eq!(ids[0].0, phone.credential_id);
    assert_eq!(
        show(&bench, &mut visitor, &mut phone).await,
        "/auth/account"
    );
    assert!(bench.is_signed_in(&mut visitor).await);
    let signed_in = &bench.audit("session.sign_in").await[0];
    let amr = json!(["pwd", "pop", "user", "mfa"]);
    assert_eq!(signed_in["detail"]["amr"], amr);
}

async fn a_passkey_asks_for_nothing_where_nothing_is_demanded(db: TestDb) {
    let (bench, _) = with_passkey(db, "{ policy: offered }").await;
    let mut visitor = bench.assay.visitor();
    bench.enter_password(&mut visitor).await;
    assert!(bench.is_signed_in(&mut visitor).await);
}

async fn a_passkey_of_somebody_else_does_not_count(db: TestDb) {
    let bench = Bench::with_manifests(db, &manifests("{}")).await;
    let mut keys = Vec::new();
    let bob = bench.assay.user("bob");
    for user in [&bench.ada, &bob] {
        let mut visitor = bench.assay.visitor();
        let login = bench.assay.url("/auth/login");
        visitor.sign_in_here(&login, user).await;
        let mut key = SecurityKey::new();
        let added = key.register(&bench.assay, &mut visitor, "Key").await;
        added.expect_status(200);
        keys.push(key);
    }
    bench.change_settings("{ policy: required }");
    let mut visitor = bench.assay.visitor();
    bench.enter_password(&mut visitor).await;
    let challenge = started(&bench, &mut visitor, "").await.expect_status(200);
    let challenge = challenge.json();
    let own_handle = keys[0].user_handle.clone();
    for handle in [Value::Null, json!(own_handle)] {
        let mut signed = keys[1].sign_without_handle(&bench.assay, &challenge);
        signed["response"]["userHandle"] = handle;
        let reply = finished(&bench, &mut visitor, &signed, json!({})).await;
        // The second time the challenge is used up.
        assert!([400, 401].contains(&reply.status.as_u16()), "{reply:?}");
        assert!(!bench.is_signed_in(&mut visitor).await);
    }
    let failed = bench.audit("second_factor.failed").await;
    assert_eq!(failed.len(), 1, "{failed:?}");
    let detail = json!({ "method": "passkey", "reason": "another-account" });
    assert_eq!(failed[0]["detail"], detail);
    assert_eq!(
        failed[0]["subject"],
        format!("user:{}", bench.ada_id().await)
    );
    // Her own does.
    show(&bench, &mut visitor, &mut keys[0]).await;
    assert!(bench.is_signed_in(&mut visitor).await);
}

async fn a_challenge_is_good_for_one_sign_in_and_once(db: TestDb) {
    let (bench, mut phone) = with_passkey(db, "{ policy: required }").await;
    let assay = &bench.assay;
    let mut visitor = assay.visitor();
    // Nothing waits here.
    let reply = started(&bench, &mut visitor, "").await.expect_status(200);
    assert_eq!(location(&reply), "/auth/login");

    bench.enter_password(&mut visitor).await;
    let challenge = started(&bench, &mut visitor, "").await.expect_status(200);
    let old = phone.sign(assay, &challenge.json());
    // Another sign-in of hers at the same browser.
    bench.enter_password(&mut visitor).await;
    let reply = finished(&bench, &mut visitor, &old, json!({})).await;
    expect_problem(reply, 400, "challenge-unknown");
    // One for signing in is for that.
    let challenge = auth_start(assay, &mut visitor, None)
        .await
        .expect_status(200);
    let other = phone.sign(assay, &challenge.json());
    let reply = finished(&bench, &mut visitor, &other, json!({})).await;
    expect_problem(reply, 400, "challenge-unknown");
    assert!(!bench.is_signed_in(&mut visitor).await);

    let challenge = started(&bench, &mut visitor, "").await.expect_status(200);
    let signed = phone.sign(assay, &challenge.json());
    // Another site's page cannot send it.
    let foreign = reqwest::Client::new()
        .post(assay.url(FINISH))
        .header("origin", "https://evil.example")
        .json(&json!({ "credential": signed }));
    expect_problem(Reply::to(foreign).await, 403, "forbidden");
    let mut thief = assay.visitor();
    let token = visitor.cookies["assay_pending"].clone();
    thief.cookies.insert("assay_pending".to_owned(), token);
    let reply = finished(&bench, &mut thief, &signed, json!({})).await;
    expect_problem(reply, 400, "challenge-unknown");
    let reply = finished(&bench, &mut visitor, &signed, json!({})).await;
    reply.expect_status(200);
    assert!(bench.is_signed_in(&mut visitor).await);

    let mut second = assay.visitor();
    bench.enter_password(&mut second).await;
    let reply = finished(&bench, &mut second, &signed, json!({})).await;
    expect_problem(reply, 400, "challenge-unknown");
    assert!(!bench.is_signed_in(&mut second).await);
}

async fn a_client_that_demands_two_factors_is_shown_a_passkey(db: TestDb) {
    let (bench, mut phone) = with_passkey(db, "{}").await;
    let vault = bench.client("vault").await;
    let mut visitor = bench.assay.visitor();
    bench.enter_password(&mut visitor).await;
    let request = vault.authorization();
    let page = visitor.open(&request.url()).await.page();
    assert!(
        asks_for_passkey(&page) && !asks_for_code(&page),
        "{page:#?}"
    );
    let mut button = page.tags("button").into_iter();
    let place = button
        .find_map(|tag| tag.attribute("data-return-to").map(str::to_owned))
        .unwrap();
    let before = visitor.cookies["assay_session"].clone();
    let challenge = started(&bench, &mut visitor, &place)
        .await
        .expect_status(200);
    let signed = phone.sign(&bench.assay, &challenge.json());
    let more = json!({ "return_to": place });
    let reply = finished(&bench, &mut visitor, &signed, more)
        .await
        .expect_status(200);
    let callback = visitor
        .open(&bench.assay.url(&location(&reply)))
        .await
        .left();
    let code = vault.code_in(&callback, &request);
    let tokens = vault.redeem(&code, &request).await.tokens();
    let claims = vault.id_token_claims(&tokens.id_token.unwrap()).await;
    assert_eq!(claims["acr"], MULTI);
    assert_eq!(claims["amr"], json!(["pwd", "pop", "user", "mfa"]));
    assert_ne!(visitor.cookies["assay_session"], before);
}

async fn the_first_factor_does_not_do_away_with_the_passkey(db: TestDb) {
    // The client `vault` demands two factors.
    let (bench, mut phone) = with_passkey(db, "{}").await;
    let assay = &bench.assay;
    let mut thief = assay.visitor();
    bench.enter_password(&mut thief).await;
    assert!(bench.is_signed_in(&mut thief).await);
    for path in ["/auth/account/passkeys", MANAGE, SET_UP] {
        let page = bench.open(&mut thief, path).await;
        assert!(asks_for_passkey(&page), "{path}: {page:#?}");
    }
    let reply = register_start(assay, &mut thief).await;
    expect_problem(reply, 403, "second-factor-required");

    let mut owner = assay.visitor();
    phone.sign_in(assay, &mut owner).await.expect_status(200);
    let page = bench.open(&mut owner, "/auth/account/passkeys").await;
    let form = page
        .forms()
        .into_iter()
        .find(|form| form.action.path().ends_with("/remove"))
        .unwrap();
    // What the owner may send, the thief may not.
    let mut stolen = form.clone();
    let csrf = bench.open(&mut thief, "/auth/account").await;
    let csrf = csrf
        .form_with("csrf")
        .fields
        .into_iter()
        .find(|(name, _)| name == "csrf");
    stolen = stolen.fill("csrf", &csrf.unwrap().1);
    let page = thief.submit(&stolen).await.page();
    assert!(asks_for_passkey(&page), "{page:#?}");
    let page = owner.submit(&form).await.page();
    assert_eq!(page.url.path(), "/auth/account/passkeys");
    // With the passkey gone there is nothing left to ask for.
    let page = bench.open(&mut thief, SET_UP).await;
    assert_eq!(page.url.path(), SET_UP);
}

async fn it_stands_beside_an_authenticator_and_is_remembered(db: TestDb) {
    let (bench, mut phone) = with_passkey(db, "{ rememberFor: 30d }").await;
    let mut owner = bench.assay.visitor();
    phone
        .sign_in(&bench.assay, &mut owner)
        .await
        .expect_status(200);
    let page = bench.open(&mut owner, SET_UP).await;
    let mut authenticator = crate::harness::Authenticator::set_up_with(&page);
    let code = authenticator.code().await;
    owner
        .submit(&page.form_with("offer").fill("code", &code))
        .await
        .page();

    let mut visitor = bench.assay.visitor();
    let page = bench.enter_password(&mut visitor).await;
    assert!(asks_for_code(&page) && asks_for_passkey(&page), "{page:#?}");
    let challenge = started(&bench, &mut visitor, "").await.expect_status(200);
    let signed = phone.sign(&bench.assay, &challenge.json());
    let reply = finished(&bench, &mut visitor, &signed, json!({ "remember": true })).await;
    reply.expect_status(200);
    assert!(bench.is_signed_in(&mut visitor).await);
    visitor.cookies.remove("assay_session");
    bench.enter_password(&mut visitor).await;
    assert!(bench.is_signed_in(&mut visitor).await);

    // With the module off it is no longer offered, and the authenticator still is.
    bench
        .assay
        .apply(&manifests("{}").file("passkey.yaml", super::NO_PASSKEYS));
    let mut visitor = bench.assay.visitor();
    let page = bench.enter_password(&mut visitor).await;
    assert!(
        asks_for_code(&page) && !asks_for_passkey(&page),
        "{page:#?}"
    );
    let reply = started(&bench, &mut visitor, "").await.expect_status(200);
    assert_eq!(location(&reply), PROMPT);
}

async fn two_things_that_somebody_has_are_one_factor(db: TestDb) {
    let unchecked = "apiVersion: assay/v1
kind: Module
metadata: { name: passkey }
spec: { settings: { userVerification: discouraged } }
";
    let unchecked = |settings| manifests(settings).file("passkey.yaml", unchecked);
    let bench = Bench::with_manifests(db, &unchecked("{}")).await;
    let mut owner = bench.assay.visitor();
    bench.enter_password(&mut owner).await;
    let mut key = SecurityKey::new();
    key.skips_verification = true;
    let added = key.register(&bench.assay, &mut owner, "Key").await;
    added.expect_status(200);
    bench.assay.apply(&unchecked("{ policy: required }"));
    let mut visitor = bench.assay.visitor();
    let reply = key
        .sign_in(&bench.assay, &mut visitor)
        .await
        .expect_status(200);
    assert_eq!(location(&reply), PROMPT);
    // The same key once more proves nothing new: an authenticator is set up, as by whoever has none.
    let page = bench.open(&mut visitor, PROMPT).await;
    assert!(
        page.forms().iter().any(|form| form.has_field("offer")),
        "{page:#?}"
    );
    let reply = started(&bench, &mut visitor, "").await.expect_status(200);
    assert_eq!(location(&reply), PROMPT);
    assert!(!bench.is_signed_in(&mut visitor).await);
}

async fn a_recovery_code_stands_in_for_a_lost_passkey(db: TestDb) {
    let (bench, mut phone) = with_passkey(db, "{ policy: required }").await;
    let mut owner = bench.assay.visitor();
    phone
        .sign_in(&bench.assay, &mut owner)
        .await
        .expect_status(200);
    let page = bench.open(&mut owner, MANAGE).await;
    let page = owner
        .submit(&page.form_with_button("renew").press("renew", "codes"))
        .await
        .page();
    let codes = super::codes(&page);
    let mut visitor = bench.assay.visitor();
    let page = bench.enter_password(&mut visitor).await;
    assert!(asks_for_passkey(&page), "{page:#?}");
    let form = page
        .form_with("recovery_code")
        .fill("recovery_code", &codes[0]);
    visitor.submit(&form).await.page();
    assert!(bench.is_signed_in(&mut visitor).await);
}
